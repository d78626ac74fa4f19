"""More words than the readers can read, for a minute; and the naive room under the same load."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import psutil
from asgiref.sync import sync_to_async

from tests.bench import people
from tests.bench.crowd import Socket, connect, quantiles
from tests.bench.crowds import ADVANCED, sit_down
from tests.bench.memory import Peak
from tests.bench.stage import Stage

WRITERS = 49
LINES = 5
"""What there is to catch up on for somebody who comes in."""

WORDS = "It rained all morning and then we went to see the ducks by the river"
"""Without a stamp: the reader would take so many digits for a phone number."""

FILL = 1500
"""Messages from which we take what the readers can carry."""

READ_OUT_WITHIN = 600.0
JOIN_WITHIN = 30.0
JOIN_EVERY = 0.2
QUIET_SECONDS = 5.0
"""Nothing new on a screen of the naive room for so long: nothing more comes."""

ACCEPTED = b'{"type":"message.accepted"'
ERROR = re.compile(rb'^\{"type":"error","code":"(\w+)"')
ROOM = "overload"

QUIET_ROOM = "elsewhere"

Figures = dict[str, dict[str, Any]]
Join = Callable[[int], Awaitable[Socket]]
Doors = dict[str, Join]
"""What somebody who comes in comes into, by the name of the figure."""


async def overload(stage: Stage, seconds: float) -> Figures:
    """70 % of what the readers carry, 150 % for ``seconds``, and the naive room beside it."""
    thread, _ = await sync_to_async(people.thread_with)(LINES)
    elsewhere, _ = await sync_to_async(people.thread_with)(LINES)
    cookies = await sync_to_async(people.cookies_of)(
        await sync_to_async(people.young_people)(WRITERS + 11)
    )
    with stage.ours(workers=1) as (port,):
        sockets = [await sit_down(port, cookie, thread.pk) for cookie in cookies[: WRITERS + 1]]
        load = Load(sockets, thread.pk)
        carries = await _capacity(load)
        found: Figures = {"ours, capacity": {"per_second": round(carries)}}

        def door(room: int) -> Join:
            return lambda number: sit_down(port, cookies[WRITERS + 1 + number % 10], room)

        doors = {"join": door(elsewhere.pk), "join_busy": door(thread.pk)}
        for share, lasts in ((0.7, seconds / 2), (1.5, seconds)):
            name = f"ours, at {share:.0%}"
            found[name] = await _part(stage, load, doors, carries * share, lasts)
        for socket in sockets:
            socket.close()
    found["b, at 150%"] = await naive(stage, carries * 1.5, seconds / 4)
    return found


async def _capacity(load: Load) -> float:
    """Messages a second that one worker reads; the first few hundred only wake it up."""
    await load.push(300, seconds=1)
    await load.read_out(120)
    began = time.monotonic()
    await load.push(FILL, seconds=2)
    await load.read_out(300)
    return FILL / (time.monotonic() - began)


async def _part(
    stage: Stage, load: Load, doors: Doors, rate: float, seconds: float
) -> dict[str, Any]:
    """So many a second for so long; then until everything accepted was read."""
    await load.begin()
    worker = psutil.Process(stage.pid_of_worker())
    async with Peak(stage.web()) as web, Peak(worker) as reader:
        pushing = asyncio.create_task(load.push(round(rate * seconds), seconds))
        joins = await bystanders(doors, pushing)
        sent, spent = await pushing, time.monotonic() - load.began
        unread = await sync_to_async(people.unread)()
        read_for = await load.read_out(READ_OUT_WITHIN)
    stored = await load.stored()
    return {
        "offered": round(rate),
        "seconds": round(spent, 1),
        "sent": sent,
        "acked": load.acked,
        "busy": load.refused["busy"],
        "slow_down": load.refused["slow_down"],
        "stored": stored,
        "lost": load.acked - stored,
        "most_unread": unread,
        "unread": await sync_to_async(people.unread)(),
        "shown": load.shown,
        "not_shown": load.acked - load.shown,
        "read_out_seconds": round(read_for, 1),
        "peak_mb": web.mb,
        "grown_mb": web.grown_mb,
        "worker_peak_mb": reader.mb,
        **joins.figures(),
    }


class Load:
    """Fifty people: all but one write at a given rate into one thread, and all see all of it."""

    def __init__(self, sockets: list[Socket], thread: int) -> None:
        self.sockets = sockets
        self.thread = thread
        self.acked = self.shown = 0
        self.refused: Counter[str] = Counter()
        self.began = 0.0
        self._before = 0
        for number, socket in enumerate(sockets):
            socket.on_frame = self._watch(first=number == 0)

    async def begin(self) -> None:
        """Count from here."""
        self._before = await sync_to_async(people.stored)(self.thread)
        self.acked = self.shown = 0
        self.refused.clear()
        self.began = time.monotonic()

    async def stored(self) -> int:
        """Rows since :meth:`begin`."""
        return await sync_to_async(people.stored)(self.thread) - self._before

    def _watch(self, *, first: bool) -> Callable[[bytes], None]:
        def take(payload: bytes) -> None:
            if payload.startswith(ACCEPTED):
                self.acked += 1
            elif first and payload.startswith(ADVANCED):
                self.shown += payload.count(b'"kind":"message.published"')
            elif refusal := ERROR.match(payload):
                self.refused[refusal[1].decode()] += 1

        return take

    async def push(self, count: int, seconds: float) -> int:
        """Send so many over so long, from everybody but the one who only looks."""
        return await push(self.sockets[1:], self._send, count, seconds)

    def _send(self, socket: Socket) -> None:
        send = {"client_id": str(uuid.uuid4()), "conversation": self.thread, "body": WORDS}
        socket.say({"type": "message.send", **send})

    async def read_out(self, within: float) -> float:
        """Wait until everything sent is answered, read and shown; seconds, or all of ``within``."""
        began = time.monotonic()
        await asyncio.sleep(0.5)
        while time.monotonic() - began < within:
            if not await sync_to_async(people.unread)() and self.shown >= self.acked:
                break
            await asyncio.sleep(0.1)
        return time.monotonic() - began


async def push(
    writers: list[Socket], send: Callable[[Socket], None], count: int, seconds: float
) -> int:
    """``send`` on one writer after the other, so often over so long."""
    began = time.monotonic()
    for number in range(count):
        send(writers[number % len(writers)])
        await asyncio.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
    return count


@dataclass
class Joins:
    """How long people took to come in meanwhile, and how many did not get in at all."""

    milliseconds: dict[str, list[float]]
    failed: int = 0

    def figures(self) -> dict[str, Any]:
        times = {
            f"{door}_{key}": value
            for door, taken in self.milliseconds.items()
            for key, value in quantiles(taken).items()
        }
        return {"joins": self.count, "joins_failed": self.failed, **times}

    @property
    def count(self) -> int:
        return sum(map(len, self.milliseconds.values()))


async def bystanders(doors: Doors, running: asyncio.Task[int]) -> Joins:
    """One after the other comes in and goes while ``running`` does, by each door once at least.

    By turns: what swings on the machine meets all doors alike.
    """
    joins = Joins({name: [] for name in doors})
    for number, name in enumerate(itertools.cycle(doors)):
        if running.done() and number >= len(doors):
            break
        began = time.monotonic()
        try:
            socket = await asyncio.wait_for(doors[name](number // len(doors)), JOIN_WITHIN)
        except (OSError, TimeoutError):
            joins.failed += 1
            continue
        joins.milliseconds[name].append((time.monotonic() - began) * 1000)
        socket.close()
        await asyncio.sleep(JOIN_EVERY)
    return joins


async def naive(stage: Stage, rate: float, seconds: float) -> dict[str, Any]:
    """Baseline b, offered the same for a shorter time: how much it stores, shows and loses."""
    url = stage.naive_database()
    with stage.naive(database=url, save=True, detoxify=True, history=LINES) as (port, process):
        shown = 0

        def look(payload: bytes) -> None:
            nonlocal shown
            shown += 1

        path, elsewhere = (f"/ws/chat/{room}/" for room in (ROOM, QUIET_ROOM))
        sockets = [await connect(port, path, "") for _ in range(WRITERS + 1)]
        sockets.append(await connect(port, elsewhere, ""))
        for one in (sockets[0], sockets[-1]):
            one.on_frame = look
            for _ in range(LINES):
                one.say({"message": WORDS})
        await _quiet(lambda: shown, 10)
        doors = {
            "join": lambda number: _naive_join(port, elsewhere),
            "join_busy": lambda number: _naive_join(port, path),
        }
        before, shown = await asyncio.to_thread(stage.lines, url), 0
        async with Peak(process) as web:
            began = time.monotonic()
            count = round(rate * seconds)
            pushing = asyncio.create_task(push(sockets[1:-1], _say_words, count, seconds))
            joins = await bystanders(doors, pushing)
            sent, spent = await pushing, time.monotonic() - began
            await _quiet(lambda: shown, max(10.0, seconds * 2))
        for socket in sockets:
            socket.close()
        await asyncio.sleep(1)
        stored = await asyncio.to_thread(stage.lines, url) - before
    return {
        "offered": round(rate),
        "seconds": round(spent, 1),
        "sent": sent,
        "stored": stored,
        "lost": sent - stored,
        "shown": shown,
        "not_shown": sent - shown,
        "peak_mb": web.mb,
        "grown_mb": web.grown_mb,
        **joins.figures(),
    }


def _say_words(socket: Socket) -> None:
    socket.say({"message": WORDS})


async def _naive_join(port: int, path: str) -> Socket:
    """In, with the last lines on the screen."""
    socket = await connect(port, path, "")
    lines = asyncio.Event()
    socket.on_frame = lambda payload: lines.set()
    try:
        await lines.wait()
    except asyncio.CancelledError:
        socket.close()
        raise
    return socket


async def _quiet(count: Callable[[], int], within: float) -> None:
    """Until nothing more arrives, or ``within`` seconds are over."""
    last, since, end = count(), time.monotonic(), time.monotonic() + within
    while time.monotonic() < end and time.monotonic() - since < QUIET_SECONDS:
        await asyncio.sleep(0.1)
        if count() != last:
            last, since = count(), time.monotonic()
