"""The socket: decode, hand on, answer. It carries and does not think."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from chat.kernel.errors import Denied, DomainError, Invalid
from chat.realtime import commands, protocol
from chat.realtime.connection import Connection
from chat.realtime.feed import person_view
from chat.realtime.hub import hub
from chat.realtime.tickets import check_ticket
from chat.words import refusal

log = logging.getLogger(__name__)

RESUME_WITHIN_SECONDS = 10.0
SIGN_IN_CODE = 4401
TOO_LARGE_CODE = 1009


class SocketConsumer(AsyncConsumer):  # type: ignore[misc]
    """One phone's socket.

    It takes no events from the channel layer: the hub writes to it directly. ``dispatch`` skips
    Channels' hop through the one database thread, which would let any slow query of one socket
    delay every other; what touches the database here goes through ``run_db``.
    """

    channel_layer_alias = "none"
    connection: Connection | None = None
    _deadline: asyncio.TimerHandle | None = None

    async def dispatch(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.receive":
                await self.receive(message)
            case "websocket.connect":
                await self.connect()
            case "websocket.disconnect":
                self.disconnect()
                raise StopConsumer

    async def connect(self) -> None:
        await self.send({"type": "websocket.accept"})
        if not self.scope["user"].is_authenticated:
            await self.close(SIGN_IN_CODE)
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(RESUME_WITHIN_SECONDS, self._too_late)

    def disconnect(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        if self.connection:
            hub().leave(self.connection)

    async def receive(self, message: dict[str, Any]) -> None:
        """One frame in. Whatever is wrong with it, the answer is a frame and the socket lives."""
        text = message.get("text")
        ref = ""
        try:
            if text is None:
                raise Invalid("frame_not_text")
            if len(text) > 64 * 1024:
                await self.close(TOO_LARGE_CODE)
                return
            frame = protocol.decode(text)
            ref = str(getattr(frame, "client_id", ""))
            await self._obey(frame)
        except DomainError as error:
            await self._refuse(error.code, ref or protocol.ref_of(text or ""), error.permanent)
        except Exception as error:  # noqa: BLE001 — an exception here would close the socket.
            log.error("frame failed: %s", type(error).__name__)
            await self._refuse("internal", ref, permanent=False)

    async def _obey(self, frame: protocol.AnyClientFrame) -> None:
        if self.connection is not None:
            await commands.obey(self.connection, frame)
        elif isinstance(frame, protocol.SessionResume):
            await self._resume(frame)
        else:
            raise Invalid("not_resumed")

    async def _resume(self, frame: protocol.SessionResume) -> None:
        user = self.scope["user"]
        if not user.is_authenticated or not check_ticket(
            frame.ticket, self.scope["session"].session_key
        ):
            await self._refuse("ticket_invalid", "", permanent=True)
            await self.close(SIGN_IN_CODE)
            return
        if self._deadline:
            self._deadline.cancel()
        self.connection = Connection(user, self._send_text, self.close)
        await hub().join(self.connection)
        for follow in frame.follow:
            try:
                await hub().follow(self.connection, follow.conversation, follow.after)
            except Denied as error:
                await self._refuse(error.code, f"conversation:{follow.conversation}", True)
        self.connection.push(protocol.encode(protocol.SessionReady(person=person_view(user))))

    async def _refuse(self, code: str, ref: str, permanent: bool) -> None:
        frame = protocol.Error(code=code, text=refusal(code), ref=ref, permanent=permanent)
        if self.connection is not None:
            self.connection.push(protocol.encode(frame))
        else:
            await self._send_text(protocol.encode(frame))

    async def _send_text(self, text: str) -> None:
        await self.send({"type": "websocket.send", "text": text})

    async def close(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code})

    def _too_late(self) -> None:
        task = asyncio.get_running_loop().create_task(self.close(SIGN_IN_CODE))
        task.add_done_callback(lambda done: done.exception())
