"""Phones that speak the real protocol to a running server."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect

from chat.realtime.limits import PER_SECONDS
from triage.replay.people import Pass

ANSWER_SECONDS = 60.0
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Posted:
    """One accepted message, by the phone's own clock (seconds, monotonic)."""

    message_id: int
    row: int
    accepted_at: float


@dataclass(slots=True)
class Progress:
    posted: list[Posted] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    """The code of each row that was refused for good, by its number."""

    seen: dict[int, float] = field(default_factory=dict)
    """When the reading peer's phone was sent each message."""

    @property
    def answered(self) -> int:
        """Rows that were accepted or refused for good."""
        return len(self.posted) + len(self.refused)


class Pace:
    """Keeps one phone within what the server lets one phone send in ten seconds."""

    def __init__(self, frames: int) -> None:
        self._step = PER_SECONDS / frames
        self._burst = PER_SECONDS - 2 * self._step
        self._next = 0.0

    async def wait(self) -> None:
        """Until one more frame is within the rate; a short burst goes at once."""
        now = time.monotonic()
        self._next = max(self._next + self._step, now - self._burst)
        await asyncio.sleep(max(0.0, self._next - now))


def _connect(url: str, who: Pass) -> Any:
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return connect(
        f"{scheme}://{parts.netloc}/socket",
        additional_headers={"Cookie": who.cookie},
        origin=f"{parts.scheme}://{parts.netloc}",  # type: ignore[arg-type]
        max_size=None,
        compression=None,
    )


async def _until(socket: ClientConnection, *types: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        if frame["type"] in types:
            return frame


async def read_along(
    url: str, who: Pass, threads: list[int], progress: Progress, ready: asyncio.Event
) -> None:
    """A peer with the threads open: notes when each message reaches the screen."""
    async with _connect(url, who) as socket:
        follow = [{"conversation": thread} for thread in threads]
        await socket.send(
            json.dumps({"type": "session.resume", "ticket": who.ticket, "follow": follow})
        )
        await _until(socket, "session.ready")
        ready.set()
        async for text in socket:
            now = time.monotonic()
            frame = json.loads(text)
            for event in frame.get("events", ()):
                if event.get("message"):
                    progress.seen.setdefault(event["message_id"], now)


async def post(
    url: str, who: Pass, work: asyncio.Queue[tuple[int, int, str]], progress: Progress
) -> None:
    """One person: takes rows from ``work`` and sends each, waiting for its answer."""
    async with _connect(url, who) as socket:
        await socket.send(json.dumps({"type": "session.resume", "ticket": who.ticket}))
        await _until(socket, "session.ready")
        pace = Pace(settings.SOCKET_FRAMES)
        while True:
            row, thread, text = await work.get()
            try:
                await pace.wait()
                await _post_one(socket, row, thread, text, progress)
            finally:
                work.task_done()


async def _post_one(
    socket: ClientConnection, row: int, thread: int, text: str, progress: Progress
) -> None:
    frame = {
        "type": "message.send",
        "client_id": str(uuid.uuid4()),
        "conversation": thread,
        "body": text,
    }
    while True:
        await socket.send(json.dumps(frame))
        answer = await asyncio.wait_for(
            _until(socket, "message.accepted", "error"), timeout=ANSWER_SECONDS
        )
        if answer["type"] == "message.accepted":
            accepted = Posted(answer["message"]["id"], row, time.monotonic())
            progress.posted.append(accepted)
            return
        if answer.get("permanent", True):
            progress.refused[row] = answer["code"]
            return
        await asyncio.sleep(RETRY_SECONDS)
