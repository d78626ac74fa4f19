"""What becomes of messages that no machine reads in time: their authors and staff are told so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet

from chat.actions.feed import lock_conversations
from chat.actions.messages import mark_reading
from chat.kernel import clock
from chat.kernel.doorbell import ALERTS, ring_on_commit
from chat.models import Message
from chat.states import ConversationKind, MachineReading, MessageState, Notice

UNREAD_AFTER = dt.timedelta(seconds=20)
"""When the author is told that a person will read it, and clinicians that messages wait to be read.
Moderators see it a little earlier."""

LATER = dt.timedelta(seconds=60)
"""What a reader left unread is read again after so long at the earliest."""

LEFT = Q(lease_until__isnull=False, lease_token__isnull=True)
"""Messages that were read in part: at least one reader could not, and said so. They are due still,
wait for that reader, and are counted as unread as long. All others come before them."""


def unread_step() -> int:
    """Tell the authors of posts that no machine has read in time that a person will.

    Private words that nobody has read in time are marked as such, for those in the talk.

    Must run apart from the reading, which may be the very thing that stands still.
    """
    now = clock.now()
    post = Q(conversation__kind=ConversationKind.THREAD, state=MessageState.PENDING)
    told = Q(machine_reading=MachineReading.NOT_READ, notice=Notice.UNREAD)
    talk = Q(conversation__kind=ConversationKind.ONE_TO_ONE, machine_reading=MachineReading.WAITING)
    with transaction.atomic():
        late = (
            Message.objects.filter(
                clock.long_ago("created_at", than=UNREAD_AFTER, now=now),
                clock.long_ago("due_at", than=UNREAD_AFTER, now=now),
                (post & ~told) | talk,
            )
            .select_related("conversation")
            .select_for_update(no_key=True, of=("self",))
            .order_by("pk")[:500]
        )
        return mark_unread(list(late))


def mark_unread(messages: Sequence[Message]) -> int:
    """Say that no machine has read these; returns how many did not say so yet.

    The author of a post that waits is told that a person will read it. A private talk goes on.
    Call inside the transaction that holds their rows.
    """
    lock_conversations({message.conversation_id for message in messages})
    posts = [m for m in messages if _waits(m)]
    others = [m for m in messages if not _waits(m)]
    marked = mark_reading(messages=posts, reading=MachineReading.NOT_READ, notice=Notice.UNREAD)
    marked += mark_reading(messages=others, reading=MachineReading.NOT_READ)
    if marked:
        ring_on_commit(ALERTS)
    return marked


def _waits(message: Message) -> bool:
    thread = message.conversation.kind == ConversationKind.THREAD
    return thread and message.state == MessageState.PENDING


def leave_for_later(keys: Collection[int]) -> None:
    """These were read in part, and what came of it is kept. The caller holds their rows.

    The try counts: what no reader that works can read is not tried for ever.
    """
    until = clock.now() + LATER
    Message.objects.filter(pk__in=keys).update(lease_until=until, lease_token=None)


def give_up(batch: Sequence[Message], *, attempts: int) -> None:
    """A reader stood still over these: anybody may try again, and nobody is left to guess.

    They count as tried so often, which decides whether they are next read alone or by a person.
    """
    with transaction.atomic():
        locked = _leased(batch).select_for_update(no_key=True, of=("self",)).order_by("pk")
        ours = list(locked.select_related("conversation"))
        _free([m.pk for m in ours]).update(attempts=attempts)
        mark_unread(ours)


def hand_back(batch: Sequence[Message]) -> None:
    """These were not looked at: free them at once, as if this turn had not taken them."""
    if not batch:
        return
    with transaction.atomic():
        # In order: others lock many of these rows too, and two must not wait for each other.
        locked = _leased(batch).select_for_update(no_key=True).order_by("pk")
        keys = list(locked.values_list("pk", flat=True))
        _free(keys).filter(attempts__gt=0).update(attempts=F("attempts") - 1)


def _leased(batch: Sequence[Message]) -> QuerySet[Message]:
    tokens = {message.lease_token for message in batch}
    return Message.objects.filter(pk__in=[m.pk for m in batch], lease_token__in=tokens)


def _free(keys: Sequence[int]) -> QuerySet[Message]:
    rows = Message.objects.filter(pk__in=keys)
    rows.update(lease_until=None, lease_token=None)
    return rows
