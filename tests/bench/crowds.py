"""Many phones at once: coming back together, and doing nothing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psutil
from asgiref.sync import sync_to_async

from tests.bench import people
from tests.bench.crowd import MARK, Socket, connect, quantiles, stamp
from tests.bench.memory import Peak
from tests.bench.stage import Stage

LINES = 20
READY = b'{"type":"session.ready"'
ADVANCED = b'{"type":"conversation.advanced"'


async def storm(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    """Everybody connects at once, with twenty lines to catch up on."""
    thread, _ = await sync_to_async(people.thread_with)(LINES)
    found: dict[str, dict[str, Any]] = {}
    for count in (300, 1000):
        users = await sync_to_async(people.young_people)(count)
        cookies = await sync_to_async(people.cookies_of)(users)
        with stage.ours() as (port,):
            await (await _come_back(port, cookies[0], thread.pk))[0].wait()
            found[f"ours at {count}"] = await _rush(
                [_come_back(port, cookie, thread.pk) for cookie in cookies], stage.web()
            )
    with stage.naive(save=True, history=LINES) as (port, process):
        writer = await connect(port, "/ws/chat/storm/", "")
        for _ in range(LINES):
            writer.say({"message": stamp()})
        await asyncio.sleep(3)
        for count in (300, 1000):
            rush = [_naive_come_back(port) for _ in range(count)]
            found[f"a at {count}"] = await _rush(rush, process)
            await asyncio.sleep(2)
    return found


class Arrival:
    """One phone on its way in; consistent once it has every line."""

    def __init__(self, socket: Socket, *, needs_ready: bool) -> None:
        self.socket = socket
        self.lines = 0
        self.ready = not needs_ready
        self.done = asyncio.Event()
        socket.on_frame = self.take

    def take(self, payload: bytes) -> None:
        if payload.startswith(READY):
            self.ready = True
        self.lines += payload.count(MARK)
        if self.ready and self.lines >= LINES:
            self.done.set()

    async def wait(self) -> None:
        await asyncio.wait_for(self.done.wait(), 120)


async def _come_back(port: int, cookie: str, thread: int) -> tuple[Arrival, float]:
    began = time.monotonic()
    socket = await connect(port, "/socket", cookie)
    arrival = Arrival(socket, needs_ready=True)
    # The phone has the first two events of the thread, and is twenty messages behind.
    follow = [{"conversation": thread, "after": 2}]
    socket.say({"type": "session.resume", "ticket": people.ticket(cookie), "follow": follow})
    return arrival, began


async def _naive_come_back(port: int) -> tuple[Arrival, float]:
    began = time.monotonic()
    socket = await connect(port, "/ws/chat/storm/", "")
    return Arrival(socket, needs_ready=False), began


async def _rush(coming: list[Any], process: psutil.Process) -> dict[str, Any]:
    began = time.monotonic()
    errors, times = 0, []
    arrivals: list[Arrival] = []

    async def one(job: Any) -> None:
        nonlocal errors
        try:
            arrival, since = await job
            arrivals.append(arrival)
            await arrival.wait()
            times.append((time.monotonic() - since) * 1000)
        except (OSError, TimeoutError):
            errors += 1

    async with Peak(process) as peak:
        await asyncio.gather(*(one(job) for job in coming))
    spent = time.monotonic() - began
    for arrival in arrivals:
        arrival.socket.close()
    return {
        "seconds": round(spent, 2),
        "errors": errors,
        "peak_mb": peak.mb,
        **quantiles(times),
    }


async def idle(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    """Memory of the server for each phone that is there and does nothing."""
    found: dict[str, dict[str, Any]] = {}
    thread, _ = await sync_to_async(people.thread_with)(5)
    for count in (1000, 5000):
        users = await sync_to_async(people.young_people)(min(count, 1000))
        cookies = await sync_to_async(people.cookies_of)(users)
        with stage.ours() as (port,):
            keys = [cookies[n % len(cookies)] for n in range(count)]
            found[f"ours at {count}"] = await _sit(
                stage.web(), [(port, key, thread.pk) for key in keys]
            )
    with stage.naive() as (port, process):
        found["a at 1000"] = await _sit(process, [(port, "", 0)] * 1000)
    return found


async def _sit(process: psutil.Process, seats: list[tuple[int, str, int]]) -> dict[str, Any]:
    warm = await sit_down(*seats[0])
    await asyncio.sleep(1)
    before = process.memory_info().rss
    sockets = []
    for start in range(1, len(seats), 50):
        group = [sit_down(*seat) for seat in seats[start : start + 50]]
        sockets += await asyncio.gather(*group)
    await asyncio.sleep(5)
    used = process.memory_info().rss - before
    for socket in (warm, *sockets):
        socket.close()
    await asyncio.sleep(1)
    return {"kb_per_socket": round(used / 1024 / len(sockets), 1), "rss_mb": round(before / 2**20)}


async def sit_down(port: int, cookie: str, thread: int) -> Socket:
    """In and up to date; without a thread, in the naive room."""
    if not thread:
        return await connect(port, "/ws/chat/idle/", "")
    socket = await connect(port, "/socket", cookie)
    ready = asyncio.Event()

    def look(payload: bytes) -> None:
        if payload.startswith(READY):
            ready.set()

    socket.on_frame = look
    follow = [{"conversation": thread}]
    socket.say({"type": "session.resume", "ticket": people.ticket(cookie), "follow": follow})
    await asyncio.wait_for(ready.wait(), 60)
    socket.on_frame = lambda payload: None
    return socket
