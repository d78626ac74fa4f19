"""Many phones in one program, as cheap as Python can make them: they count frames and little else.

A WebSocket library would cost more per frame than the server under test, and then it would be the
library that is measured.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import Callable
from typing import Any

MARK = b'"@'
"""Every body of a run begins with ``@`` and the nanosecond at which it was sent."""


def stamp() -> str:
    return f"@{time.monotonic_ns():019d} and some ordinary words to say"


class Socket(asyncio.Protocol):
    """One phone: handshake, frames out, and each frame in handed to ``on_frame``."""

    def __init__(self, host: str, path: str, cookie: str) -> None:
        self.host, self.path, self.cookie = host, path, cookie
        self.open = asyncio.get_running_loop().create_future()
        self.gone = False
        self.on_frame: Callable[[bytes], None] = lambda payload: None
        self._buffer = b""
        self._shaken = False
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {self.path} HTTP/1.1",
            f"Host: {self.host}",
            f"Origin: http://{self.host}",
            f"Cookie: lantern={self.cookie}; sessionid={self.cookie}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def connection_lost(self, error: Exception | None) -> None:
        self.gone = True
        if not self.open.done():
            self.open.set_exception(ConnectionError())

    def say(self, frame: dict[str, Any]) -> None:
        """One text frame, masked with zeros: the mask is there for proxies, not for us."""
        payload = json.dumps(frame).encode()
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        self._transport.write(head + b"\0\0\0\0" + payload)

    def close(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        start = 0
        if not self._shaken:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = buffer
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.open.set_exception(ConnectionError(buffer[:40].decode()))
                return
            self._shaken, start = True, end + 4
            self.open.set_result(None)
        size = len(buffer)
        while size - start >= 2:
            length, at = buffer[start + 1], start + 2
            if length == 126:
                if size - at < 2:
                    break
                length, at = (buffer[at] << 8) | buffer[at + 1], at + 2
            elif length == 127:
                if size - at < 8:
                    break
                length, at = int.from_bytes(buffer[at : at + 8], "big"), at + 8
            if size - at < length:
                break
            self._frame(buffer[start] & 15, buffer[at : at + length])
            start = at + length
        self._buffer = buffer[start:]

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == 1:
            self.on_frame(payload)
        elif opcode == 9:
            self._transport.write(bytes((0x8A, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
        elif opcode == 8:
            self.gone = True


async def connect(port: int, path: str, cookie: str) -> Socket:
    """One open socket; raises ``OSError`` when it was refused."""
    loop = asyncio.get_running_loop()
    host = f"127.0.0.1:{port}"
    _, socket = await loop.create_connection(lambda: Socket(host, path, cookie), "127.0.0.1", port)
    await asyncio.wait_for(socket.open, 60)
    return socket


class Tally:
    """Deliveries of a crowd, and how late every n-th phone got them."""

    def __init__(self, *, sample: int = 10) -> None:
        self.deliveries = 0
        self.frames = 0
        self.latencies: list[float] = []
        self.arrivals: dict[int, list[int]] = {}
        self.sample = sample
        self._number = 0

    def watch(self, socket: Socket, kind: bytes = b"") -> None:
        """Count what ``socket`` gets; only frames that begin with ``kind``."""
        self._number += 1
        sampled = self._number % self.sample == 0 or self.sample == 1

        def count(payload: bytes) -> None:
            if not payload.startswith(kind):
                return
            self.frames += 1
            self.deliveries += payload.count(MARK)
            if sampled:
                self._note(payload)

        socket.on_frame = count

    def _note(self, payload: bytes) -> None:
        now = time.monotonic_ns()
        at = payload.find(MARK)
        while at >= 0:
            sent = int(payload[at + 2 : at + 21])
            self.latencies.append((now - sent) / 1e6)
            self.arrivals.setdefault(sent, []).append(now)
            at = payload.find(MARK, at + 21)


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p95 and p99, rounded to hundredths; zeros when there is nothing."""
    if not values:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0}
    ordered = sorted(values)
    return {
        f"p{percent}": round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)
        for percent in (50, 95, 99)
    }
