"""What each client frame does: one function per frame, an ordinary action behind each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from chat.access import Audience, access_typing
from chat.actions import help as help_actions
from chat.actions import messages as message_actions
from chat.actions.sending import Draft
from chat.kernel import clock
from chat.kernel.db import run_db
from chat.kernel.doorbell import doorbell, typing_topic
from chat.kernel.errors import Denied, DomainError, Invalid
from chat.models import Message, User
from chat.realtime import feed
from chat.realtime import protocol as p
from chat.realtime.arrivals import arrivals
from chat.realtime.connection import RESYNC_CODE, Connection
from chat.realtime.hub import SHUT_OUT_CODE, SIGNED_OUT_CODE, hub
from chat.realtime.writer import writer
from chat.states import MachineReading
from chat.words import refusal

SESSION_TRUST_SECONDS = 3.0
"""How long a session that was good a moment ago is taken to be so without looking again."""


async def obey(connection: Connection, frame: p.AnyClientFrame) -> None:
    """Carry out one frame; raises ``DomainError`` with the refusal."""
    await check_session(connection)
    match frame:
        case p.MessageSend():
            await message_send(connection, frame)
        case p.ConversationFollow():
            await present(connection)
            await connection.caught_up()
            await hub().rooms.follow(connection, frame.conversation, frame.after)
        case p.ConversationUnfollow():
            hub().rooms.unfollow(connection, frame.conversation)
        case p.HelpRequest():
            await help_request(connection, frame)
        case p.MessageEdit():
            await run_db(
                message_actions.edit_message,
                by=await present(connection),
                message_id=frame.message,
                body=frame.body,
                revision=frame.revision,
            )
        case p.MessageWithdraw():
            await run_db(
                message_actions.withdraw_message,
                by=await present(connection),
                message_id=frame.message,
            )
        case p.TypingTell():
            await typing_tell(connection, frame)
        case p.Ping():
            connection.push(p.encode(hub().rooms.heads(connection)))
        case p.SessionResume():
            raise Invalid("frame_unknown")


async def session_resume(connection: Connection, frame: p.SessionResume) -> None:
    """Join, and follow what the phone names: all of it, or the line ends and the phone tries again.

    A line whose session began by half would answer pings and never be ready, and the phone would
    keep its words for itself. What the person is told of themselves is read while the first
    conversation is: a phone that comes in waits for the longer of the two.
    """
    await check_session(connection)
    hub().enter(connection)
    try:
        await asyncio.gather(hub().tell(connection), _follow_all(connection, frame.follow))
    except Exception:
        connection.hang_up(RESYNC_CODE)
        raise
    connection.push(p.encode(p.SessionReady(person=feed.person_view(connection.user))))


async def _follow_all(connection: Connection, follows: list[p.Follow]) -> None:
    for follow in follows:
        await connection.caught_up()
        await _follow_or_refuse(connection, follow)


async def _follow_or_refuse(connection: Connection, follow: p.Follow) -> None:
    try:
        await hub().rooms.follow(connection, follow.conversation, follow.after)
    except Denied as error:
        ref = f"conversation:{follow.conversation}"
        refused = p.Error(code=error.code, text=refusal(error.code), ref=ref, permanent=True)
        connection.push(p.encode(refused))


def session_is_fresh(connection: Connection) -> bool:
    """Whether it was seen to be good a moment ago."""
    return time.monotonic() - connection.session_seen < SESSION_TRUST_SECONDS


async def check_session(connection: Connection) -> None:
    """Nothing is obeyed for a session that ended, though its ring and its close were lost."""
    if session_is_fresh(connection):
        return
    if not await arrivals().sessions.ask(connection.session_key):
        connection.hang_up(SIGNED_OUT_CODE)
        raise Denied("signed_out", permanent=False)
    connection.session_seen = time.monotonic()


async def present(connection: Connection) -> User:
    """The person as they are now: a ban counts from the next frame on, even when its ring was lost.

    (Sends read their authors again inside their own transaction.)
    """
    user = await arrivals().people.ask(connection.user.pk)
    if user is None or user.role != connection.user.role:
        connection.hang_up(SHUT_OUT_CODE)
        raise Denied
    connection.user = user
    return user


def begin(
    connection: Connection, frame: p.AnyClientFrame, told: Callable[[Exception | None], None]
) -> bool:
    """Start a send and say so; ``False`` for any other frame, or if the session is to be looked at.

    Nearly all that phones say is this, and a task to wait in would cost as much as the answer.
    ``told`` hears once that it was answered, or what went wrong; raises ``DomainError``.
    """
    if not isinstance(frame, p.MessageSend) or not session_is_fresh(connection):
        return False

    def answer(outcome: Message | DomainError) -> None:
        wrong: Exception | None = None
        try:
            if isinstance(outcome, DomainError):
                raise outcome
            connection.push(p.encode(accepted(outcome)))
        except Exception as error:  # noqa: BLE001 — untold, the phone would wait, and say no more.
            wrong = error
        told(wrong)

    writer().take(_draft(connection, frame), answer)
    return True


def _draft(connection: Connection, frame: p.MessageSend) -> Draft:
    return Draft(connection.user, frame.conversation, frame.client_id, frame.body)


async def message_send(connection: Connection, frame: p.MessageSend) -> None:
    message = await writer().send(_draft(connection, frame))
    connection.push(p.encode(accepted(message)))


def accepted(message: Message) -> p.MessageAccepted:
    """The answer to a send: the author's own view, and who reads it first."""
    view = feed.message_view(message, reader_id=message.author_id, audience=Audience.MEMBER)
    if view is None:
        raise Invalid("internal")
    by_person = message.machine_reading == MachineReading.NOT_READ
    return p.MessageAccepted(
        client_id=str(message.client_id),
        conversation=message.conversation_id,
        message=view,
        reading="person" if by_person else "machine",
    )


async def typing_tell(connection: Connection, frame: p.TypingTell) -> None:
    """Tell the others; too soon after the last time, nothing happens. There is no row of it."""
    if not connection.typing_rate.take():
        return
    user = await present(connection)
    await run_db(access_typing, user, frame.conversation, now=clock.now())
    doorbell().rung(typing_topic(frame.conversation), user.pk)


async def help_request(connection: Connection, frame: p.HelpRequest) -> None:
    request = await run_db(
        help_actions.request_help,
        by=await present(connection),
        client_id=frame.client_id,
        about_message_id=frame.about_message,
    )
    answer = p.HelpAccepted(
        client_id=str(frame.client_id), help=request.pk, conversation=request.conversation_id
    )
    connection.push(p.encode(answer))
