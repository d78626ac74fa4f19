"""Frames of one phone wait here, a few, and are obeyed one after the other.

The socket itself never waits for the database: it would take in without bound what a phone sends
meanwhile. Asking for help does not stand in this line.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from chat.kernel.errors import DomainError
from chat.realtime import protocol

log = logging.getLogger(__name__)

INBOX_FRAMES = 64
"""Frames that may wait; more than twice what the rate admits at once."""

Obey = Callable[[protocol.AnyClientFrame], Awaitable[None]]
Refuse = Callable[[str, str, bool], None]
Told = Callable[[Exception | None], None]
Begin = Callable[[protocol.AnyClientFrame, Told], bool]


class Inbox:
    """Whatever goes wrong with a frame, the answer is a frame and the socket lives.

    ``begin`` may start a frame that needs no task to wait in: it says so, and calls its second
    argument once when the frame was answered, or with what went wrong. Else it is obeyed.
    """

    __slots__ = ("_begin", "_frames", "_obey", "_refuse", "_task", "is_working")

    def __init__(self, obey: Obey, refuse: Refuse, begin: Begin | None = None) -> None:
        self._obey = obey
        self._refuse = refuse
        self._begin = begin
        self._frames: deque[protocol.AnyClientFrame] = deque()
        self._task: asyncio.Task[None] | None = None
        self.is_working = False
        """Whether a frame is under way; the next one waits for it."""

    def put(self, frame: protocol.AnyClientFrame) -> bool:
        """Take one frame; ``False`` when too many wait already."""
        if len(self._frames) >= INBOX_FRAMES:
            return False
        self._frames.append(frame)
        if not self.is_working:
            self._go_on()
        return True

    def shut(self) -> None:
        """The phone is gone. What was handed to the database finishes there."""
        self._frames.clear()
        if self._task is not None:
            self._task.cancel()

    def _go_on(self) -> None:
        while self._frames and not self.is_working:
            self._start(self._frames.popleft())

    def _start(self, frame: protocol.AnyClientFrame) -> None:
        self.is_working = True

        def told(wrong: Exception | None) -> None:
            if wrong is not None:
                self._failed(frame, wrong)
            self.is_working = False
            self._go_on()

        try:
            begun = self._begin is not None and self._begin(frame, told)
        except Exception as error:  # noqa: BLE001 — the phone must hear that it failed.
            self._failed(frame, error)
            self.is_working = False
            return
        if not begun:
            self._task = asyncio.create_task(self._work(frame))

    async def _work(self, frame: protocol.AnyClientFrame) -> None:
        try:
            await self._obey(frame)
        except Exception as error:  # noqa: BLE001 — the phone must hear that it failed.
            self._failed(frame, error)
        finally:
            self._task = None
            self.is_working = False
            self._go_on()

    def _failed(self, frame: protocol.AnyClientFrame, error: Exception) -> None:
        ref = str(getattr(frame, "client_id", ""))
        if isinstance(error, DomainError):
            self._refuse(error.code, ref, error.permanent)
        else:
            log.error("frame failed: %s", type(error).__name__)
            self._refuse("internal", ref, False)
