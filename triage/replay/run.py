"""One replay from the first send to the last verdict."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence

from chat.actions.conversations import start_thread
from chat.kernel.db import run_db
from chat.models import HelpRequest, Message, Space
from chat.states import MessageState
from moderation.models import Assessment
from triage.replay.people import Pass, make_people
from triage.replay.phones import Progress, post, read_along
from triage.replay.rows import Row

ROWS_PER_THREAD = 500
SETTLE_SECONDS = 120.0
"""How long nothing may happen before we stop waiting for the readers."""

Tell = Callable[[str, int], None]
"""Called with ``"posted"``, ``"read"`` or ``"taken in"`` and how many so far."""


async def replay(
    url: str, space: Space, rows: Sequence[Row], *, rate: float | None, people: int, tell: Tell
) -> tuple[Progress, float]:
    """Post all rows, wait for their verdicts, then until whoever needs a case has one.

    Returns the notes and the seconds from the first send to the last verdict.
    """
    passes = await run_db(make_people, space, people + 1)
    reader, writers = passes[0], passes[1:]
    threads = await run_db(_make_threads, space, writers[0], 1 + (len(rows) - 1) // ROWS_PER_THREAD)
    progress = Progress()
    ready = asyncio.Event()
    watching = asyncio.create_task(read_along(url, reader, threads, progress, ready))
    await _either(ready.wait(), watching)
    began = time.monotonic()
    work: asyncio.Queue[tuple[int, int, str]] = asyncio.Queue(maxsize=len(writers))
    phones = [asyncio.create_task(post(url, who, work, progress)) for who in writers]
    feeding = asyncio.create_task(_feed(work, rows, threads, rate, progress, tell))
    try:
        await _either(feeding, *phones)
        await _either(work.join(), *phones)
        tell("posted", progress.answered)
        await _wait_for_verdicts(progress, tell)
        seconds = time.monotonic() - began
        await _wait_for_intake(progress, [who.user.pk for who in passes], tell)
        await asyncio.sleep(0.5)  # The last frames are on their way to the reader.
    finally:
        for task in (watching, feeding, *phones):
            task.cancel()
        await asyncio.gather(watching, feeding, *phones, return_exceptions=True)
    return progress, seconds


async def _either(goal: object, *others: asyncio.Task[None]) -> None:
    """Wait for ``goal``; if one of the others fails first, fail with it instead of hanging."""
    target = asyncio.ensure_future(goal)  # type: ignore[call-overload]
    done, _ = await asyncio.wait({target, *others}, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    if not target.done():
        raise ConnectionError("the server closed a socket")


def _make_threads(space: Space, who: Pass, count: int) -> list[int]:
    return [
        start_thread(
            by=who.user, space=space, client_id=uuid.uuid4(), body="A thread for a replay"
        ).pk
        for _ in range(count)
    ]


async def _feed(
    work: asyncio.Queue[tuple[int, int, str]],
    rows: Sequence[Row],
    threads: Sequence[int],
    rate: float | None,
    progress: Progress,
    tell: Tell,
) -> None:
    began = time.monotonic()
    for number, row in enumerate(rows):
        if rate:
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        await work.put((number, threads[number // ROWS_PER_THREAD], row.text))
        tell("posted", progress.answered)


async def _wait_for_verdicts(progress: Progress, tell: Tell) -> None:
    ids = [p.message_id for p in progress.posted]
    await _wait_for(lambda: _unsettled(ids), lambda left: tell("read", progress.answered - left))


async def _wait_for_intake(progress: Progress, people: list[int], tell: Tell) -> None:
    """A case comes after its verdict: counted any sooner, some would be missing."""
    await _wait_for(
        lambda: _not_taken_in(people), lambda left: tell("taken in", progress.answered - left)
    )


async def _wait_for(count: Callable[[], int], told: Callable[[int], None]) -> None:
    """Until nothing is left to count, or nothing has changed for too long."""
    quiet_since, left = time.monotonic(), await run_db(count)
    told(left)
    while left and time.monotonic() - quiet_since < SETTLE_SECONDS:
        await asyncio.sleep(0.1)
        now_left = await run_db(count)
        if now_left < left:
            quiet_since = time.monotonic()
        left = now_left
        told(left)


def _unsettled(ids: list[int]) -> int:
    if not ids:
        return 0
    mine = Message.objects.filter(pk__gte=min(ids), pk__lte=max(ids))
    waiting = mine.filter(state=MessageState.PENDING).values_list("pk", flat=True)
    return len(set(waiting) & set(ids))


def _not_taken_in(people: list[int]) -> int:
    """Readings and requests of these people that are due to whoever opens cases."""
    read = Assessment.objects.filter(message__author__in=people, due_at__isnull=False)
    asked = HelpRequest.objects.filter(person__in=people, due_at__isnull=False)
    return read.count() + asked.count()
