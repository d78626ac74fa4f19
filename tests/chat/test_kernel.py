"""The floor under everything: words at rest, leases, moves between states, the audit chain."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections, transaction

from chat.kernel import clock
from chat.kernel.crypto import Unreadable, seal, unseal
from chat.kernel.db import POOL_SIZE, run_db
from chat.kernel.errors import Stale
from chat.kernel.lease import finish, lease
from chat.kernel.transitions import change_state
from chat.models import AuditRow, Message
from chat.states import MESSAGE_MOVES, MessageState
from tests.cast import Cast
from tests.conftest import Hands


def new_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def test_sealed_words_open_in_their_own_place_only() -> None:
    sealed = seal("for you", place="Message.body:1")
    assert unseal(sealed, place="Message.body:1") == "for you"
    with pytest.raises(Unreadable):
        unseal(sealed, place="Message.body:2")


def test_the_same_words_never_look_the_same_sealed() -> None:
    assert seal("again", place="x") != seal("again", place="x")


def test_one_changed_bit_is_noticed() -> None:
    sealed = bytearray(seal("for you", place="x"))
    sealed[-1] ^= 1
    with pytest.raises(Unreadable):
        unseal(bytes(sealed), place="x")


def test_a_new_key_seals_and_the_old_one_still_opens(settings: Any) -> None:
    old, new = new_key(), new_key()
    settings.DATA_KEYS = {"k1": old}
    before = seal("from before", place="x")
    settings.DATA_KEYS = {"k2": new, "k1": old}
    after = seal("from after", place="x")
    assert unseal(before, place="x") == "from before"
    assert after.startswith(b"k2:")
    settings.DATA_KEYS = {"k2": new}
    with pytest.raises(Unreadable):
        unseal(before, place="x")


def test_a_message_moved_to_another_row_does_not_open(cast: Cast) -> None:
    thread = cast.thread()
    one, other = cast.says(cast.ada, thread, "mine"), cast.says(cast.ben, thread, "yours")
    Message.objects.filter(pk=other.pk).update(body_sealed=one.body_sealed)
    with pytest.raises(Unreadable):
        _ = Message.objects.get(pk=other.pk).body


def waiting(cast: Cast, count: int) -> list[Message]:
    thread = cast.thread()
    Message.objects.update(due_at=None)
    return [cast.says(cast.ada, thread, f"work {n}", read=False) for n in range(count)]


def test_leased_work_is_nobody_elses_until_the_lease_runs_out(cast: Cast, hands: Hands) -> None:
    rows = waiting(cast, 3)
    mine = lease(Message.objects.all(), seconds=30, limit=2)
    assert [row.pk for row in mine] == [rows[0].pk, rows[1].pk]
    assert [row.pk for row in lease(Message.objects.all(), seconds=30, limit=9)] == [rows[2].pk]
    hands.forward(seconds=31)
    assert len(lease(Message.objects.all(), seconds=30, limit=9)) == 3


def test_whoever_was_too_slow_changes_nothing(cast: Cast, hands: Hands) -> None:
    waiting(cast, 1)
    [slow] = lease(Message.objects.all(), seconds=30, limit=1)
    hands.forward(seconds=31)
    [quick] = lease(Message.objects.all(), seconds=30, limit=1)
    assert finish(slow) is False
    assert Message.objects.get(pk=slow.pk).due_at is not None
    assert finish(quick) is True
    assert Message.objects.get(pk=quick.pk).due_at is None
    assert quick.attempts == 2


@pytest.mark.parametrize("back", [{"seconds": 1}, {"minutes": 5}, {"hours": 3}, {"days": 1}])
def test_work_from_before_a_clock_was_set_back_is_due_at_once(
    back: dict[str, float], cast: Cast, hands: Hands
) -> None:
    [row] = waiting(cast, 1)
    hands.back(**back)
    assert [taken.pk for taken in lease(Message.objects.all(), seconds=30, limit=1)] == [row.pk]


def test_a_dead_workers_lease_is_not_held_for_the_hours_that_a_clock_was_set_back(
    cast: Cast, hands: Hands
) -> None:
    [row] = waiting(cast, 1)
    lease(Message.objects.all(), seconds=30, limit=1)
    hands.back(hours=3)
    assert [taken.pk for taken in lease(Message.objects.all(), seconds=30, limit=1)] == [row.pk]
    assert lease(Message.objects.all(), seconds=30, limit=1) == [], "and the new one is held again"


@pytest.mark.parametrize("seconds", range(0, 90, 10))
def test_wherever_a_clock_is_set_back_to_a_lease_is_over_after_twice_its_length(
    seconds: int, cast: Cast, hands: Hands
) -> None:
    waiting(cast, 1)
    lease(Message.objects.all(), seconds=30, limit=1)
    hands.back(seconds=seconds)
    taken = lease(Message.objects.all(), seconds=30, limit=1)
    hands.forward(seconds=61)
    taken += lease(Message.objects.all(), seconds=30, limit=1)
    assert taken


def test_a_worker_whose_clock_is_a_little_behind_takes_nothing_from_a_living_one(
    cast: Cast, hands: Hands
) -> None:
    waiting(cast, 1)
    lease(Message.objects.all(), seconds=30, limit=1)
    hands.back(seconds=10)
    assert lease(Message.objects.all(), seconds=30, limit=1) == []


def test_a_clock_set_forward_while_somebody_works_gives_the_work_to_one_of_two(
    cast: Cast, hands: Hands
) -> None:
    waiting(cast, 1)
    [slow] = lease(Message.objects.all(), seconds=30, limit=1)
    hands.forward(hours=5)
    [quick] = lease(Message.objects.all(), seconds=30, limit=1)
    assert (finish(slow), finish(quick)) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_get_disjoint_work(live_cast: Cast) -> None:
    wanted = {row.pk for row in waiting(live_cast, 60)}
    together = threading.Barrier(6)

    def work(_: int) -> list[int]:
        together.wait(10)
        try:
            taken: list[int] = []
            while batch := lease(Message.objects.all(), seconds=60, limit=4):
                taken += [row.pk for row in batch]
            return taken
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        taken = [pk for share in pool.map(work, range(6)) for pk in share]
    assert len(taken) == len(set(taken))
    assert set(taken) == wanted


def test_a_move_that_somebody_else_made_first_is_stale(cast: Cast) -> None:
    message = cast.says(cast.ada, cast.thread(), "hello", read=False)
    move: dict[str, Any] = {
        "field": "state",
        "old": [MessageState.PENDING],
        "new": MessageState.PUBLISHED,
        "table": MESSAGE_MOVES,
    }
    change_state(Message.objects.filter(pk=message.pk), **move)
    with pytest.raises(Stale):
        change_state(Message.objects.filter(pk=message.pk), **move)


def test_a_move_that_does_not_exist_is_a_bug_of_ours(cast: Cast) -> None:
    message = cast.says(cast.ada, cast.thread(), "hello", read=False)
    with pytest.raises(ValueError, match="no transition"):
        change_state(
            Message.objects.filter(pk=message.pk),
            field="state",
            old=[MessageState.REMOVED],
            new=MessageState.HELD,
            table=MESSAGE_MOVES,
        )


def test_the_audit_chain_shows_what_was_changed_or_taken_out(cast: Cast) -> None:
    rows = [
        AuditRow.objects.record(verb="tested", by=cast.mo, subject=f"row:{n}") for n in range(5)
    ]
    assert AuditRow.objects.first_break() is None
    AuditRow.objects.filter(pk=rows[2].pk).update(verb="never happened")
    assert AuditRow.objects.first_break() == rows[2].pk
    AuditRow.objects.filter(pk=rows[2].pk).delete()
    assert AuditRow.objects.first_break() == rows[3].pk


def test_an_audit_line_goes_with_the_write_it_is_about(cast: Cast) -> None:
    before = AuditRow.objects.count()
    with transaction.atomic():
        AuditRow.objects.record(verb="tested", by=None, subject=f"row:{uuid.uuid4()}")
        transaction.set_rollback(True)
    assert AuditRow.objects.count() == before


def test_time_comes_in_by_one_door(hands: Hands) -> None:
    at = clock.now()
    assert clock.now() == at
    assert hands.forward(minutes=5) == at + dt.timedelta(minutes=5) == clock.now()


@pytest.mark.real
@pytest.mark.django_db(transaction=True)
async def test_a_connection_that_was_cut_fails_once_and_is_replaced() -> None:
    """One that answered a moment ago is not asked first whether it is alive."""

    def who() -> int:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    def cut() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM UNNEST(%s) pid", [list(before)])

    before = {await run_db(who) for _ in range(POOL_SIZE)}
    await sync_to_async(cut)()
    outcomes = await asyncio.gather(
        *(run_db(who) for _ in range(3 * POOL_SIZE)), return_exceptions=True
    )
    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(error, OperationalError) for error in failed)
    assert len(failed) <= len(before), "each of the old ones fails once at most"
    assert not {outcome for outcome in outcomes if isinstance(outcome, int)} & before
