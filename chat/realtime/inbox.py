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


class Inbox:
    """Whatever goes wrong with a frame, the answer is a frame and the socket lives."""

    __slots__ = ("_frames", "_obey", "_refuse", "_task")

    def __init__(self, obey: Obey, refuse: Refuse) -> None:
        self._obey = obey
        self._refuse = refuse
        self._frames: deque[protocol.AnyClientFrame] = deque()
        self._task: asyncio.Task[None] | None = None

    def put(self, frame: protocol.AnyClientFrame) -> bool:
        """Take one frame; ``False`` when too many wait already."""
        if len(self._frames) >= INBOX_FRAMES:
            return False
        self._frames.append(frame)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return True

    def shut(self) -> None:
        """The phone is gone. What was handed to the database finishes there."""
        self._frames.clear()
        if self._task is not None:
            self._task.cancel()

    @property
    def is_working(self) -> bool:
        return self._task is not None

    async def _work(self) -> None:
        try:
            while self._frames:
                await self._answer(self._frames.popleft())
        finally:
            self._task = None

    async def _answer(self, frame: protocol.AnyClientFrame) -> None:
        ref = str(getattr(frame, "client_id", ""))
        try:
            await self._obey(frame)
        except DomainError as error:
            self._refuse(error.code, ref, error.permanent)
        except Exception as error:  # noqa: BLE001 — the phone must hear that it failed.
            log.error("frame failed: %s", type(error).__name__)
            self._refuse("internal", ref, False)
