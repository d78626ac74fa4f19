"""What is still to come after the storm, counted; the calm lasts as long as it gets less."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from django.db import Error as DatabaseError

from chat.access import access_conversation
from chat.kernel.db import run_db
from chat.models import Message, User
from chat.realtime import feed
from chat.realtime.protocol import ConversationSnapshot
from moderation.models import Assessment
from tests.faults.phone import FaultPhone

PATIENCE = 240.0
"""Seconds without any progress after which we stop waiting. A killed worker's lease takes 60."""

LOOK_EVERY = 0.5

Left = Callable[[], Awaitable[int]]
Say = Callable[[str], None]


def unread() -> int:
    """Messages without a verdict, and verdicts not yet brought before anybody."""
    messages = Message.objects.filter(due_at__isnull=False).count()
    return messages + Assessment.objects.filter(due_at__isnull=False).count()


def screens_behind(phones: Sequence[FaultPhone]) -> int:
    """Screens that the next look would add something to.

    A peer's screen does not advance over what is not for peers, so heads are not compared.
    """
    behind = 0
    people = User.objects.in_bulk({phone.user_id for phone in phones})
    for phone in phones:
        for conversation in phone.conversations:
            screen = phone.screens.get(conversation)
            if screen is None:
                behind += 1
                continue
            seat = access_conversation(people[phone.user_id], conversation)
            frame = feed.catch_up(seat, screen.head)
            behind += isinstance(frame, ConversationSnapshot) or bool(frame.events)
    return behind


async def calm(phones: Sequence[FaultPhone], say: Say) -> None:
    """Wait until everything is answered, read and on every screen; says what did not come."""

    async def unanswered() -> int:
        return sum(len(phone.outbox) for phone in phones)

    async def not_read() -> int:
        return await run_db(unread)

    async def not_seen() -> int:
        return await run_db(screens_behind, phones)

    for left, what in ((unanswered, "answers"), (not_read, "verdicts"), (not_seen, "screens")):
        missing = await until_none(left)
        if missing:
            say(f"{missing} {what} did not come, and nothing moved for {PATIENCE:.0f} s")


async def until_none(left: Left) -> int:
    """Wait while the number gets less; returns what is left once it is 0, or stands still."""
    least, since = await _count(left, 1 << 60), time.monotonic()
    while least and time.monotonic() - since < PATIENCE:
        await asyncio.sleep(LOOK_EVERY)
        now = await _count(left, least)
        if now < least:
            least, since = now, time.monotonic()
    return least


async def _count(left: Left, otherwise: int) -> int:
    try:
        return await left()
    except DatabaseError:
        return otherwise  # It was restarted under us; the next look has a new connection.
