"""From words of crisis to the people who must know: a case's row, and a clinician's screen."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async

from chat.models import User
from chat.states import Role
from tests.bench import fanout, people
from tests.bench.crowd import Socket, quantiles
from tests.bench.crowds import sit_down
from tests.bench.stage import Stage
from triage.models import CaseSource

RATE = 2.0
"""People a second who say that they are in danger, each of them once."""

WITHIN = 60.0
READY_WITHIN = 300.0
"""A worker on a machine that never ran one makes the fast form of its classifier first."""

LOOK_EVERY = 0.005
WORDS = "I want to die tonight and nobody would notice"
ACCEPTED = b'{"type":"message.accepted"'
CHANGED = b'{"type":"queue.changed"'
NAIVE_MEMBERS = 10


@dataclass
class Watch:
    """Moments, in seconds: accepted, then in a row, then on the list that a clinician fetched."""

    accepted: dict[int, float] = field(default_factory=dict)
    row: dict[int, float] = field(default_factory=dict)
    screen: dict[int, float] = field(default_factory=dict)
    rings: int = 0
    heard: asyncio.Queue[float] = field(default_factory=asyncio.Queue)

    def author(self, payload: bytes) -> None:
        if payload.startswith(ACCEPTED):
            at = time.monotonic()
            number = payload.index(b'"message":{"id":') + len(b'"message":{"id":')
            self.accepted[int(payload[number : payload.index(b",", number)])] = at

    def clinician(self, payload: bytes) -> None:
        if payload.startswith(CHANGED):
            self.rings += 1
            self.heard.put_nowait(time.monotonic())

    async def fetch(self) -> None:
        """As the page does on a ring: fetch the list. A ring that came too soon shows nothing."""
        while True:
            at = await self.heard.get()
            for message in await sync_to_async(_on_the_list)():
                self.screen.setdefault(message, at)

    async def look_for_rows(self) -> None:
        while True:
            found = await sync_to_async(_on_the_list)()
            at = time.monotonic()
            for message in found:
                self.row.setdefault(message, at)
            await asyncio.sleep(LOOK_EVERY)

    def late(self, moments: dict[int, float]) -> list[float]:
        both = self.accepted.keys() & moments.keys()
        return [max(0.0, moments[key] - self.accepted[key]) * 1000 for key in both]


def _on_the_list() -> list[int]:
    """Messages for which somebody is on the clinicians' list."""
    return list(
        CaseSource.objects.filter(message_id__isnull=False).values_list("message_id", flat=True)
    )


def _clinician() -> User:
    name = f"cleo-{uuid.uuid4().hex[:8]}"
    return User.objects.create_staff(
        username=name, nickname="Cleo", role=Role.CLINICIAN, password=None
    )


async def measure(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    """A few people in danger, one after the other; a web process and a worker."""
    found = await _ours(stage, max(3, int(seconds * RATE)))
    with stage.naive(save=True, detoxify=True) as (port, process):
        found["b, send to a socket"] = await fanout.rooms(
            port,
            process,
            path="/ws/chat/danger/",
            members=NAIVE_MEMBERS,
            seconds=seconds,
            fast=False,
        )
    return found


async def _ours(stage: Stage, amount: int) -> dict[str, dict[str, Any]]:
    thread, _ = await sync_to_async(people.thread_with)(5)
    users = await sync_to_async(people.young_people)(amount + 1)
    cookies = await sync_to_async(people.cookies_of)(users)
    (staff,) = await sync_to_async(people.cookies_of)([await sync_to_async(_clinician)()])
    watch = Watch()
    with stage.ours(workers=1) as (port,):
        sockets = [await sit_down(port, cookie, thread.pk) for cookie in cookies]
        desk = await sit_down(port, staff, thread.pk)
        desk.on_frame = watch.clinician
        looking = [asyncio.create_task(job) for job in (watch.fetch(), watch.look_for_rows())]
        try:
            await _say_it(watch, sockets[:1], thread.pk, READY_WITHIN)
            watch.accepted.clear()
            watch.rings = 0
            await _say_it(watch, sockets[1:], thread.pk, WITHIN)
        finally:
            for task in looking:
                task.cancel()
        for socket in (desk, *sockets):
            socket.close()
    common = {"sent": amount, "accepted": len(watch.accepted)}
    row, screen = watch.late(watch.row), watch.late(watch.screen)
    return {
        "ours, accepted to a case's row": {**common, "arrived": len(row), **quantiles(row)},
        "ours, accepted to a clinician's screen": {
            **common,
            "arrived": len(screen),
            "rings": watch.rings,
            **quantiles(screen),
        },
    }


async def _say_it(watch: Watch, sockets: list[Socket], thread: int, within: float) -> None:
    """Each once, at the rate; then until all of it is on the list and on the screen."""
    began, wanted = time.monotonic(), len(sockets)
    for number, socket in enumerate(sockets):
        socket.on_frame = watch.author
        send = {"client_id": str(uuid.uuid4()), "conversation": thread, "body": WORDS}
        socket.say({"type": "message.send", **send})
        await asyncio.sleep(max(0.0, began + (number + 1) / RATE - time.monotonic()))
    end = time.monotonic() + within
    while (
        time.monotonic() < end
        and min(len(watch.late(watch.row)), len(watch.late(watch.screen))) < wanted
    ):
        await asyncio.sleep(0.05)
