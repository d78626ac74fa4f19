"""A phone that is slow gets all of it; one that reads nothing is hung up on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet import tcp
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.protocol import Protocol

from chat.models import User
from chat.realtime import connection as connections
from chat.realtime.connection import Connection
from chat.realtime.wire import AsgiWire, DaphneWire, Wire

STALL = 0.6
"""Instead of twelve seconds: a reader here is as much faster than the slowest of phones."""

PAGE = "m" * 300_000
BITE = 3_000
BITES_EVERY = STALL / 20
"""A third of all that is asked of a phone is read between two looks, and the page takes five times
as long as a phone may read nothing."""

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Any:
    """Ours and the phone's, with as little as possible in between."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    for end in (ours, theirs):
        end.setblocking(False)
    yield ours, theirs
    for end in (ours, theirs):
        end.close()


async def daphne(ours: socket.socket) -> Wire:
    """Over Twisted's own transport, as Daphne has it."""
    reactor: Any = AsyncioSelectorReactor(asyncio.get_running_loop())
    transport: Any = tcp.Connection(ours, Protocol(), reactor)  # type: ignore[arg-type]
    transport.connected = 1
    there = {"state": 1, "STATE_OPEN": 1, "send_queue": []}
    return DaphneWire(SimpleNamespace(transport=transport, **there))


class Waiting(asyncio.Protocol):
    """A server with back-pressure, as Uvicorn is one: to send is to wait until there is room."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.may_write = asyncio.Event()
        self.may_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def pause_writing(self) -> None:
        self.may_write.clear()

    def resume_writing(self) -> None:
        self.may_write.set()

    async def send(self, message: dict[str, Any]) -> None:
        await self.may_write.wait()
        self.transport.write(message["text"].encode())
        await self.may_write.wait()


async def with_back_pressure(ours: socket.socket) -> Wire:
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_connection(Waiting, sock=ours)
    return AsgiWire(protocol.send)


async def bites(theirs: socket.socket) -> AsyncIterator[bytes]:
    """What the phone reads, a little at a time."""
    while True:
        await asyncio.sleep(BITES_EVERY)
        yield await asyncio.get_running_loop().sock_recv(theirs, BITE)


@pytest.fixture(params=[daphne, with_back_pressure])
async def behind(
    request: pytest.FixtureRequest, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> Connection:
    monkeypatch.setattr(connections, "STALL_SECONDS", STALL)
    make: Callable[[socket.socket], Any] = request.param
    wire = await make(ends[0])
    connection = Connection(User(nickname="ada"), "", None)  # type: ignore[arg-type]
    connection._wire = wire
    return connection


async def test_a_phone_that_reads_slowly_gets_the_whole_page_and_what_comes_after(
    behind: Connection, ends: Ends
) -> None:
    behind.push(PAGE)
    behind.push("and then")
    read = b""
    async with asyncio.timeout(60):
        async for bite in bites(ends[1]):
            read += bite
            if read.endswith(b"and then") or not bite:
                break
    assert len(read) > len(PAGE)
    assert not behind.is_closed


async def test_a_phone_that_reads_a_while_and_stops_is_hung_up_on(
    behind: Connection, ends: Ends
) -> None:
    behind.push(PAGE)
    behind.push("and then")
    read = 0
    async for bite in bites(ends[1]):
        read += len(bite)
        if read > 20 * BITE:
            break
    assert not behind.is_closed
    async with asyncio.timeout(STALL * 10):
        await behind.caught_up()
    assert behind.is_closed
