"""Workers and people who need the same rows wait for each other, and never for ever."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from chat.actions.conversations import open_talk, start_thread
from chat.actions.sending import Draft, send_messages
from chat.models import Conversation, Message
from chat.states import MessageState
from moderation.lookback import note_authors
from moderation.models import LookBack
from moderation.screening import screening_step
from moderation.unread import unread_step
from tests.conftest import Hands
from tests.moderation.room import CALM, Room, make_room

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("phrase_reader")]

PATIENCE_SECONDS = 20


def talk_and_thread(room: Room) -> tuple[Conversation, Conversation]:
    """Words that wait to be read in a private talk, and in a thread that began after it."""
    talk = room.says_privately(room.ada, CALM).conversation
    thread = start_thread(by=room.ben, space=room.space, client_id=uuid.uuid4(), body="hi all")
    return talk, thread


@contextmanager
def waits_for(held: Conversation, step: Callable[[], int]) -> Iterator[Future[int]]:
    """Somebody else does ``step`` and comes to wait for a conversation that we hold."""

    def work() -> int:
        try:
            return step()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool, transaction.atomic():
        Conversation.objects.select_for_update(no_key=True).get(pk=held.pk)
        theirs = pool.submit(work)
        until = time.monotonic() + PATIENCE_SECONDS
        while not _somebody_waits() and time.monotonic() < until:
            continue
        assert _somebody_waits()
        yield theirs


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.real
@pytest.mark.parametrize("step", [screening_step, unread_step])
def test_who_waits_for_one_conversation_holds_none_that_comes_after_it(
    hands: Hands, step: Callable[[], int]
) -> None:
    talk, thread = talk_and_thread(make_room())
    hands.forward(seconds=21)
    with waits_for(talk, step) as theirs:
        # As a group of sends does, which holds the talk and goes on to the thread.
        Conversation.objects.select_for_update(no_key=True, nowait=True).get(pk=thread.pk)
    assert theirs.result(PATIENCE_SECONDS) == 2


@pytest.mark.real
def test_who_waits_for_a_conversation_does_not_hold_the_author_who_is_looked_back_at() -> None:
    room = make_room()
    message = room.says(room.ada, CALM)
    note_authors([message])
    with waits_for(room.thread, screening_step) as theirs:
        # As looking back does, which keeps a message of hers and then says that it is done.
        LookBack.objects.select_for_update(nowait=True).get(person=room.ada)
    assert theirs.result(PATIENCE_SECONDS) == 1


def test_sends_across_conversations_and_the_turns_that_read_them_all_come_through() -> None:
    room = make_room()
    places = [open_talk(person=room.ada, by=room.ada), *(room.cast.thread() for _ in range(3))]
    start = threading.Barrier(4)

    def write() -> int:
        try:
            start.wait(PATIENCE_SECONDS)
            sent = 0
            for _ in range(8):
                drafts = [Draft(room.ada, place.pk, uuid.uuid4(), CALM) for place in places]
                sent += sum(isinstance(out, Message) for out in send_messages(drafts))
            return sent
        finally:
            connections.close_all()

    def read() -> int:
        try:
            start.wait(PATIENCE_SECONDS)
            return sum(screening_step() for _ in range(8))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=4) as pool:
        writers = [pool.submit(write) for _ in range(2)]
        readers = [pool.submit(read) for _ in range(2)]
        assert sum(one.result() for one in writers) == 64
        for one in readers:
            one.result()
    while screening_step():
        continue
    assert set(Message.objects.values_list("due_at", "state")) == {(None, MessageState.PUBLISHED)}
