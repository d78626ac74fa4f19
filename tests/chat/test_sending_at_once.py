"""Many at the same moment, in real threads with connections of their own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connections

from chat.actions.conversations import open_talk, start_thread
from chat.actions.help import request_help
from chat.actions.people import start_young_person
from chat.actions.sending import Draft, send_message, send_messages
from chat.kernel.errors import DomainError
from chat.models import AuditRow, Conversation, HelpRequest, Message, User
from chat.states import ConversationKind
from tests.cast import Cast
from tests.conftest import ON_POSTGRESQL

T = TypeVar("T")
R = TypeVar("R")

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(function: Callable[[T], R], inputs: Iterable[T], *, threads: int) -> list[R]:
    """Call for every input, ``threads`` at a time, begun together."""
    start = threading.Barrier(threads)
    waiting = threading.local()

    def call(one: T) -> R:
        try:
            if not getattr(waiting, "started", False):
                waiting.started = True
                start.wait(30)
            return function(one)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=threads) as pool:
        return list(pool.map(call, inputs))


def test_a_hundred_copies_of_one_send_are_one_row_and_a_hundred_same_answers(
    live_cast: Cast,
) -> None:
    thread, client_id = live_cast.thread(), uuid.uuid4()

    def send(_: int) -> int:
        return send_message(
            by=live_cast.ben, conversation_id=thread.pk, client_id=client_id, body="once"
        ).pk

    answers = at_once(send, range(100), threads=20)
    assert len(answers) == 100
    assert len(set(answers)) == 1
    assert Message.objects.filter(client_id=client_id).count() == 1


def test_a_thread_begun_twice_at_once_is_one_thread_for_both(live_cast: Cast) -> None:
    before, client_id = Conversation.objects.count(), uuid.uuid4()

    def begin(_: int) -> int:
        return start_thread(
            by=live_cast.ben, space=live_cast.space, client_id=client_id, body="once"
        ).pk

    assert len(set(at_once(begin, range(8), threads=8))) == 1
    assert Conversation.objects.count() == before + 1


def test_of_two_texts_racing_under_one_id_one_stands_and_the_other_is_refused(
    live_cast: Cast,
) -> None:
    thread, client_id = live_cast.thread(), uuid.uuid4()

    def send(turn: int) -> str:
        try:
            return send_message(
                by=live_cast.ben,
                conversation_id=thread.pk,
                client_id=client_id,
                body=f"text {turn % 2}",
            ).body
        except DomainError as error:
            return error.code

    answers = at_once(send, range(20), threads=10)
    stored = Message.objects.get(client_id=client_id).body
    assert set(answers) == {stored, "client_id_reused"}
    assert answers.count(stored) == 10


def test_fifty_writers_leave_no_hole_and_no_double_in_the_numbers(live_cast: Cast) -> None:
    writers, each = (50, 200) if ON_POSTGRESQL else (10, 40)
    group = 20
    thread = live_cast.thread()
    people = [
        User.objects.create_young_person(nickname=f"Writer {n}", age_band="14-15")
        for n in range(writers)
    ]

    def write(who: User) -> int:
        for _ in range(each // group):
            drafts = [Draft(who, thread.pk, uuid.uuid4(), "a line") for _ in range(group)]
            assert not [out for out in send_messages(drafts) if isinstance(out, DomainError)]
        return each

    assert sum(at_once(write, people, threads=writers)) == writers * each
    thread.refresh_from_db()
    seqs = list(thread.events.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, thread.last_seq + 1))
    assert Message.objects.filter(conversation=thread).count() == writers * each + 1


def test_two_batches_that_share_conversations_do_not_wait_for_each_other_for_ever(
    live_cast: Cast,
) -> None:
    threads = [live_cast.thread() for _ in range(4)]

    def write(turn: int) -> int:
        order = threads if turn % 2 else threads[::-1]
        drafts = [Draft(live_cast.ben, t.pk, uuid.uuid4(), "across") for t in order]
        return sum(isinstance(out, Message) for out in send_messages(drafts))

    assert sum(at_once(write, range(40), threads=8)) == 160


def test_ten_taps_on_help_are_one_request_and_one_talk(live_cast: Cast) -> None:
    ids = [uuid.uuid4() for _ in range(10)]

    def ask(client_id: uuid.UUID) -> int:
        return request_help(by=live_cast.ada, client_id=client_id).pk

    assert len(set(at_once(ask, ids, threads=10))) == 1
    assert HelpRequest.objects.filter(person=live_cast.ada).count() == 1
    mine = Conversation.objects.filter(kind=ConversationKind.ONE_TO_ONE, members=live_cast.ada)
    assert mine.count() == 1


def test_the_audit_chain_never_forks(live_cast: Cast) -> None:
    def come_in(turn: int) -> int:
        return start_young_person(nickname=f"Newcomer {turn}", age_band="16-17")[0].pk

    assert len(set(at_once(come_in, range(24), threads=8))) == 24
    assert AuditRow.objects.first_break() is None


def test_one_person_has_one_open_talk_however_many_open_it(live_cast: Cast) -> None:
    def open_it(_: int) -> int:
        return open_talk(person=live_cast.ada, by=live_cast.ada).pk

    assert len(set(at_once(open_it, range(12), threads=6))) == 1
