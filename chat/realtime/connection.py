"""One socket as the hub sees it: a bounded outbox and the seats it follows."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from prometheus_client import Counter, Gauge

from chat.access import Seat
from chat.models import User

OUTBOX_LIMIT = 256
"""Frames that may wait for one phone; past it we hang up and it catches up by seq."""

RESYNC_CLOSE_CODE = 1013
open_sockets = Gauge("lantern_sockets_open", "Sockets open in this process")
overflows = Counter("lantern_outbox_overflow_total", "Sockets closed because they did not read")

Send = Callable[[str], Awaitable[None]]
Close = Callable[[int], Awaitable[None]]


class Connection:
    """Frames go out in order, one at a time; a phone that does not read never blocks another."""

    def __init__(self, user: User, send: Send, close: Close) -> None:
        self.user = user
        self.seats: dict[int, Seat] = {}
        self._send = send
        self._close = close
        self._outbox: deque[str] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closed = False
        open_sockets.inc()

    def push(self, text: str) -> None:
        """Queue one frame; never waits."""
        if self._closed:
            return
        if len(self._outbox) >= OUTBOX_LIMIT:
            overflows.inc()
            self.hang_up(RESYNC_CLOSE_CODE)
            return
        self._outbox.append(text)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    def hang_up(self, code: int) -> None:
        """Close from our side; what was queued is dropped, the phone catches up by seq."""
        if self._closed:
            return
        self.closed()
        task = asyncio.create_task(self._close_quietly(code))
        task.add_done_callback(lambda _: None)

    def closed(self) -> None:
        """The socket is gone: forget what was queued."""
        if not self._closed:
            self._closed = True
            open_sockets.dec()
        self._outbox.clear()

    async def _write(self) -> None:
        try:
            while self._outbox and not self._closed:
                await self._send(self._outbox.popleft())
        except Exception:  # noqa: BLE001 — a socket that broke is closed; the phone comes back.
            self.closed()
        finally:
            self._writer = None

    async def _close_quietly(self, code: int) -> None:
        try:
            await self._close(code)
        except Exception:  # noqa: BLE001 — already gone.
            self.closed()
