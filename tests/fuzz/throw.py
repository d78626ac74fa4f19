"""Throw frames at a server and watch: it lives, it grows no fatter, and others notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil
from websockets.exceptions import ConnectionClosed

from tests.fuzz.frames import OVERSIZED, Frame, Frames
from tests.protocol.line import Line

TOGETHER = 40
"""Frames between two looks: fewer than may wait for one phone."""

HANGS_UP_WITHIN = 60.0
TELL_EVERY = 15.0


@dataclass
class Outcome:
    """What a run found. Latencies are a bystander's, in seconds."""

    frames: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    """Frames that came back, by type; refusals by their code."""

    closes: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    rss_before: int = 0
    rss_after: int = 0
    bystander_ok: bool = True
    bystander_saw: str = ""
    """What a bystander should not have seen, if there was anything."""

    bystander_looks: int = 0
    bystander_slowest: float = 0.0

    @property
    def grown_bytes(self) -> int:
        return self.rss_after - self.rss_before


class Thrower:
    def __init__(self, url: str, cookie: str, frames: Frames, outcome: Outcome) -> None:
        self.url = url
        self.cookie = cookie
        self.frames = frames
        self.outcome = outcome

    async def throw(self, count: int) -> None:
        """So many frames; a socket that was closed is opened again."""
        line = await Line.ready(self.url, self.cookie)
        while count > 0:
            try:
                for _ in range(min(TOGETHER, count)):
                    count -= 1
                    kind, frame = self.frames.next()
                    await self.one(line, kind, frame)
                await self._wait_for_its_turn(line)
            except ConnectionClosed as closed:
                self.outcome.closes[closed.rcvd.code if closed.rcvd else 1006] += 1
                line = await Line.ready(self.url, self.cookie)
        await line.close()

    async def one(self, line: Line, kind: str, frame: Frame) -> None:
        """Throw it. After one that is too large the server must hang up: nothing else is sent."""
        self.outcome.frames += 1
        self.outcome.by_kind[kind] += 1
        await line.socket.send(frame)
        if kind in OVERSIZED:
            async with asyncio.timeout(HANGS_UP_WITHIN):
                while True:
                    await line.socket.recv()

    async def warm_up(self, count: int) -> None:
        """What fills caches, pools and buffers, the largest frames among it."""
        for kind, frame in (
            ("past_64_kb", self.frames.past_64_kb()),
            ("past_1_mb", self.frames.past_1_mb()),
        ):
            line = await Line.ready(self.url, self.cookie)
            with contextlib.suppress(ConnectionClosed):
                await self.one(line, kind, frame)
            self.outcome.closes[await line.end()] += 1
        await self.throw(count)

    async def _wait_for_its_turn(self, line: Line) -> None:
        """Frames are obeyed in order: the answer to a last one says that all were."""
        last = str(uuid.uuid4())
        nowhere = {"client_id": last, "conversation": 2**61, "body": "are you there"}
        await line.say("message.send", **nowhere)
        async with asyncio.timeout(60):
            while (frame := await line.frame()).get("ref") != last:
                self.outcome.answers[str(frame.get("code") or frame["type"])] += 1


async def bystander(url: str, cookie: str, conversation: int, outcome: Outcome) -> None:
    """Somebody who throws nothing and follows a conversation: nobody else's trouble is theirs."""
    try:
        line = await Line.ready(url, cookie, [(conversation, None)])
        while True:
            await _look(line, outcome)
            await asyncio.sleep(0.5)
    except (OSError, TimeoutError, ConnectionClosed, UnexpectedFrame) as error:
        outcome.bystander_ok, outcome.bystander_saw = False, repr(error)


async def _look(line: Line, outcome: Outcome) -> None:
    began = time.monotonic()
    await line.say("ping")
    while (frame := await line.frame(within=60))["type"] != "heads":
        if frame["type"] != "conversation.advanced":
            raise UnexpectedFrame(frame["type"])
    outcome.bystander_looks += 1
    outcome.bystander_slowest = max(outcome.bystander_slowest, time.monotonic() - began)


class UnexpectedFrame(Exception):
    """Of a type that a bystander has no business to be sent."""


async def _tell(outcome: Outcome, server: psutil.Process, say: Callable[[str], None]) -> None:
    """A million frames take many minutes: how far it is, and how large the server is meanwhile."""
    while True:
        await asyncio.sleep(TELL_EVERY)
        megabytes = server.memory_info().rss / 2**20
        closes = sum(outcome.closes.values())
        say(f"{outcome.frames} frames, {closes} lines closed, the server has {megabytes:.0f} MB")


async def fuzz(
    *,
    url: str,
    process: int,
    cookies: list[str],
    watcher: str,
    conversation: int,
    frames: int,
    seed: int,
    say: Callable[[str], None] = lambda words: None,
) -> Outcome:
    """Throw ``frames`` frames over one socket per cookie; ``process`` is the server's id."""
    outcome = Outcome()
    server = psutil.Process(process)
    throwers = [
        Thrower(url, cookie, Frames(seed + number, conversation), outcome)
        for number, cookie in enumerate(cookies)
    ]
    beside = [
        asyncio.create_task(bystander(url, watcher, conversation, outcome)),
        asyncio.create_task(_tell(outcome, server, say)),
    ]
    # The first half fills caches and pools, SQLite's of two megabytes a thread among them, which
    # fill as the database grows. Growth is counted from there.
    await asyncio.gather(*(thrower.warm_up(frames // 2 // len(cookies)) for thrower in throwers))
    outcome.rss_before = server.memory_info().rss
    began = time.monotonic()
    rest = frames - outcome.frames
    shares = [rest // len(cookies)] * len(cookies)
    shares[0] += rest - sum(shares)
    await asyncio.gather(*(t.throw(n) for t, n in zip(throwers, shares, strict=True)))
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.rss_after = server.memory_info().rss
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    return outcome
