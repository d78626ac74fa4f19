"""Many phones at once: coming back together, doing nothing, and more words than can be read."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import psutil
from asgiref.sync import sync_to_async

from tests.bench import people
from tests.bench.crowd import MARK, Socket, connect, quantiles, stamp
from tests.bench.stage import Stage

LINES = 20
WORDS = "It rained all morning and then we went to see the ducks by the river"
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
    errors, times, peak = 0, [], process.memory_info().rss
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

    async def look() -> None:
        nonlocal peak
        while True:
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.1)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(one(job) for job in coming))
    looking.cancel()
    spent = time.monotonic() - began
    for arrival in arrivals:
        arrival.socket.close()
    return {
        "seconds": round(spent, 2),
        "errors": errors,
        "peak_mb": round(peak / 2**20),
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
    warm = await _sit_down(*seats[0])
    await asyncio.sleep(1)
    before = process.memory_info().rss
    sockets = []
    for start in range(1, len(seats), 50):
        group = [_sit_down(*seat) for seat in seats[start : start + 50]]
        sockets += await asyncio.gather(*group)
    await asyncio.sleep(5)
    used = process.memory_info().rss - before
    for socket in (warm, *sockets):
        socket.close()
    await asyncio.sleep(1)
    return {"kb_per_socket": round(used / 1024 / len(sockets), 1), "rss_mb": round(before / 2**20)}


async def _sit_down(port: int, cookie: str, thread: int) -> Socket:
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


async def overload(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    """What the reader can carry; then one and a half times that, and somebody who comes in."""
    thread, _ = await sync_to_async(people.thread_with)(5)
    users = await sync_to_async(people.young_people)(60)
    cookies = await sync_to_async(people.cookies_of)(users)
    with stage.ours(workers=1) as (port,):
        sockets = [await _sit_down(port, cookie, thread.pk) for cookie in cookies[:50]]
        load = Load(sockets, thread.pk)
        await load.push(300, seconds=1)
        await load.read_out(120)
        began = time.monotonic()
        await load.push(1500, seconds=2)
        await load.read_out(300)
        capacity = 1500 / (time.monotonic() - began)
        web = stage.web()
        found = {"ours, capacity": {"per_second": round(capacity)}}
        for share, name in ((0.7, "ours, at 70%"), (1.5, "ours, at 150%")):
            before, rss = load.acked, web.memory_info().rss
            pushing = asyncio.create_task(load.push(round(capacity * share * seconds), seconds))
            joins = await _bystanders(port, cookies[50:], thread.pk, pushing)
            sent = await pushing
            read_for = await load.read_out(600)
            found[name] = {
                "sent": sent,
                "acked": load.acked - before,
                "unread": await sync_to_async(people.unread)(),
                "not_shown": load.acked - load.shown,
                "read_out_seconds": round(read_for, 1),
                "grown_mb": round((web.memory_info().rss - rss) / 2**20, 1),
                **{f"join_{key}": value for key, value in quantiles(joins).items()},
            }
        for socket in sockets:
            socket.close()
    return found


class Load:
    """Fifty people who write at a given rate into one thread, and see all of it."""

    def __init__(self, sockets: list[Socket], thread: int) -> None:
        self.sockets = sockets
        self.thread = thread
        self.acked = self.shown = 0
        for number, socket in enumerate(sockets):
            socket.on_frame = self._watch(first=number == 0)

    def _watch(self, *, first: bool) -> Any:
        def take(payload: bytes) -> None:
            if payload.startswith(b'{"type":"message.accepted"'):
                self.acked += 1
            elif first and payload.startswith(ADVANCED):
                self.shown += payload.count(b'"kind":"message.published"')

        return take

    async def push(self, count: int, seconds: float) -> int:
        """Send so many over so long, from everybody but the one who only looks."""
        began = time.monotonic()
        writers = self.sockets[1:]
        for number in range(count):
            # No stamp here: the reader would take so many digits for a phone number.
            send = {"client_id": str(uuid.uuid4()), "conversation": self.thread, "body": WORDS}
            writers[number % len(writers)].say({"type": "message.send", **send})
            await asyncio.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
        return count

    async def read_out(self, within: float) -> float:
        """Wait until everything accepted has been read and shown; seconds, or all of ``within``."""
        began = time.monotonic()
        await asyncio.sleep(0.5)
        while await sync_to_async(people.unread)() and time.monotonic() - began < within:
            await asyncio.sleep(0.1)
        return time.monotonic() - began


async def _bystanders(
    port: int, cookies: list[str], thread: int, while_running: asyncio.Task[int]
) -> list[float]:
    """How long somebody takes to come in meanwhile, in milliseconds."""
    times = []
    number = 0
    while not while_running.done():
        began = time.monotonic()
        socket = await _sit_down(port, cookies[number % len(cookies)], thread)
        times.append((time.monotonic() - began) * 1000)
        socket.close()
        number += 1
        await asyncio.sleep(0.2)
    return times
