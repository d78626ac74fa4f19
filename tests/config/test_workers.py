"""The loop around a step: it wakes, waits, backs off and ends as it should."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable
from types import ModuleType

import pytest

from chat.kernel import clock
from chat.kernel.db import run_db
from chat.kernel.doorbell import ring, work_topic
from chat.models import Message, WorkerBeat
from chat.models.beat import STALE_AFTER
from config.stand_in import STEPS
from config.workers import (
    BEAT_EVERY_SECONDS,
    DEMO_WORKERS,
    LONGEST_PAUSE_SECONDS,
    WORKERS,
    Crew,
    Worker,
    WorkerLoop,
    pause_after,
)
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site, wait_until


class Steps(ModuleType):
    """A module with steps for these tests, found by name as real steps are."""

    def __init__(self) -> None:
        super().__init__("steps_of_this_test")
        self.taken = 0
        self.work = 0
        self.fails = False
        self.hold = threading.Event()
        self.hold.set()
        self.begun = threading.Event()

    def step(self) -> int:
        self.taken += 1
        self.begun.set()
        self.hold.wait(20)
        if self.fails:
            raise ValueError("these words quote somebody")
        self.work, done = max(0, self.work - 1), min(1, self.work)
        return done


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    made = Steps()
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def loop_of(poll: float, *, beats: bool = False) -> WorkerLoop:
    return WorkerLoop("testing", Worker("steps_of_this_test.step", poll_seconds=poll, beats=beats))


async def until(true: Callable[[], object], within: float = 5) -> None:
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("bell")
async def test_while_there_is_work_it_does_not_pause(steps: Steps) -> None:
    steps.work = 50
    loop = loop_of(poll=60)
    running = asyncio.create_task(loop.run())
    await until(lambda: steps.taken == 51)
    loop.stop()
    await running
    assert steps.work == 0


@pytest.mark.usefixtures("bell")
async def test_a_ring_wakes_it_long_before_its_poll(steps: Steps) -> None:
    loop = loop_of(poll=60)
    running = asyncio.create_task(loop.run())
    await until(lambda: steps.taken == 1)
    await asyncio.sleep(0.1)
    ring(work_topic("testing"))
    await until(lambda: steps.taken == 2)
    loop.stop()
    await running


@pytest.mark.usefixtures("bell")
async def test_a_lost_ring_costs_one_poll(steps: Steps) -> None:
    loop = loop_of(poll=0.2)
    running = asyncio.create_task(loop.run())
    await until(lambda: steps.taken >= 3)
    loop.stop()
    await running


@pytest.mark.usefixtures("bell")
async def test_a_failing_step_backs_off_and_says_so_without_words(
    steps: Steps, caplog: pytest.LogCaptureFixture
) -> None:
    steps.fails = True
    loop = loop_of(poll=0.01)
    with caplog.at_level(logging.ERROR, logger="lantern.workers"):
        running = asyncio.create_task(loop.run())
        await until(lambda: loop.failures == 2)
        assert steps.taken == 2, "it does not hammer"
        steps.fails = False
        await until(lambda: loop.failures == 0)
    loop.stop()
    await running
    assert "testing failed: ValueError at test_workers.py:" in caplog.text
    assert "quote" not in caplog.text


def test_the_pause_doubles_up_to_half_a_minute() -> None:
    pauses = [pause_after(n) for n in (1, 2, 3, 4, 20, 10_000)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]


@pytest.mark.usefixtures("bell")
async def test_stopping_waits_for_the_step_under_way(steps: Steps) -> None:
    steps.hold.clear()
    crew = Crew({"testing": loop_of(poll=60).worker})
    running = asyncio.create_task(crew.run())
    await asyncio.to_thread(steps.begun.wait, 5)
    stopping = asyncio.create_task(crew.stop())
    await asyncio.sleep(0.1)
    assert not stopping.done()
    steps.hold.set()
    await asyncio.wait_for(stopping, 5)
    await running
    assert steps.taken == 1


def beaten() -> bool:
    return WorkerBeat.objects.is_awake("testing", now=clock.now())


@pytest.mark.usefixtures("bell")
@pytest.mark.django_db(transaction=True)
async def test_only_a_step_that_went_well_says_that_somebody_is_at_it(steps: Steps) -> None:
    steps.fails = True
    loop = loop_of(poll=60, beats=True)
    running = asyncio.create_task(loop.run())
    await until(lambda: loop.failures == 1)
    assert not await run_db(beaten)

    steps.fails = False
    await until(lambda: steps.taken == 2)
    loop.stop()
    await running
    assert await run_db(beaten)


def test_a_beat_does_not_get_old_between_two_polls_of_a_step_that_the_web_stands_in_for() -> None:
    longest = max(WORKERS[name].poll_seconds for name in STEPS)
    assert all(WORKERS[name].beats for name in STEPS)
    assert BEAT_EVERY_SECONDS + longest < STALE_AFTER.total_seconds()


def test_every_step_of_the_table_is_there() -> None:
    from django.utils.module_loading import import_string

    for worker in (*WORKERS.values(), *DEMO_WORKERS.values()):
        assert callable(import_string(worker.step))


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_real_workers_read_what_waits_and_end_well_when_asked(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    WorkerBeat.objects.all().delete()
    site = live_site()
    process = site.start_workers("screening", "intake")
    for name in ("screening", "intake"):
        beat = WorkerBeat.objects.filter(name=name)
        wait_until(lambda beat=beat: act(beat.exists), within=60, what=f"a beat of {name}")
    thread = live_cast.thread()
    message = live_cast.says(live_cast.ben, thread, "good morning everybody", read=False)
    wait_until(
        lambda: act(Message.objects.filter(pk=message.pk, due_at=None).exists),
        within=30,
        what="reading",
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert "Workers ended." in site.log()
