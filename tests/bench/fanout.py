"""One thread and its members: from the verdict to every screen."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Protocol

import psutil
from asgiref.sync import sync_to_async

from chat.kernel.doorbell import doorbell
from tests.bench import people
from tests.bench.crowd import Socket, Tally, connect, quantiles, stamp
from tests.bench.stage import Stage, cpu_seconds

FOLLOWED = b'{"type":"conversation.advanced"'
RATE = 10.0
"""Messages a second where the rate is fixed."""

BATCH = 64
"""Messages that one verdict publishes, as a screening worker does."""


class Watch(Protocol):
    """Somebody who looks at the web process while messages are handed out."""

    def begin(self, process: psutil.Process) -> None: ...

    def end(self, process: psutil.Process) -> None: ...


async def enter_ours(port: int, cookies: list[str], thread: int, tally: Tally) -> list[Socket]:
    """Members of the thread, in and up to date."""
    sockets = []
    for cookie in cookies:
        socket = await connect(port, "/socket", cookie)
        ready = asyncio.get_running_loop().create_future()

        def look(payload: bytes, ready: asyncio.Future[None] = ready) -> None:
            if payload.startswith(b'{"type":"session.ready"') and not ready.done():
                ready.set_result(None)

        socket.on_frame = look
        follow = [{"conversation": thread}]
        socket.say({"type": "session.resume", "ticket": people.ticket(cookie), "follow": follow})
        await asyncio.wait_for(ready, 60)
        tally.watch(socket, FOLLOWED)
        sockets.append(socket)
    return sockets


async def ours(
    stage: Stage,
    *,
    members: int,
    seconds: float,
    batch: int,
    lines: int = 10,
    profile: Watch | None = None,
) -> dict[str, Any]:
    """Verdicts at a fixed rate (``batch`` 0) or as fast as they go, until ``seconds`` are over."""
    bell = doorbell()  # As in a worker: without one, each ring would open a connection of its own.
    thread, author = await sync_to_async(people.thread_with)(lines)
    users = await sync_to_async(people.young_people)(members)
    cookies = await sync_to_async(people.cookies_of)(users)
    with stage.ours() as (port,):
        tally = Tally(sample=max(1, members // 20))
        sockets = await enter_ours(port, cookies, thread.pk, tally)
        web = stage.web()
        amount = int(seconds * RATE) if batch == 0 else int(seconds * 600)
        waiting = await sync_to_async(people.pending)(author, thread, amount)
        await asyncio.sleep(1)
        tally.deliveries = tally.frames = 0
        tally.latencies.clear()
        tally.arrivals.clear()
        if profile:
            profile.begin(web)
        before, began, verdicts = cpu_seconds(web), time.monotonic(), {}
        published = 0
        while published < len(waiting) and time.monotonic() - began < seconds:
            group = waiting[published : published + (batch or 1)]
            now = time.monotonic_ns()
            for message in group:
                verdicts[int(message.body[1:20])] = now
            await sync_to_async(people.publish)(group)
            published += len(group)
            if batch == 0:
                await asyncio.sleep(max(0.0, began + published / RATE - time.monotonic()))
            else:
                # No further ahead than a hundredth of a second's worth: a worker is no faster.
                while tally.deliveries < (published - 4 * batch) * members:
                    await asyncio.sleep(0.001)
        await _settle(tally, published * members)
        spent = time.monotonic() - began
        late = [
            (arrival - verdicts[sent]) / 1e6
            for sent, arrivals in tally.arrivals.items()
            if sent in verdicts
            for arrival in arrivals
        ]
        result = figures(tally, spent, cpu_seconds(web) - before, late)
        if profile:
            profile.end(web)
        for socket in sockets:
            socket.close()
    await bell.close()
    return {**result, "expected": published * members}


async def rooms(
    port: int,
    process: psutil.Process,
    *,
    path: str,
    members: int,
    seconds: float,
    fast: bool,
    profile: Watch | None = None,
) -> dict[str, Any]:
    """A baseline: some of the members write, everybody gets everything."""
    tally = Tally(sample=max(1, members // 20))
    sockets = [await connect(port, path, "") for _ in range(members)]
    for socket in sockets:
        tally.watch(socket)
    await asyncio.sleep(1)
    if profile:
        profile.begin(process)
    before, began, sent = cpu_seconds(process), time.monotonic(), 0
    while time.monotonic() - began < seconds:
        sockets[sent % members].say({"message": stamp()})
        sent += 1
        if fast:
            # A window of twenty: more would only wait in line, and the layer drops past its own.
            while tally.deliveries < (sent - 20) * members and time.monotonic() - began < seconds:
                await asyncio.sleep(0.001)
        else:
            await asyncio.sleep(max(0.0, began + sent / RATE - time.monotonic()))
    await _settle(tally, sent * members)
    spent = time.monotonic() - began
    result = figures(tally, spent, cpu_seconds(process) - before, tally.latencies)
    if profile:
        profile.end(process)
    for socket in sockets:
        socket.close()
    await asyncio.sleep(0.5)
    return {**result, "expected": sent * members}


async def _settle(tally: Tally, expected: int) -> None:
    """Wait for what is on its way; what the naive layer dropped never comes."""
    last, still = -1, 0
    while tally.deliveries < expected and still < 20:
        still = still + 1 if tally.deliveries == last else 0
        last = tally.deliveries
        await asyncio.sleep(0.1)


def figures(tally: Tally, seconds: float, cpu: float, late: list[float]) -> dict[str, Any]:
    return {
        "deliveries": tally.deliveries,
        "frames": tally.frames,
        "per_second": round(tally.deliveries / seconds),
        "cpu_us_per_delivery": round(cpu * 1e6 / max(1, tally.deliveries), 1),
        "cpu_us_per_frame": round(cpu * 1e6 / max(1, tally.frames), 1),
        **quantiles(late),
    }


async def measure(stage: Stage, *, members: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Every contender once, at a fixed rate and as fast as it goes."""
    found: dict[str, dict[str, Any]] = {}
    found["ours, fixed"] = await ours(stage, members=members, seconds=seconds, batch=0)
    found["ours, fast"] = await ours(stage, members=members, seconds=seconds, batch=BATCH)
    found["ours one by one"] = await ours(stage, members=members, seconds=seconds, batch=1)
    path = "/ws/chat/bench/"
    for name, options in (("a", {}), ("b", {"save": True, "detoxify": True})):
        with stage.naive(**options) as (port, process):  # type: ignore[arg-type]
            for fast in (False, True):
                how = "fast" if fast else "fixed"
                found[f"{name}, {how}"] = await rooms(
                    port, process, path=path, members=members, seconds=seconds, fast=fast
                )
    with stage.bare() as (port, process):
        for fast in (False, True):
            how = "fast" if fast else "fixed"
            found[f"c, {how}"] = await rooms(
                port, process, path="/", members=members, seconds=seconds, fast=fast
            )
    return found


MEMBERS = (100, 500, 1000)


async def at_all_sizes(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for members in MEMBERS:
        contenders = await measure(stage, members=members, seconds=seconds)
        found |= {f"{who} at {members}": figure for who, figure in contenders.items()}
    from tests.bench.whole_way import MEMBERS as FEW
    from tests.bench.whole_way import whole_way

    found[f"ours, whole way at {FEW}"] = await whole_way(stage, seconds=seconds)
    return found


async def growth(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    """Cost per delivery as members and as stored history grow; the naive room keeps no history."""
    found = {}
    for members in (10, 100, 1000):
        cost = await ours(stage, members=members, seconds=seconds, batch=1)
        found[f"ours, {members} members"] = cost
        with stage.naive() as (port, process):
            found[f"a, {members} members"] = await rooms(
                *(port, process),
                path="/ws/chat/growth/",
                members=members,
                seconds=seconds,
                fast=True,
            )
    for lines in (100, 1000, 10_000):
        cost = await ours(stage, members=100, seconds=seconds, batch=1, lines=lines)
        found[f"ours, {lines} lines"] = cost
    return found
