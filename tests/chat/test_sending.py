"""Accepting words: once, in order, and refused where they are written."""

from __future__ import annotations

import unicodedata
import uuid

import pytest
from django.db import connection, transaction

from chat.access import Closed, Paused
from chat.actions.conversations import close_conversation, open_talk, start_thread
from chat.actions.sending import Draft, send_message, send_messages
from chat.kernel import clock
from chat.kernel.errors import Conflict, Denied, DomainError, Invalid
from chat.models import ConversationEvent, Message, User, WorkerBeat
from chat.models.message import MAX_BODY
from chat.states import MachineReading, MessageState, Notice
from tests.cast import Cast
from tests.conftest import Hands


def test_the_same_send_again_is_the_same_message(cast: Cast) -> None:
    thread, client_id = cast.thread(), uuid.uuid4()
    first = send_message(by=cast.ben, conversation_id=thread.pk, client_id=client_id, body="hello")
    again = send_message(by=cast.ben, conversation_id=thread.pk, client_id=client_id, body="hello ")
    assert first == again
    assert Message.objects.filter(author=cast.ben).count() == 1


def test_other_words_under_the_same_id_are_refused_and_change_nothing(cast: Cast) -> None:
    thread, client_id = cast.thread(), uuid.uuid4()
    send_message(by=cast.ben, conversation_id=thread.pk, client_id=client_id, body="hello")
    with pytest.raises(Conflict) as refused:
        send_message(by=cast.ben, conversation_id=thread.pk, client_id=client_id, body="goodbye")
    assert (refused.value.code, refused.value.http_status) == ("client_id_reused", 409)
    assert Message.objects.get(author=cast.ben).body == "hello"


def test_the_same_id_in_another_conversation_is_refused(cast: Cast) -> None:
    one, other, client_id = cast.thread(), cast.thread(), uuid.uuid4()
    send_message(by=cast.ben, conversation_id=one.pk, client_id=client_id, body="hello")
    with pytest.raises(Conflict):
        send_message(by=cast.ben, conversation_id=other.pk, client_id=client_id, body="hello")


def test_two_people_may_come_up_with_the_same_id(cast: Cast) -> None:
    thread, client_id = cast.thread(), uuid.uuid4()
    for who in (cast.ada, cast.ben):
        send_message(by=who, conversation_id=thread.pk, client_id=client_id, body="hello")
    assert Message.objects.filter(client_id=client_id).count() == 2


def test_a_permanent_no_is_remembered_and_said_again(cast: Cast) -> None:
    thread, client_id = cast.thread(), uuid.uuid4()
    with pytest.raises(Paused):
        send_message(by=cast.sal, conversation_id=thread.pk, client_id=client_id, body="hello")
    cast.sal.suspended_until = None
    cast.sal.save()
    with pytest.raises(DomainError) as again:
        send_message(by=cast.sal, conversation_id=thread.pk, client_id=client_id, body="hello")
    assert again.value.code == "posting_paused"
    fresh = send_message(
        by=cast.sal, conversation_id=thread.pk, client_id=uuid.uuid4(), body="hello"
    )
    assert fresh.state == MessageState.PENDING


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "message_empty"),
        (" \n\t ", "message_empty"),
        ("a\x00b", "message_has_nul"),
        ("broken \ud800", "message_not_text"),
        ("x" * (MAX_BODY + 1), "message_too_long"),
        ("a" + "\u0301" * 31, "message_marks"),
        ("a" + "\u0301\u0316" * 9_500, "message_marks"),
        ("\u0f40" + "\u0f73" * 2_000, "message_marks"),
    ],
)
def test_words_we_cannot_keep_are_refused_by_name(cast: Cast, body: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        send_message(
            by=cast.ada, conversation_id=cast.thread().pk, client_id=uuid.uuid4(), body=body
        )
    assert refused.value.code == code


@pytest.mark.parametrize(
    "body",
    [
        unicodedata.normalize("NFD", "Tôi không ổn, mệt lắm rồi"),
        "\u05d1\u05bc\u05b0\u05bd\u05e8\u05b5\u05d0",
        "\u0e19\u0e49\u0e33\u0e15\u0e32",
        "to\u0337\u0321d\u0338\u0322ay",
    ],
)
def test_marks_that_writing_needs_are_kept(cast: Cast, body: str) -> None:
    message = cast.says(cast.ada, cast.thread(), body)
    assert Message.objects.get(pk=message.pk).body == unicodedata.normalize("NFC", body)


def test_other_words_under_the_same_id_are_refused_though_nothing_could_keep_them(
    cast: Cast,
) -> None:
    thread, client_id = cast.thread(), uuid.uuid4()
    send_message(by=cast.ben, conversation_id=thread.pk, client_id=client_id, body="hello")
    for body in ("a" + "\u0301" * 9_000, "broken \ud800", "x" * (MAX_BODY + 1)):
        with pytest.raises(Conflict):
            send_message(by=cast.ben, conversation_id=thread.pk, client_id=client_id, body=body)
    assert bodies_of(cast.ben) == ["hello"]


def bodies_of(author: User) -> list[str]:
    return [message.body for message in Message.objects.filter(author=author)]


def test_the_longest_message_is_kept_whole(cast: Cast) -> None:
    body = "é" * MAX_BODY
    message = cast.says(cast.ada, cast.thread(), body)
    assert Message.objects.get(pk=message.pk).body == body


def test_one_refusal_in_a_group_does_not_touch_the_others(cast: Cast) -> None:
    thread = cast.thread()
    drafts = [
        Draft(cast.ben, thread.pk, uuid.uuid4(), "first"),
        Draft(cast.eve, thread.pk, uuid.uuid4(), "from outside"),
        Draft(cast.ada, thread.pk, uuid.uuid4(), ""),
        Draft(cast.ada, thread.pk, uuid.uuid4(), "second"),
    ]
    outcomes = send_messages(drafts)
    assert [type(outcome) for outcome in outcomes] == [Message, Denied, Invalid, Message]
    assert not Message.objects.filter(author=cast.eve).exists()


def test_the_same_send_twice_in_one_group_is_one_message(cast: Cast) -> None:
    thread, client_id = cast.thread(), uuid.uuid4()
    drafts = [Draft(cast.ben, thread.pk, client_id, "hello")] * 3
    assert len({outcome.pk for outcome in send_messages(drafts)}) == 1  # type: ignore[union-attr]


def test_an_author_shut_out_since_they_signed_in_is_refused(cast: Cast) -> None:
    thread = cast.thread()
    as_the_socket_knows_him = User.objects.get(pk=cast.ben.pk)
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    with pytest.raises(Denied):
        send_message(
            by=as_the_socket_knows_him,
            conversation_id=thread.pk,
            client_id=uuid.uuid4(),
            body="still here",
        )


def test_a_thread_message_waits_to_be_read_and_is_work_in_the_same_row(cast: Cast) -> None:
    message = cast.says(cast.ada, cast.thread(), "hello", read=False)
    assert message.state == MessageState.PENDING
    assert message.due_at is not None
    assert message.machine_reading == MachineReading.WAITING


def test_a_private_message_never_waits(cast: Cast) -> None:
    message = cast.says(cast.ada, open_talk(person=cast.ada, by=cast.ada), "hello")
    assert message.state == MessageState.PUBLISHED
    assert message.due_at is not None, "it is read afterwards all the same"


def test_with_the_reader_asleep_the_spaces_wait_and_talks_go_through_marked(
    cast: Cast, hands: Hands
) -> None:
    WorkerBeat.objects.all().delete()
    in_space = cast.says(cast.ada, cast.thread(), "hello", read=False)
    in_talk = cast.says(cast.ada, open_talk(person=cast.ada, by=cast.ada), "hello")
    assert (in_space.state, in_space.notice) == (MessageState.PENDING, Notice.UNREAD)
    assert in_space.due_at is not None, "whoever wakes up reads it"
    assert (in_talk.state, in_talk.machine_reading) == (
        MessageState.PUBLISHED,
        MachineReading.NOT_READ,
    )


def test_a_reader_counts_as_asleep_after_fifteen_seconds(cast: Cast, hands: Hands) -> None:
    WorkerBeat.objects.report("screening", now=clock.now())
    thread = cast.thread()
    hands.forward(seconds=14)
    assert cast.says(cast.ada, thread, "a", read=False).machine_reading == MachineReading.WAITING
    hands.forward(seconds=2)
    assert cast.says(cast.ada, thread, "b", read=False).machine_reading == MachineReading.NOT_READ


def test_a_closed_conversation_takes_no_more(cast: Cast) -> None:
    thread = cast.thread()
    close_conversation(conversation=thread, by=cast.mo)
    with pytest.raises(Closed):
        cast.says(cast.ada, thread, "one more")


def test_a_thread_begun_twice_by_one_tap_is_one_thread(cast: Cast) -> None:
    client_id = uuid.uuid4()
    first = start_thread(by=cast.ada, space=cast.space, client_id=client_id, body="hello")
    again = start_thread(by=cast.ada, space=cast.space, client_id=client_id, body="hello")
    assert first == again


def test_a_thread_that_may_not_be_begun_leaves_nothing_behind(cast: Cast) -> None:
    for who in (cast.eve, cast.sal):
        with pytest.raises(DomainError):
            start_thread(by=who, space=cast.space, client_id=uuid.uuid4(), body="hello")
    assert cast.space.threads.count() == 0


def test_events_are_numbered_without_gaps_as_people_write(cast: Cast) -> None:
    thread = cast.thread()
    for turn in range(10):
        cast.says(cast.ben if turn % 2 else cast.ada, thread, f"line {turn}")
    thread.refresh_from_db()
    seqs = list(thread.events.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, thread.last_seq + 1))


def test_each_event_of_a_group_names_its_own_message(cast: Cast) -> None:
    thread, talk = cast.thread(), open_talk(person=cast.ben, by=cast.ben)
    rooms = [thread, talk, thread]
    drafts = [Draft(cast.ben, r.pk, uuid.uuid4(), f"line {n}") for n, r in enumerate(rooms)]
    sent = [one for one in send_messages(drafts) if isinstance(one, Message)]
    named = ConversationEvent.objects.filter(message__in=sent)
    assert {(event.conversation_id, event.message_id) for event in named} == {
        (message.conversation_id, message.pk) for message in sent
    }
    assert len(sent) == 3


@pytest.mark.django_db(transaction=True)
def test_words_are_sealed_in_the_database(live_cast: Cast) -> None:
    words = "a lighthouse nobody else wrote about"
    message = live_cast.says(live_cast.ada, live_cast.thread(), words)
    with connection.cursor() as cursor:
        cursor.execute("SELECT body_sealed FROM chat_message WHERE id = %s", [message.pk])
        raw = bytes(cursor.fetchone()[0])
    assert b"lighthouse" not in raw
    assert Message.objects.get(pk=message.pk).body == words


@pytest.mark.django_db(transaction=True)
def test_a_write_that_fails_half_way_leaves_neither_message_nor_number(live_cast: Cast) -> None:
    thread = live_cast.thread()
    before = type(thread).objects.get(pk=thread.pk).last_seq
    with transaction.atomic():
        live_cast.says(live_cast.ben, thread, "never said")
        transaction.set_rollback(True)
    thread.refresh_from_db()
    assert thread.last_seq == before
    assert not Message.objects.filter(author=live_cast.ben).exists()
