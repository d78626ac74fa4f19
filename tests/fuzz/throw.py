"""Throw frames at a server and watch: it lives, it grows no fatter, and others notice nothing."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field

import psutil
from websockets.exceptions import ConnectionClosed

from tests.fuzz.frames import Frames
from tests.protocol.line import Line

TOGETHER = 40
"""Frames between two looks: fewer than may wait for one phone."""

Codes = dict[int, int]


@dataclass
class Outcome:
    """What a run found. Latencies are a bystander's, in seconds."""

    frames: int = 0
    seconds: float = 0.0
    closes: Codes = field(default_factory=dict)
    grown_bytes: int = 0
    bystander_looks: int = 0
    bystander_slowest: float = 0.0


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
                    self.outcome.frames += 1
                    await line.socket.send(self.frames.next())
                await self._wait_for_its_turn(line)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                self.outcome.closes[code] = self.outcome.closes.get(code, 0) + 1
                line = await Line.ready(self.url, self.cookie)
        await line.close()

    async def _wait_for_its_turn(self, line: Line) -> None:
        """Frames are obeyed in order: the answer to a last one says that all were."""
        last = str(uuid.uuid4())
        nowhere = {"client_id": last, "conversation": 2**61, "body": "are you there"}
        await line.say("message.send", **nowhere)
        async with asyncio.timeout(60):
            while (await line.frame()).get("ref") != last:
                continue


async def bystander(url: str, cookie: str, conversation: int, outcome: Outcome) -> None:
    """Somebody who only follows a conversation; raises when anything comes that should not."""
    line = await Line.ready(url, cookie, [(conversation, None)])
    while True:
        began = time.monotonic()
        await line.say("ping")
        frame = await line.frame(within=60)
        if frame["type"] not in {"heads", "conversation.advanced"}:
            raise AssertionError(f"a bystander was sent {frame['type']}")
        outcome.bystander_looks += 1
        outcome.bystander_slowest = max(outcome.bystander_slowest, time.monotonic() - began)
        await asyncio.sleep(0.5)


async def fuzz(
    *,
    url: str,
    process: int,
    cookies: list[str],
    watcher: str,
    conversation: int,
    frames: int,
    seed: int,
) -> Outcome:
    """Throw ``frames`` frames over one socket per cookie; ``process`` is the server's id."""
    outcome = Outcome()
    server = psutil.Process(process)
    throwers = [
        Thrower(url, cookie, Frames(seed + number, conversation), outcome)
        for number, cookie in enumerate(cookies)
    ]
    watching = asyncio.create_task(bystander(url, watcher, conversation, outcome))
    # The first tenth fills caches and pools; growth is counted from there.
    await asyncio.gather(*(thrower.throw(frames // 10 // len(cookies)) for thrower in throwers))
    before = server.memory_info().rss
    began = time.monotonic()
    rest = frames - outcome.frames
    shares = [rest // len(cookies)] * len(cookies)
    shares[0] += rest - sum(shares)
    await asyncio.gather(*(t.throw(n) for t, n in zip(throwers, shares, strict=True)))
    outcome.seconds = time.monotonic() - began
    outcome.grown_bytes = server.memory_info().rss - before
    if watching.done():
        watching.result()
    watching.cancel()
    return outcome
