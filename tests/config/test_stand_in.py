"""With a worker dead nobody is left to guess: the web does what needs no reader."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chat.kernel import clock
from chat.models import Message, WorkerBeat
from chat.models.beat import SCREENING
from chat.states import MachineReading, Notice
from config.stand_in import STEPS, stand_in
from config.workers import WORKERS, Worker
from tests.cast import Cast
from tests.conftest import Hands
from tests.servers import Site, wait_until
from triage.models import Case


@pytest.fixture
def waiting(cast: Cast, hands: Hands) -> int:
    """A post accepted while a worker lived, half a minute after the last one died."""
    thread = cast.thread()
    WorkerBeat.objects.report(SCREENING, now=clock.now())
    message = cast.says(cast.ada, thread, "is anybody up", read=False)
    assert message.machine_reading == MachineReading.WAITING
    hands.forward(seconds=30)
    return message.pk


def test_without_a_worker_the_author_is_told_that_a_person_will_read_it(
    waiting: int, cast: Cast
) -> None:
    assert stand_in() == 1

    message = Message.objects.get(pk=waiting)
    assert (message.notice, message.machine_reading) == (Notice.UNREAD, MachineReading.NOT_READ)
    assert stand_in() == 0


def test_without_a_worker_whoever_asks_for_help_is_before_a_clinician(cast: Cast) -> None:
    WorkerBeat.objects.all().delete()
    cast.asks_for_help(cast.ada)

    stand_in()

    assert Case.objects.filter(person=cast.ada).count() == 1


def alive(*names: str) -> None:
    for name in names:
        WorkerBeat.objects.report(name, now=clock.now())


@pytest.mark.usefixtures("waiting")
def test_beside_living_workers_the_web_does_nothing(cast: Cast) -> None:
    alive(*STEPS)
    cast.asks_for_help(cast.ada)

    assert stand_in() == 0
    assert not Case.objects.exists()


def test_a_reader_that_lives_does_not_stand_for_a_dead_intake(
    waiting: int, cast: Cast, hands: Hands
) -> None:
    """Each kind of work may have a process of its own, and each of them can die alone."""
    alive("intake")
    hands.forward(seconds=30)
    alive(SCREENING, "unread", "escalation")
    cast.asks_for_help(cast.ada)

    stand_in()

    assert Case.objects.filter(person=cast.ada).count() == 1
    assert Message.objects.get(pk=waiting).notice == Notice.NONE, "others are at that"


def test_a_reader_that_lives_does_not_stand_for_a_dead_escalation(cast: Cast, hands: Hands) -> None:
    cast.asks_for_help(cast.ada)
    stand_in()
    hands.forward(minutes=10)
    alive(SCREENING, "unread", "intake")

    stand_in()

    assert Case.objects.get(person=cast.ada).overdue_at == hands.now


def test_one_step_that_fails_keeps_no_other(
    waiting: int, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Worker("moderation.unread.no_such_step", poll_seconds=5.0)
    monkeypatch.setitem(WORKERS, "unread", gone)
    cast.asks_for_help(cast.ada)

    stand_in()

    assert Case.objects.filter(person=cast.ada).exists()


def test_what_the_web_does_needs_no_reader() -> None:
    assert "screening" not in STEPS
    assert set(STEPS) <= set(WORKERS)


@pytest.mark.servers
def test_a_web_process_looks_after_those_who_wait_when_no_worker_lives(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    WorkerBeat.objects.all().delete()
    live_site().start_web()
    live_cast.asks_for_help(live_cast.ada)

    wait_until(Case.objects.exists, within=30, what="a case for whoever asked for help")
