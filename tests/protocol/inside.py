"""A socket to the real ASGI application without a server between: fast, and every frame is seen."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings

from chat.models import User
from chat.realtime.tickets import make_ticket
from config.asgi import router
from tests.conftest import cookie_for

HOST = "testserver"


class Inside:
    """One open socket of one person."""

    def __init__(self, wire: Any, session_key: str) -> None:
        self.wire = wire
        self.session_key = session_key

    @classmethod
    async def open(
        cls, user: User | None, *, origin: str | None = f"http://{HOST}", key: str = ""
    ) -> Inside:
        """Connect, signed in or not, by a session made before or one of its own; says nothing yet.

        ``accepted``, ``code``: how it went.
        """
        cookies = await sync_to_async(cookie_for)(user) if user and not key else {}
        key = key or cookies.get(settings.SESSION_COOKIE_NAME, "")
        headers = [(b"host", HOST.encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if key:
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode()))
        wire: Any = WebsocketCommunicator(router, "/socket", headers=headers)
        inside = cls(wire, key)
        inside.accepted, inside.code = await wire.connect(timeout=10)
        return inside

    accepted: bool
    code: int | None

    @classmethod
    async def ready(cls, user: User, *follow: dict[str, int]) -> Inside:
        """Connect and resume; every frame up to ``session.ready`` is taken."""
        inside = await cls.open(user)
        await inside.resume(*follow)
        await inside.take("session.ready")
        return inside

    async def resume(self, *follow: dict[str, int]) -> None:
        await self.say("session.resume", ticket=make_ticket(self.session_key), follow=list(follow))

    async def say(self, kind: str, **fields: Any) -> None:
        await self.raw(json.dumps({"type": kind, **fields}))

    async def raw(self, text: str | bytes) -> None:
        """Whatever somebody might send."""
        kind = "text" if isinstance(text, str) else "bytes"
        await self.wire.send_input({"type": "websocket.receive", kind: text})

    async def frame(self, within: float = 10) -> dict[str, Any]:
        """The next frame; ``ConnectionError`` with the code when the server closed instead."""
        out = await self.wire.receive_output(within)
        if out["type"] == "websocket.close":
            raise ConnectionError(out.get("code"))
        found: dict[str, Any] = json.loads(out["text"])
        return found

    async def take(self, kind: str, within: float = 10) -> dict[str, Any]:
        """The next frame of this kind; others are passed over."""
        async with asyncio.timeout(within):
            while True:
                frame = await self.frame(within)
                if frame["type"] == kind:
                    return frame

    async def frames(self, *kinds: str) -> list[dict[str, Any]]:
        """As many frames, which must be of these kinds in this order."""
        found = [await self.frame() for _ in kinds]
        assert [frame["type"] for frame in found] == list(kinds)
        return found

    async def both(self, one: str, other: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The first frame of each kind, whichever comes first; others are passed over."""
        found: dict[str, dict[str, Any]] = {}
        while not {one, other} <= found.keys():
            frame = await self.frame()
            found.setdefault(frame["type"], frame)
        return found[one], found[other]

    async def kinds(self, count: int) -> list[str]:
        """Of which kinds the next frames are."""
        return [(await self.frame())["type"] for _ in range(count)]

    async def is_quiet(self) -> bool:
        """Nothing comes for a moment."""
        return bool(await self.wire.receive_nothing(timeout=0.3))

    async def lives(self) -> bool:
        """The socket still answers."""
        await self.say("ping")
        await self.take("heads")
        return True

    async def ended(self, within: float = 10) -> int:
        """The code with which the server closes."""
        try:
            while True:
                await self.frame(within)
        except ConnectionError as closed:
            return int(closed.args[0])

    async def close(self) -> None:
        await self.wire.disconnect()
