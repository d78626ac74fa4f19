"""Many rows at once: the short way saves and finds exactly what the ORM's own way does."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from chat.kernel import clock
from chat.kernel.rows import (
    any_among,
    change_rows,
    insert_rows,
    new_row,
    read_models,
    read_models_with,
    read_rows,
    save_column,
)
from chat.models import Conversation, ConversationEvent, Message, SendRefusal, User
from chat.states import ConversationKind, MessageState, Notice
from moderation.models import Assessment
from tests.cast import Cast


def written(author: User, where: Conversation, words: str, **fields: object) -> Message:
    message = Message(
        conversation=where,
        author=author,
        client_id=uuid.uuid4(),
        created_at=clock.now(),
        **fields,
    )
    message.body = words
    return message


def columns(message: Message) -> dict[str, object]:
    fields = Message._meta.concrete_fields
    return {field.attname: getattr(message, field.attname) for field in fields}


def saved_alike(one: Message, other: Message) -> bool:
    """All columns but those that differ for any two messages."""
    unlike = {"id", "client_id", "body_sealed", "created_at"}
    theirs = columns(other)
    return all(value == theirs[name] for name, value in columns(one).items() if name not in unlike)


def test_rows_are_saved_as_the_orm_would_save_them(cast: Cast) -> None:
    thread, soon = cast.thread(), clock.now() + dt.timedelta(minutes=1)
    various = [
        {"due_at": soon, "lease_token": uuid.uuid4(), "attempts": 3},
        {"state": MessageState.HELD, "notice": Notice.UNREAD, "revision": 2},
        {"position": 2**40, "published_at": soon, "due_at": None},
    ]
    words = ["'; DROP TABLE chat_message; --", 'ünï\\c"ode {😀}, NULL', "%s and {} and \n"]
    pairs = list(zip(words, various, strict=True))
    ours = [written(cast.ben, thread, text, **fields) for text, fields in pairs]
    theirs = [written(cast.ben, thread, text, **fields) for text, fields in pairs]
    insert_rows(ours)
    Message.objects.bulk_create(theirs)
    for one, other, text in zip(ours, theirs, words, strict=True):
        read = Message.objects.get(pk=one.pk)
        assert columns(read) == columns(one)
        assert read.body == text
        assert saved_alike(read, Message.objects.get(pk=other.pk))


def test_a_new_row_is_what_the_model_would_make(cast: Cast) -> None:
    thread, client_id, now = cast.thread(), uuid.uuid4(), clock.now()
    given = {
        "conversation_id": thread.pk,
        "author_id": cast.ben.pk,
        "client_id": client_id,
        "created_at": now,
    }
    one, other = new_row(Message, **given), Message(**given)

    assert columns(one) == columns(other)
    assert one._state.adding
    assert new_row(Assessment).reasons is not new_row(Assessment).reasons
    with pytest.raises(KeyError):
        new_row(Message, conversation=thread)


def test_keys_are_found_as_numbers_and_as_text(cast: Cast) -> None:
    thread = cast.thread()
    message = written(cast.ben, thread, "hello")
    with transaction.atomic():
        insert_rows([message])
    key, client_id = message.pk, message.client_id

    assert read_rows(Message, ("id",), id=[key, 0]) == [(key,)]
    assert read_rows(Message, ("id",), id=[str(key)]) == [(key,)]
    assert read_rows(Message, ("id",), client_id=[client_id, uuid.uuid4()]) == [(key,)]
    assert read_rows(Message, ("id",), client_id=[str(client_id)]) == [(key,)]
    assert read_rows(Message, ("id",), id=[]) == []


@pytest.mark.parametrize("many", [0, 1, 2, 700])
def test_each_row_gets_its_own_key_in_order(cast: Cast, many: int) -> None:
    thread = cast.thread()
    rows = [written(cast.ben, thread, f"line {number}") for number in range(many)]
    assert list(insert_rows(rows)) == rows
    kept = {m.pk: m.client_id for m in Message.objects.filter(author=cast.ben)}
    assert [kept[row.pk] for row in rows] == [row.client_id for row in rows]
    assert sorted(row.pk for row in rows) == [row.pk for row in rows]
    assert not any(row._state.adding for row in rows)


def test_rows_that_are_alike_in_every_column_are_still_as_many(cast: Cast) -> None:
    now = clock.now()
    fields = {"kind": ConversationKind.ONE_TO_ONE, "created_by": cast.ben, "created_at": now}
    rooms = [Conversation(**fields) for _ in range(3)]
    insert_rows(rooms)
    assert Conversation.objects.filter(pk__among=[room.pk for room in rooms]).count() == 3


def test_after_a_group_the_orm_goes_on_with_keys_of_its_own(cast: Cast) -> None:
    thread = cast.thread()
    group = insert_rows([written(cast.ben, thread, "one"), written(cast.ben, thread, "two")])
    after = written(cast.ben, thread, "three")
    after.save()
    assert after.pk > max(row.pk for row in group)


def test_a_send_that_is_there_already_is_refused_with_its_whole_group(cast: Cast) -> None:
    thread = cast.thread()
    first = written(cast.ben, thread, "one")
    first.save()
    twice = written(cast.ben, thread, "two")
    twice.client_id = first.client_id
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([written(cast.ben, thread, "three"), twice])
    assert Message.objects.filter(author=cast.ben).count() == 1


def test_among_is_what_in_is(cast: Cast) -> None:
    thread = cast.thread()
    rows = list(insert_rows([written(cast.ben, thread, f"line {n}") for n in range(9)]))
    sought = rows[::2]
    strange = uuid.uuid4()
    by_key = Message.objects.filter(pk__among=[m.pk for m in sought])
    by_id = Message.objects.filter(client_id__among={strange, *(m.client_id for m in sought)})
    by_author = Message.objects.filter(author__among=[cast.ben.pk, 0], pk__among=[rows[0].pk])
    assert {m.pk for m in by_key} == {m.pk for m in by_id} == {m.pk for m in sought}
    assert [m.pk for m in by_author] == [rows[0].pk]
    assert not Message.objects.filter(pk__among=[]).exists()
    assert not Message.objects.filter(client_id__among=[]).exists()
    assert Message.objects.exclude(pk__among=[m.pk for m in sought]).count() >= 4


def test_words_that_were_changed_since_are_not_taken_from_memory(cast: Cast) -> None:
    thread = cast.thread()
    message = cast.says(cast.ben, thread, "before")
    assert message.body == "before"
    other = Message.objects.get(pk=message.pk)
    other.body = "after"
    other.save()
    message.refresh_from_db()
    assert message.body == "after"


def test_a_row_may_point_to_one_that_was_saved_after_it_was_made(cast: Cast) -> None:
    thread = cast.thread()
    messages = [written(cast.ben, thread, "one"), written(cast.ben, thread, "two")]
    events = [
        ConversationEvent(conversation=thread, seq=900 + n, kind="x", message=m, at=clock.now())
        for n, m in enumerate(messages)
    ]
    insert_rows(messages)
    insert_rows(events)
    kept = ConversationEvent.objects.filter(pk__among=[event.pk for event in events])
    assert [event.message_id for event in kept.order_by("seq")] == [m.pk for m in messages]


def test_one_column_is_saved_and_nothing_else(cast: Cast) -> None:
    thread = cast.thread()
    rows = list(insert_rows([written(cast.ben, thread, f"line {n}") for n in range(4)]))
    for number, row in enumerate(rows[:3]):
        row.position, row.notice = 700 + number, "held"
    save_column(rows[:3], "position")
    kept = Message.objects.filter(pk__among=[row.pk for row in rows]).order_by("pk")
    assert [row.position for row in kept] == [700, 701, 702, None]
    assert {row.notice for row in kept} == {"none"}
    save_column([], "position")


def test_only_rows_that_are_still_as_they_were_are_changed_and_said(cast: Cast) -> None:
    thread, now = cast.thread(), clock.now()
    waiting, decided, edited, other = insert_rows(
        [written(cast.ben, thread, f"line {n}") for n in range(4)]
    )
    Message.objects.filter(pk=decided.pk).update(state=MessageState.HELD)
    Message.objects.filter(pk=edited.pk).update(revision=2)

    changed = change_rows(
        Message,
        [waiting.pk, decided.pk, edited.pk, 2**40],
        still={"state": MessageState.PENDING, "revision": 1},
        changes={"state": MessageState.PUBLISHED, "published_at": now, "notice": Notice.NONE},
    )

    assert changed == {waiting.pk}
    kept = {row.pk: row for row in Message.objects.filter(conversation=thread)}
    assert (kept[waiting.pk].state, kept[waiting.pk].published_at) == ("published", now)
    assert [kept[row.pk].state for row in (decided, edited, other)] == ["held", *["pending"] * 2]


def test_what_is_read_without_the_orm_is_what_it_would_read(cast: Cast) -> None:
    thread = cast.thread()
    soon = clock.now() + dt.timedelta(minutes=1)
    cast.says(cast.ben, thread, "one")
    Message.objects.filter(author=cast.ben).update(lease_until=soon, lease_token=uuid.uuid4())
    keys = set(Message.objects.values_list("pk", flat=True))

    kept = {row.pk: row for row in read_models(Message, id=keys)}

    for message in Message.objects.all():
        assert columns(kept.pop(message.pk)) == columns(message)
    assert not kept
    assert read_models(User, id=[cast.sal.pk])[0].suspended_until == cast.sal.suspended_until
    facts = read_rows(
        Message, ("author", "lease_until"), author=[cast.ben.pk], conversation=[thread.pk]
    )
    assert facts == [(cast.ben.pk, soon)]
    waiting = read_rows(Message, ("author",), id=keys, lease_until=None)
    assert waiting == [(cast.ada.pk,)]
    assert read_models(Message, id=[]) == []


def test_one_question_says_whether_any_of_several_tables_has_it(cast: Cast) -> None:
    message = cast.says(cast.ben, cast.thread(), "one")
    refusal = SendRefusal.objects.create(
        author=cast.ada, client_id=uuid.uuid4(), code="x", at=clock.now()
    )
    both = (SendRefusal, Message)
    for known in (message.client_id, refusal.client_id):
        assert any_among(both, "client_id", [uuid.uuid4(), known])
    assert not any_among(both, "client_id", [uuid.uuid4()])


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_saved(live_cast: Cast) -> None:
    thread = live_cast.thread()
    rows = [written(live_cast.ben, thread, "one"), written(live_cast.ben, thread, "two")]
    with pytest.raises(RuntimeError, match="transaction"):
        insert_rows(rows)
    assert not Message.objects.filter(author=live_cast.ben).exists()


def test_models_come_with_what_their_keys_point_to(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    thread, talk = cast.thread(), cast.asks_for_help(cast.ada).conversation
    wanted = {row.pk: row for row in Conversation.objects.select_related("space")}
    opening = Message.objects.get(pk=thread.opening_message_id)
    with django_assert_num_queries(1):
        parts = {"space": (), "opening_message": ("id", "state")}
        rows = {row.pk: row for row in read_models_with(Conversation, parts, id=wanted)}
        assert rows.keys() == wanted.keys() >= {thread.pk, talk.pk}
        assert rows[thread.pk].space == wanted[thread.pk].space
        found = rows[thread.pk].opening_message
        assert found is not None
        assert (found.pk, found.state) == (opening.pk, opening.state)
        assert (rows[talk.pk].space, rows[talk.pk].opening_message) == (None, None)
    assert found.body == opening.body, "what was not read with it is read when asked for"
