"""How bytes reach one socket without waiting for it.

ASGI has one way to send, and on Daphne it never waits: a phone that does not read makes the server
keep everything it is owed. So under Daphne we look at what the transport still holds and stop
there; servers with back-pressure of their own make ``send`` wait, and we notice that.
"""

from __future__ import annotations

import asyncio
import fcntl
import functools
import sys
import termios
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from typing import Any, Protocol

WIRE_BYTES = 64 * 1024
"""Bytes that may wait below us for one phone, besides what the kernel holds."""

LOOK_AGAIN_SECONDS = 0.05
FAREWELL_SECONDS = 5.0
"""How long a closing handshake may take."""

Message = dict[str, Any]
Take = Callable[[Message], None]
AsgiSend = Callable[[dict[str, Any]], Awaitable[None]]


class Encoded:
    """A frame as text, and as it goes over the wire; made once, however many sockets get it."""

    __slots__ = ("_framed", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._framed = b""

    def framed(self) -> bytes:
        """One unmasked, unfragmented, uncompressed WebSocket text frame (RFC 6455, 5.2)."""
        if not self._framed:
            payload = self.text.encode()
            size = len(payload)
            if size < 126:
                head = bytes((0x81, size))
            elif size < 1 << 16:
                head = b"\x81\x7e" + size.to_bytes(2, "big")
            else:
                head = b"\x81\x7f" + size.to_bytes(8, "big")
            self._framed = head + payload
        return self._framed

    @classmethod
    def joined(cls, frames: Sequence[Encoded]) -> Encoded:
        """Several frames one behind the other, for a wire that ``joins``."""
        whole = cls("".join(frame.text for frame in frames))
        whole._framed = b"".join(frame.framed() for frame in frames)
        return whole


class Wire(Protocol):
    joins: bool
    """Whether several frames may be put as one piece."""

    def put(self, frame: Encoded) -> Awaitable[None] | None:
        """Write now and return ``None``, or return what to wait for until it is written.

        Raises whatever the server raises once the socket is gone.
        """

    async def close(self, code: int) -> None:
        """Close with any code."""

    def unread(self) -> int:
        """Bytes on their way to this phone, as far as we can see: fewer later, it reads."""

    def stop_reading(self) -> None:
        """Take nothing more from this phone, where the server lets us say so."""

    def hear(self, take: Take) -> None:
        """Hand each frame to ``take`` where it comes in, if the server lets us.

        What it does not hand over so comes by way of ASGI's ``receive``, as ever.
        """


def wire_of(send: AsgiSend) -> Wire:
    """The wire under an ASGI ``send``: Daphne's own socket if it is one, else ``send`` itself."""
    socket = send.args[0] if isinstance(send, functools.partial) and send.args else None
    transport = getattr(socket, "transport", None)
    if hasattr(transport, "writeSomeData") and hasattr(socket, "STATE_OPEN"):
        return DaphneWire(socket)
    return AsgiWire(send)


def held_by_kernel(socket: Any) -> int:
    """Bytes that the kernel took and the other end did not.

    It tells the server of room only once there is a lot of it: on a slow line that is seldom.
    """
    try:
        found = fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, ValueError):  # It is gone.
        return 0
    return int.from_bytes(found, sys.byteorder)


class AsgiWire:
    """Any ASGI server. ``send`` is stepped once by hand: it nearly always ends there, and a task
    per frame and phone would cost more than the writing."""

    joins = False

    def __init__(self, send: AsgiSend) -> None:
        self._send = send
        # Uvicorn's protocol, whose own close waits for a phone to read for as long as that takes.
        self._transport = getattr(getattr(send, "__self__", None), "transport", None)

    def put(self, frame: Encoded) -> Awaitable[None] | None:
        sending: Any = self._send({"type": "websocket.send", "text": frame.text})
        if not isinstance(sending, Coroutine):
            return sending  # type: ignore[no-any-return]
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return None
        return _Rest(sending, waits_for)

    async def close(self, code: int) -> None:
        """A phone that reads nothing takes in no farewell either: it is cut off after a moment."""
        if isinstance(self._transport, asyncio.Transport):
            asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self._transport.abort)
        await self._send({"type": "websocket.close", "code": code})

    def unread(self) -> int:
        if not isinstance(self._transport, asyncio.Transport):
            return 0
        kept = self._transport.get_write_buffer_size()
        return kept + held_by_kernel(self._transport.get_extra_info("socket"))

    def stop_reading(self) -> None:
        """Servers with back-pressure stop by themselves when we do not ask for more."""

    def hear(self, take: Take) -> None:
        """Everything comes by ``receive``: what we do not ask for holds the phone back."""


class _Rest:
    """What is left of a coroutine that was stepped once."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        try:
            while True:
                try:
                    answer = yield waits_for
                except BaseException as error:  # noqa: BLE001 — handed on to the coroutine.
                    waits_for = self._coroutine.throw(error)
                else:
                    waits_for = self._coroutine.send(answer)
        except StopIteration:
            return


class _Straight:
    """In the place of the queue between Daphne's protocol object and one ``receive``."""

    def __init__(self, queue: asyncio.Queue[Message], take: Take) -> None:
        self._queue = queue
        self._take = take
        came_before = [queue.get_nowait() for _ in range(queue.qsize())]
        for message in came_before:
            self.put_nowait(message)

    def put_nowait(self, message: Message) -> None:
        if message["type"] == "websocket.receive":
            self._take(message)
        else:
            self._queue.put_nowait(message)


class DaphneWire:
    """Daphne's WebSocket protocol object, and the Twisted transport below it."""

    joins = True

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def put(self, frame: Encoded) -> Awaitable[None] | None:
        if self.unsent() > WIRE_BYTES:
            return self._later(frame)
        self._write(frame.framed())
        return None

    def unsent(self) -> int:
        """Bytes the transport holds because the kernel takes no more."""
        transport = self._socket.transport
        waiting = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return int(waiting)

    def unread(self) -> int:
        return self.unsent() + held_by_kernel(self._socket.transport)

    async def close(self, code: int) -> None:
        """Not by way of ASGI: autobahn refuses 1009, 1012 and 1013 there."""
        self._socket.sendCloseFrame(code=code)

    def stop_reading(self) -> None:
        self._socket.transport.pauseProducing()

    def hear(self, take: Take) -> None:
        """Past the queue that Daphne keeps for us: it is never full, so nothing is held back by it.

        A turn of the loop and the waking of a task for each frame would buy nothing.
        """
        self._socket.application_queue = _Straight(self._socket.application_queue, take)

    async def _later(self, frame: Encoded) -> None:
        while self.unsent() > WIRE_BYTES:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        self._write(frame.framed())

    def _write(self, data: bytes) -> None:
        """Straight to the kernel if nothing waits before us: no turn of the reactor, no copy."""
        socket = self._socket
        transport = socket.transport
        if socket.state != socket.STATE_OPEN or not transport.connected:
            raise ConnectionError
        sent = 0
        if not transport.dataBuffer and not transport._tempDataLen and not socket.send_queue:
            sent = transport.writeSomeData(data)
            if not isinstance(sent, int):
                raise ConnectionError
        if sent < len(data):
            transport.write(data[sent:])
