"""A phone as a program: the real protocol, and the client's own rules for a line that breaks."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import WebSocketException

from tests.faults.history import History
from tests.protocol.line import Line
from tests.protocol.phone import Phone

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 4.0
"""Full jitter, like the pages', but hastier: a run has minutes, not hours, and a crowd that is
back sooner is harder on the server."""

SILENCE_SECONDS = 50.0
"""As the pages have it: two heartbeats and a half, and the line is dead, whatever TCP says."""

ANSWER_SECONDS = 8.0
AGAIN_SECONDS = 4.0
"""As the pages have it: no answer in this time, or a "not now", and it is said again."""

LOOK_EVERY = 1.0

Broken = (OSError, WebSocketException, TimeoutError, ConnectionError, EOFError)


@dataclass(eq=False)
class FaultPhone:
    """One person's phone: an outbox, a screen per conversation, and a line that heals."""

    name: str
    user_id: int
    cookie: str
    conversations: list[int]
    urls: list[str]
    history: History
    dice: random.Random
    outbox: dict[str, dict[str, Any]] = field(default_factory=dict)
    screens: dict[int, Phone] = field(default_factory=dict)
    line: Line | None = None
    tries: int = 0
    connects: int = 0
    shown: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Per conversation what came, in the order in which frames brought it: id and words' hash."""

    pictured: dict[int, set[int]] = field(default_factory=dict)
    """Per conversation what the last snapshot held. Its head is read before its messages, so what
    was published in between comes once more in a frame, and the screen knows it by its id."""

    due: dict[str, float] = field(default_factory=dict)
    """When to say again what was not answered."""

    stopping: bool = False
    heard_at: float = 0.0

    async def live(self) -> None:
        """Connect, resume, read; again and again until told to stop."""
        while not self.stopping:
            try:
                await self._one_line()
            except Broken:
                pass
            except Exception as error:  # noqa: BLE001 — a phone that dies would look like a loss.
                self.history.disorder.append(f"{self.name} failed: {error!r}")
            finally:
                self.line = None
            if not self.stopping:
                await asyncio.sleep(
                    self.dice.random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**self.tries)
                )
                self.tries = min(self.tries + 1, 5)

    async def _one_line(self) -> None:
        url = self.dice.choice(self.urls)
        line = await Line.open(url, self.cookie, open_timeout=8, close_timeout=1)
        self.connects += 1
        self.heard_at = time.monotonic()
        try:
            follow = [
                (c, self.screens[c].head if c in self.screens else None) for c in self.conversations
            ]
            await line.resume(self.cookie, follow)
            await self._until_it_ends(line)
        finally:
            self.line = None
            line.socket.transport.abort()

    async def _until_it_ends(self, line: Line) -> None:
        """Read and nudge until one of them fails; nothing of this line stays behind."""
        both = [asyncio.create_task(job) for job in (self._read(line), self._nudge(line))]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _read(self, line: Line) -> None:
        while True:
            frame = await line.frame(within=2 * SILENCE_SECONDS)
            self.heard_at = time.monotonic()
            await self._take(line, frame)

    async def _take(self, line: Line, frame: dict[str, Any]) -> None:
        forget_what_is_not_compared(frame)
        match frame["type"]:
            case "session.ready":
                self.line, self.tries = line, 0
                for client_id in list(self.outbox):
                    await self._say(line, client_id)
            case "conversation.snapshot":
                self.show(frame)
            case "conversation.advanced":
                await self._advance(line, frame)
            case "heads":
                await self._compare(line, frame["heads"])
            case "message.accepted":
                self.outbox.pop(frame["client_id"], None)
                self.history.ok(frame["client_id"], frame["message"]["id"])
            case "help.accepted":
                self.outbox.pop(frame["client_id"], None)
                self.history.helped(frame["client_id"], frame["help"])
            case "error" if frame.get("ref") in self.outbox and frame.get("permanent", True):
                self.outbox.pop(frame["ref"])
                self.history.fail(frame["ref"], frame["code"])
            case "error" if frame.get("ref") in self.outbox:
                self.due[frame["ref"]] = time.monotonic() + AGAIN_SECONDS

    async def _compare(self, line: Line, heads: dict[str, int]) -> None:
        """As the pages do: what is behind, and what the server does not name, is followed again."""
        if self.line is not line:
            return
        for conversation in self.conversations:
            screen, head = self.screens.get(conversation), heads.get(str(conversation))
            if head is None:
                self.history.unnamed += 1
            if screen is None or head is None or head > screen.head:
                after = {} if screen is None else {"after": screen.head}
                await line.say("conversation.follow", conversation=conversation, **after)

    async def _advance(self, line: Line, frame: dict[str, Any]) -> None:
        screen = self.screens.get(frame["conversation"])
        if screen is None:
            return
        before = screen.head
        if not self.show(frame):
            await line.say("conversation.follow", conversation=frame["conversation"], after=before)
            return
        self.history.saw(self.name, frame)

    def show(self, frame: dict[str, Any]) -> bool:
        """Apply a snapshot or a frame, and remember what it brought in which order.

        The screen sorts what it shows, and would hide what came in the wrong order or twice.
        ``False`` means a gap.
        """
        conversation = frame["conversation"]
        screen = self.screens.setdefault(conversation, Phone())
        before = screen.head
        if not screen.take(frame):
            return False
        if "messages" in frame:
            self.shown[conversation] = [_mark(m) for m in frame["messages"] if m.get("position")]
            self.pictured[conversation] = {pk for pk, _ in self.shown[conversation]}
        brought = self.shown.setdefault(conversation, [])
        pictured = self.pictured.setdefault(conversation, set())
        for event in frame.get("events", ()):
            is_new = event["seq"] > before and event["kind"] == "message.published"
            if not is_new or not event.get("message"):
                continue
            if event["message"]["id"] in pictured:
                pictured.discard(event["message"]["id"])
            else:
                brought.append(_mark(event["message"]))
        return True

    async def _nudge(self, line: Line) -> None:
        """Say again what was not answered, and give up a line that is silent."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = time.monotonic()
            if now - self.heard_at > SILENCE_SECONDS:
                raise ConnectionError
            if self.line is not line:
                continue
            for client_id in [key for key in self.outbox if self.due.get(key, 0.0) < now]:
                await self._say(line, client_id)

    async def _say(self, line: Line, client_id: str) -> None:
        self.due[client_id] = time.monotonic() + ANSWER_SECONDS
        await line.say(**self.outbox[client_id])

    async def send(self, conversation: int, body: str) -> None:
        """Write: into the outbox first, then down the line if there is one."""
        client_id = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        self.history.invoke(client_id, self.name, conversation, body)
        await self._hand(
            client_id,
            {
                "kind": "message.send",
                "client_id": client_id,
                "conversation": conversation,
                "body": body,
            },
        )

    async def ask_for_help(self) -> None:
        client_id = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        self.history.invoke(client_id, self.name, 0, "")
        await self._hand(client_id, {"kind": "help.request", "client_id": client_id})

    async def _hand(self, client_id: str, send: dict[str, Any]) -> None:
        self.outbox[client_id] = send
        if self.line is not None:
            try:
                await self._say(self.line, client_id)
            except Broken:
                return


def forget_what_is_not_compared(frame: dict[str, Any]) -> None:
    """Of a message a screen keeps which it is, where it stands and its words' hash."""
    for event in frame.get("events", ()):
        if event.get("message"):
            event["message"] = slim(event["message"])
    if "messages" in frame:
        frame["messages"] = [slim(message) for message in frame["messages"]]


def slim(message: dict[str, Any]) -> dict[str, Any]:
    """What is compared afterwards: long runs have many messages."""
    kept = {name: message[name] for name in ("id", "position") if message.get(name)}
    return {**kept, "words": hash(message["body"])}


def _mark(message: dict[str, Any]) -> tuple[int, int]:
    return message["id"], message["words"]
