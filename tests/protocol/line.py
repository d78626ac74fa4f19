"""A socket of ours as another program would write it, for tests against real servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chat.realtime.tickets import make_ticket

Follows = Sequence[tuple[int, int | None]]


class Line:
    """One open socket: send frames, take frames, see how it ended."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    async def open(
        cls, url: str, cookie: str, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Line:
        """Connect with a session's cookie, from the page's own origin; says nothing yet."""
        parts = urlsplit(url)
        said = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", **(headers or {})}
        ours: dict[str, Any] = {"origin": f"http://{parts.netloc}", "compression": None}
        quiet = {**ours, "ping_interval": None, "max_size": None, **options}
        return cls(await connect(url, additional_headers=said, **quiet))

    @classmethod
    async def ready(cls, url: str, cookie: str, follow: Follows = (), **options: Any) -> Line:
        """Connect, prove the page, and wait until the server has answered every follow."""
        line = await cls.open(url, cookie, **options)
        await line.resume(cookie, follow)
        await line.take("session.ready")
        return line

    async def resume(self, cookie: str, follow: Follows = ()) -> None:
        follows = [{"conversation": c, **({} if a is None else {"after": a})} for c, a in follow]
        await self.say("session.resume", ticket=make_ticket(cookie), follow=follows)

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def frame(self, within: float = 10) -> dict[str, Any]:
        """The next frame, whatever it is."""
        found: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), within))
        return found

    async def take(self, *kinds: str, within: float = 10) -> dict[str, Any]:
        """The next frame of one of these kinds; others are passed over."""
        async with asyncio.timeout(within):
            while True:
                frame = await self.frame(within)
                if frame["type"] in kinds:
                    return frame

    async def end(self, within: float = 10) -> int:
        """Read until the server closes; returns its code (1006: it never said)."""
        try:
            async with asyncio.timeout(within):
                while True:
                    await self.socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    async def close(self) -> None:
        await self.socket.close()
