"""Who works beside the web: one literal table of steps, and the loop that takes them.

A step is an ordinary function that does one unit of work and says how many rows it touched. It is
imported only where it runs, so a process that takes one step loads nothing of the others.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from django.db import close_old_connections, connections
from django.utils.module_loading import import_string

from chat.kernel import clock
from chat.kernel.doorbell import doorbell, work_topic
from chat.models import WorkerBeat
from chat.models.beat import SCREENING

log = logging.getLogger("lantern.workers")

Step = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Worker:
    """``poll_seconds`` is how long work can lie when a ring was lost.

    ``beats``: its loop says after a step that somebody is at this work; see ``config.stand_in``.
    """

    step: str
    poll_seconds: float
    beats: bool = True


WORKERS: dict[str, Worker] = {
    # Reads every message before peers see it. The only step that loads a model. Its beat says that
    # a reader reads, which only the step itself knows.
    SCREENING: Worker("moderation.screening.screening_step", poll_seconds=1.0, beats=False),
    # Tells authors that nobody has read their words yet; apart, because screening may stand still.
    "unread": Worker("moderation.unread.unread_step", poll_seconds=5.0),
    # Looks at somebody's last messages together, once each has been read.
    "lookback": Worker("moderation.lookback.lookback_step", poll_seconds=2.0),
    # Counts what fires and notices when that jumps or stops.
    "tally": Worker("moderation.tallies.tally_step", poll_seconds=30.0),
    # Tries a candidate checkpoint or policy on a small sample; asleep unless a setting asks for it.
    "shadow": Worker("moderation.shadow.shadow_step", poll_seconds=30.0),
    # Brings requests for help and worrying messages before clinicians.
    "intake": Worker("triage.intake.intake_step", poll_seconds=1.0),
    # Calls the next person when nobody has come in time.
    "escalation": Worker("triage.escalation.escalation_step", poll_seconds=5.0),
}

DEMO_WORKERS: dict[str, Worker] = {
    # Simulated young people who keep talking, and a simulated colleague who answers them.
    "simulation": Worker("config.demo.simulation.simulate_step", poll_seconds=1.0, beats=False),
}

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0

BEAT_EVERY_SECONDS: Final = 5.0
"""With the longest poll of those that web processes stand in for, two thirds of the time after
which a beat counts as old (``STALE_AFTER``)."""


def pause_after(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling, up to half a minute."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))


class WorkerLoop:
    """Takes one step over and over: at once while there is work, then on a ring or a poll.

    The step runs in a thread of its own, with a database connection of its own, and is never cut
    short: whoever stops the loop waits for the step under way.
    """

    def __init__(self, name: str, worker: Worker) -> None:
        self.name = name
        self.worker = worker
        self.failures = 0
        self._wake = asyncio.Event()
        self._stopping = False
        self._beaten = -math.inf
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"worker-{name}")

    def stop(self) -> None:
        """Take no further step."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped."""
        topic = work_topic(self.name)
        bell = doorbell()
        bell.listen(topic, self._rung)
        try:
            while not self._stopping:
                self._wake.clear()
                pause = await self._take_step()
                if pause and not self._stopping:
                    await self._wait(pause)
        finally:
            bell.forget(topic, self._rung)
            await self._in_thread(connections.close_all)
            self._thread.shutdown(wait=False)

    async def _take_step(self) -> float:
        """One step; returns the seconds to wait before the next."""
        try:
            worked = await self._in_thread(self._step)
        except Exception as error:  # noqa: BLE001 — one bad step must not end the loop.
            self.failures += 1
            log.error("%s failed: %s, try %d", self.name, where(error), self.failures)
            return pause_after(self.failures)
        self.failures = 0
        return 0.0 if worked else self.worker.poll_seconds

    def _step(self) -> int:
        step: Step = import_string(self.worker.step)
        close_old_connections()
        try:
            worked = step()
            self._beat()
            return worked
        finally:
            close_old_connections()

    def _beat(self) -> None:
        """Say now and then that this work goes on: only after a step that went well."""
        if self.worker.beats and time.monotonic() - self._beaten >= BEAT_EVERY_SECONDS:
            WorkerBeat.objects.report(self.name, now=clock.now())
            self._beaten = time.monotonic()

    def _rung(self, topic: str, head: int) -> None:
        if not self.failures:  # A ring does not cut short the pause after a failure.
            self._wake.set()

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _in_thread(self, function: Callable[[], object]) -> object:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)


def where(error: BaseException) -> str:
    """What went wrong and in which line, without the error's own words: they may quote people."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    name = frames[-1].filename.replace("\\", "/").rpartition("/")[2]
    return f"{type(error).__name__} at {name}:{frames[-1].lineno}"


class Crew:
    """Several worker loops on the running event loop."""

    def __init__(self, workers: Mapping[str, Worker]) -> None:
        self.loops = [WorkerLoop(name, worker) for name, worker in workers.items()]
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Work until :meth:`stop`; returns when every step under way has ended."""
        try:
            await asyncio.gather(*(loop.run() for loop in self.loops))
        finally:
            self._stopped.set()

    async def stop(self) -> None:
        """Let every step under way end, and take no further one."""
        for loop in self.loops:
            loop.stop()
        await self._stopped.wait()
