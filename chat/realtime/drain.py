"""An orderly end: before the server stops, every phone is told to come back soon.

Daphne cuts its sockets without a word, and its phones take that for a dead line. So the first
signal to stop is ours: no new sockets, sends under way are answered, every socket is closed with
1012 over a moment, and only then does the server's own handler run.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from chat.realtime.connection import Connection
from chat.realtime.inbox import Inbox

log = logging.getLogger(__name__)

RESTART_CODE = 1012
ARRIVE_SECONDS = 0.3
"""How long we still take in what was on its way when we were asked to stop."""

ANSWER_SECONDS = 2.0
"""How long sends under way may take to be answered."""

SPREAD_SECONDS = 2.0
"""The closes are spread over this long; with the phones' own jitter nobody comes in a crowd."""

FAREWELL_SECONDS = 2.0
"""How long phones have to say goodbye in turn."""

Handler = Callable[[int, FrameType | None], Any]

_open: dict[Connection, tuple[Inbox, ...]] = {}
_draining = False
_ready = False


def watch(connection: Connection, *inboxes: Inbox) -> None:
    """What waits in any of these is answered before the socket is closed."""
    _open[connection] = inboxes


def forget(connection: Connection) -> None:
    _open.pop(connection, None)


def closing_code() -> int:
    """1012 for sockets that come too late, else 0."""
    return RESTART_CODE if _draining else 0


def stand_by() -> None:
    """Put ourselves before the server's own handlers; again and again does no harm."""
    global _ready
    if _ready:
        return
    _ready = True
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        theirs = signal.getsignal(number)
        if callable(theirs):  # A server's; without one we are in a test or a command.
            _step_before(number, theirs, loop)


def _step_before(number: int, theirs: Handler, loop: asyncio.AbstractEventLoop) -> None:
    def asked(signum: int, frame: FrameType | None) -> None:
        if _draining:  # Asked twice: at once, then.
            theirs(signum, frame)
            return
        loop.call_soon_threadsafe(begin, lambda: theirs(signum, None))

    signal.signal(number, asked)


def begin(stop: Callable[[], object]) -> None:
    """Start draining; ``stop`` is called when nobody is left, or time is up."""
    global _draining
    if _draining:
        return
    _draining = True
    task = asyncio.get_running_loop().create_task(drain())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    task.add_done_callback(lambda _: stop())


async def drain() -> None:
    """Answer, close, wait."""
    await asyncio.sleep(ARRIVE_SECONDS)
    await _until(
        lambda: not any(i.is_working for each in _open.values() for i in each), ANSWER_SECONDS
    )
    waiting = list(_open)
    log.info("closing %d sockets for a restart", len(waiting))
    steps = 20
    for step in range(steps):
        for connection in waiting[step::steps]:
            connection.hang_up(RESTART_CODE)
        if len(waiting) > steps:
            await asyncio.sleep(SPREAD_SECONDS / steps)
    await _until(lambda: not _open, FAREWELL_SECONDS)


async def _until(done: Callable[[], bool], seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not done() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.02)


_tasks: set[asyncio.Task[None]] = set()
