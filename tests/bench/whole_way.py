"""From somebody's send to another member's screen, with a worker that reads in between."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async

from tests.bench import people
from tests.bench.crowd import Socket, quantiles
from tests.bench.crowds import ADVANCED, sit_down
from tests.bench.stage import Stage

MEMBERS = 100
RATE = 10.0
SAMPLED = 20
"""Members whose screens are looked at; the author's own does not count."""

WITHIN = 60.0
ACCEPTED = b'{"type":"message.accepted"'
WORDS = "It rained all morning and then we went to see the ducks by the river"


class Way:
    """When each message was sent, and when it was on whose screen."""

    def __init__(self) -> None:
        self.sent: dict[str, int] = {}
        self.names: dict[int, str] = {}
        """The ``client_id`` that each message was sent with, as its author was told."""

        self.seen: list[tuple[int, int, int]] = []
        """Message, screen, moment."""

        self.deliveries = 0

    def watch(self, socket: Socket, number: int) -> None:
        socket.on_frame = self._screen(number) if number < SAMPLED else self._others()

    def _screen(self, number: int) -> Callable[[bytes], None]:
        def take(payload: bytes) -> None:
            now = time.monotonic_ns()
            if payload.startswith(ACCEPTED):
                self._accepted(payload)
            elif payload.startswith(ADVANCED):
                for event in json.loads(payload)["events"]:
                    if event["kind"] == "message.published":
                        self.seen.append((event["message_id"], number, now))
                        self.deliveries += 1

        return take

    def _others(self) -> Callable[[bytes], None]:
        def take(payload: bytes) -> None:
            if payload.startswith(ACCEPTED):
                self._accepted(payload)
            elif payload.startswith(ADVANCED):
                self.deliveries += payload.count(b'"kind":"message.published"')

        return take

    def _accepted(self, payload: bytes) -> None:
        answer = json.loads(payload)
        self.names[answer["message"]["id"]] = answer["client_id"]

    def send(self, socket: Socket, thread: int) -> None:
        client_id = str(uuid.uuid4())
        self.sent[client_id] = time.monotonic_ns()
        send = {"client_id": client_id, "conversation": thread, "body": WORDS}
        socket.say({"type": "message.send", **send})

    def milliseconds(self) -> list[float]:
        """From each send to each screen that was looked at."""
        moments = ((self.sent.get(self.names.get(key, "")), at) for key, _, at in self.seen)
        return [(at - sent) / 1e6 for sent, at in moments if sent is not None]


async def whole_way(stage: Stage, *, seconds: float) -> dict[str, Any]:
    """At ten messages a second; whoever writes is not among those whose screens are looked at."""
    thread, _ = await sync_to_async(people.thread_with)(10)
    users = await sync_to_async(people.young_people)(MEMBERS)
    cookies = await sync_to_async(people.cookies_of)(users)
    with stage.ours(workers=1) as (port,):
        sockets = [await sit_down(port, cookie, thread.pk) for cookie in cookies]
        await _wake_the_reader(sockets[-1], thread.pk)
        way = Way()
        for number, socket in enumerate(sockets):
            way.watch(socket, number)
        writers, amount = sockets[SAMPLED:], max(1, int(seconds * RATE))
        began = time.monotonic()
        for number in range(amount):
            way.send(writers[number % len(writers)], thread.pk)
            await asyncio.sleep(max(0.0, began + (number + 1) / RATE - time.monotonic()))
        end = time.monotonic() + WITHIN
        while way.deliveries < amount * MEMBERS and time.monotonic() < end:
            await asyncio.sleep(0.05)
        spent = time.monotonic() - began
        for socket in sockets:
            socket.close()
    return {
        "deliveries": way.deliveries,
        "per_second": round(way.deliveries / spent),
        **quantiles(way.milliseconds()),
        "expected": amount * MEMBERS,
    }


async def _wake_the_reader(socket: Socket, thread: int) -> None:
    """One message there and back: a worker that still loads its model is not what we measure."""
    shown = asyncio.Event()

    def take(payload: bytes) -> None:
        if payload.startswith(ADVANCED) and b'"kind":"message.published"' in payload:
            shown.set()

    socket.on_frame = take
    send = {"client_id": str(uuid.uuid4()), "conversation": thread, "body": WORDS}
    socket.say({"type": "message.send", **send})
    await asyncio.wait_for(shown.wait(), 120)
