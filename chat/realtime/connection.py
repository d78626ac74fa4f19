"""One socket as the hub sees it: a bounded outbox and the seats it follows."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import Counter, Gauge

from chat.access import Seat
from chat.models import User
from chat.realtime.limits import TypingRate
from chat.realtime.wire import AsgiSend, Encoded, Take, wire_of

OUTBOX_FRAMES = 256
OUTBOX_BYTES = 1024 * 1024
"""What may wait for one phone; past either we hang up, and it catches up by seq."""

STALL_SECONDS = 12.0
"""How long a phone may read nothing at all while something waits for it."""

STALL_BYTES = 1024
"""What a phone on the slowest of lines reads in that time. It goes on then, however long it takes:
no more than an outbox is kept for it meanwhile."""

LOOKS = 12
"""How often we look in that time."""

RESYNC_CODE = 1013
open_sockets = Gauge("lantern_sockets_open", "Sockets open in this process")
dropped_frames = Counter("lantern_outbox_dropped_total", "Frames not sent to phones cut off")
overflows = Counter("lantern_outbox_overflow_total", "Sockets closed because they did not read")

_corked: dict[Connection, list[Encoded]] | None = None


@contextmanager
def corked() -> Iterator[None]:
    """What a phone is sent within this block goes out in one piece at its end.

    The kernel's part in a write costs as much as all of ours, and a send is answered at the moment
    it is delivered. Never around an ``await``: everybody's frames would wait with it.
    """
    global _corked
    if _corked is not None:
        yield
        return
    _corked = {}
    try:
        yield
    finally:
        held, _corked = _corked, None
        for connection, frames in held.items():
            connection.pass_on_all(frames)


class Connection:
    """Frames go out in order; a phone that does not read never blocks another.

    As long as the phone keeps up a frame is written where it is made. Only behind one that does
    not is there an outbox, and a task that empties it.
    """

    __slots__ = (
        *("__weakref__", "_outbox", "_waiting", "_wire", "_writer"),
        *("auth_hash", "is_closed", "renewals", "seats", "session_key", "session_seen", "told"),
        *("typing_rate", "user"),
    )

    def __init__(self, user: User, session_key: str, send: AsgiSend) -> None:
        self.user = user
        self.session_key = session_key
        self.session_seen = time.monotonic()
        """When we last saw that the session is still good."""

        self.auth_hash = user.get_session_auth_hash()
        self.seats: dict[int, Seat] = {}
        self.told = ""
        """The person's own state as last sent."""
        self.is_closed = False
        self.renewals = 0
        """How often somebody rang that the person may see other things than before."""

        self.typing_rate = TypingRate()
        self._wire = wire_of(send)
        self._outbox: deque[Encoded] = deque()
        self._waiting = 0
        self._writer: asyncio.Task[None] | None = None
        open_sockets.inc()

    def push(self, text: str) -> None:
        """Send one frame to this phone only; never waits."""
        self.pass_on(Encoded(text))

    def pass_on(self, frame: Encoded) -> None:
        """Send a frame that others get as well; never waits."""
        if self.is_closed:
            return
        if self._writer is not None:
            self._queue(frame)
            return
        if _corked is not None:
            _corked.setdefault(self, []).append(frame)
            return
        try:
            rest = self._wire.put(frame)
        except Exception:  # noqa: BLE001 — a socket that broke is closed; the phone comes back.
            self.closed()
            return
        if rest is not None:
            self._writer = asyncio.create_task(self._write(rest))

    def pass_on_all(self, frames: Sequence[Encoded]) -> None:
        """Send several frames in their order, in one piece where the wire takes that."""
        if len(frames) > 1 and self._wire.joins:
            frames = [Encoded.joined(frames)]
        for frame in frames:
            self.pass_on(frame)

    def mention(self, frame: Encoded) -> None:
        """Send what is worth nothing a moment later: not at all to a phone that is behind."""
        if self._writer is None:
            self.pass_on(frame)

    def hear(self, take: Take) -> None:
        """Let ``take`` have what the phone says as it comes in, where the server allows it."""
        self._wire.hear(take)

    async def caught_up(self) -> None:
        """Wait until nothing is queued, before reading more for this phone."""
        while self._writer is not None and not self.is_closed:
            await asyncio.wait({self._writer})

    def hang_up(self, code: int, *, stop_reading: bool = False) -> None:
        """Close from our side; what was queued is dropped, the phone catches up by seq."""
        if self.is_closed:
            return
        self.closed()
        if stop_reading:
            self._wire.stop_reading()
        task = asyncio.create_task(self._close(code))
        task.add_done_callback(lambda _: None)

    def closed(self) -> None:
        """The socket is gone: forget what was queued."""
        if not self.is_closed:
            self.is_closed = True
            open_sockets.dec()
        dropped_frames.inc(len(self._outbox))
        self._outbox.clear()
        if self._writer is not None:
            self._writer.cancel()

    def _queue(self, frame: Encoded) -> None:
        self._waiting += len(frame.text)
        if len(self._outbox) >= OUTBOX_FRAMES or (self._outbox and self._waiting > OUTBOX_BYTES):
            overflows.inc()
            self.hang_up(RESYNC_CODE)
            return
        self._outbox.append(frame)

    async def _write(self, rest: Awaitable[None]) -> None:
        """Empty the outbox behind a phone that was slow for a moment."""
        waits_for: Awaitable[None] | None = rest
        try:
            while True:
                if waits_for is not None:
                    await self._written(waits_for)
                if self.is_closed or not self._outbox:
                    return
                frame = self._outbox.popleft()
                self._waiting -= len(frame.text)
                waits_for = self._wire.put(frame)
        except TimeoutError:
            overflows.inc()
            self.hang_up(RESYNC_CODE)
        except Exception:  # noqa: BLE001 — a socket that broke is closed; the phone comes back.
            self.closed()
        finally:
            self._writer = None

    async def _written(self, rest: Awaitable[None]) -> None:
        """Wait for as long as the phone reads; raises ``TimeoutError`` once it does not."""
        writing = asyncio.ensure_future(rest)
        unread, since = self._wire.unread(), time.monotonic()
        try:
            while not (await asyncio.wait({writing}, timeout=STALL_SECONDS / LOOKS))[0]:
                now, left = time.monotonic(), self._wire.unread()
                if left <= unread - STALL_BYTES:
                    unread, since = left, now
                elif now - since >= STALL_SECONDS:
                    raise TimeoutError
            writing.result()
        finally:
            writing.cancel()

    async def _close(self, code: int) -> None:
        try:
            await self._wire.close(code)
        except Exception:  # noqa: BLE001 — already gone.
            self.closed()
