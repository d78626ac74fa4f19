"""The socket: decode, hand on, answer. It carries and does not think."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from channels.consumer import AsyncConsumer

from chat.kernel.errors import DomainError, Invalid
from chat.realtime import commands, drain, protocol
from chat.realtime.arrivals import arrivals
from chat.realtime.connection import Connection
from chat.realtime.hub import hub
from chat.realtime.inbox import Inbox, Told
from chat.realtime.limits import BUSY_CODE, FLOOD_CODE, FrameRate, SharedRate, census
from chat.realtime.standing import Visitor, cookie_of
from chat.realtime.tickets import check_ticket
from chat.realtime.wire import wire_of
from chat.words import refusal

log = logging.getLogger(__name__)

RESUME_WITHIN_SECONDS = 10.0
SIGN_IN_CODE = 4401
TOO_LARGE_CODE = 1009
MAX_SOCKET_CHARACTERS = 64 * 1024  # Past a frame of ours we answer; past this we hang up.


class SocketConsumer(AsyncConsumer):  # type: ignore[misc]
    """One phone's socket.

    It takes no events from the channel layer: the hub writes to it. What touches the database goes
    through ``run_db``, not Channels' one thread, where a slow query delays every other socket.
    """

    connection: Connection | None = None
    resumed = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        address = str((scope.get("client") or ("",))[0])
        refused = census.admit(address)
        try:
            await receive()
            await send({"type": "websocket.accept"})
            refused = refused or drain.closing_code()
            key = "" if refused else cookie_of(scope)
            visitor = await arrivals().visitors.ask(key) if key else Visitor(None)
            # A handshake may take longer than it takes to close everybody who was here.
            refused = refused or drain.closing_code()
            if refused or visitor.user is None:
                return await wire_of(send).close(refused or SIGN_IN_CODE)
            self.connection = Connection(visitor.user, visitor.session_key, send)
            await self._listen(self.connection, receive)
        finally:
            census.dismiss(address)

    async def _listen(self, connection: Connection, receive: Any) -> None:
        self.rate, self.help_rate = SharedRate(connection.user.pk), FrameRate()
        self.inbox = Inbox(self._obey, self._refuse, self._begin)
        self.help_inbox = Inbox(self._obey, self._refuse)
        drain.watch(connection, self.inbox, self.help_inbox)
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(RESUME_WITHIN_SECONDS, self._too_late, connection)
        try:
            connection.hear(self._take)
            while (message := await receive())["type"] != "websocket.disconnect":
                self._take(message)
        finally:
            deadline.cancel()
            self.rate.let_go()
            drain.forget(connection)
            self.inbox.shut()
            self.help_inbox.shut()
            hub().leave(connection)

    def _take(self, message: dict[str, Any]) -> None:
        if (connection := self.connection) is None or connection.is_closed:
            return
        text, data = message.get("text"), message.get("bytes")
        try:
            if len(text or data or b"") > MAX_SOCKET_CHARACTERS:
                connection.hang_up(TOO_LARGE_CODE, stop_reading=True)
            else:
                self.receive(connection, text)
        except Exception as error:  # noqa: BLE001 — an exception here would close the socket.
            log.error("frame not taken: %s", type(error).__name__)
            self._refuse("internal", "", False)

    def receive(self, connection: Connection, text: str | None) -> None:
        """One frame in; never waits. Too fast, and it is refused; too fast for long, and we end."""
        try:
            if text is None:
                raise Invalid("frame_not_text")
            frame = protocol.decode(text)
        except DomainError as error:
            ref = protocol.ref_of(text or "")
            if self.rate.take():
                self._refuse(error.code, ref, error.permanent)
            else:
                self._slow_down(connection, ref)
            return
        if isinstance(frame, protocol.HelpRequest):
            # Past the rate and past the line, and never left without an answer.
            line = self.help_inbox if self.resumed else self.inbox
            if not (self.help_rate.take() and line.put(frame)):
                self._refuse("slow_down", str(frame.client_id), False)
        elif not self.rate.take(coming_in=isinstance(frame, protocol.SessionResume)):
            self._slow_down(connection, str(getattr(frame, "client_id", "")))
        elif not self.inbox.put(frame):
            self._refuse("slow_down", str(getattr(frame, "client_id", "")), False)

    def _slow_down(self, connection: Connection, ref: str) -> None:
        if self.rate.is_flood:
            connection.hang_up(FLOOD_CODE, stop_reading=True)
        else:
            self._refuse("slow_down", ref, False)

    async def _obey(self, frame: protocol.AnyClientFrame) -> None:
        if self.connection is None:
            return
        if self.resumed:
            await commands.obey(self.connection, frame)
        elif isinstance(frame, protocol.SessionResume):
            await self._resume(self.connection, frame)
        else:
            raise Invalid("not_resumed")

    def _begin(self, frame: protocol.AnyClientFrame, told: Told) -> bool:
        """A send is not waited for here: whoever saves it says when it is done."""
        connection = self.connection if self.resumed else None
        return connection is not None and commands.begin(connection, frame, told)

    async def _resume(self, connection: Connection, frame: protocol.SessionResume) -> None:
        if not check_ticket(frame.ticket, connection.session_key):
            self._refuse("ticket_invalid", "", True)
            connection.hang_up(SIGN_IN_CODE)
            return
        self.resumed = True
        await commands.session_resume(connection, frame)

    def _refuse(self, code: str, ref: str, permanent: bool) -> None:
        frame = protocol.Error(code=code, text=refusal(code), ref=ref, permanent=permanent)
        if self.connection is not None:
            self.connection.push(protocol.encode(frame))

    def _too_late(self, connection: Connection) -> None:
        if not self.resumed:  # Their session may live: the network went, or we stood still.
            connection.hang_up(BUSY_CODE)
