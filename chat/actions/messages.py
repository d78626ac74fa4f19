"""What becomes of a message: published, held, changed, taken back or removed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from chat.access import access_own_message, check_may_post, seats_for
from chat.actions.feed import append_message_events
from chat.actions.sending import clean_body
from chat.kernel import clock
from chat.kernel.doorbell import ring_on_commit, work_topic
from chat.kernel.errors import Stale
from chat.kernel.rows import change_rows
from chat.kernel.transitions import change_state
from chat.models import AuditRow, Message, User
from chat.states import (
    MESSAGE_MOVES,
    EventKind,
    MachineReading,
    MessageState,
    Notice,
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a reader decided about one message, as it was at ``revision``."""

    message: Message
    publish: bool
    notice: Notice = Notice.NONE
    machine_reading: MachineReading = MachineReading.READ


def settle_messages(settlements: Sequence[Settlement]) -> list[Message]:
    """Publish or hold a group that was just read; returns those that changed.

    A message that somebody decided, edited or withdrew meanwhile is left alone: its row is no
    longer pending at the revision that was read. Call inside the transaction that stores why.
    """
    now = clock.now()
    alike: dict[tuple[int, tuple[tuple[str, object], ...]], list[Message]] = defaultdict(list)
    for item in settlements:
        alike[item.message.revision, tuple(_changes(item, now).items())].append(item.message)
    moved: set[int] = set()
    for (revision, changes), messages in alike.items():
        moved |= _settle_alike(messages, revision, dict(changes))
    settled = [item.message for item in settlements if item.message.pk in moved]
    append_message_events([(message, _SETTLED[message.state]) for message in settled], now=now)
    return settled


_SETTLED: Final[dict[str, EventKind]] = {
    MessageState.PUBLISHED: EventKind.MESSAGE_PUBLISHED,
    MessageState.HELD: EventKind.MESSAGE_HELD,
}


def _changes(item: Settlement, now: dt.datetime) -> dict[str, object]:
    state = MessageState.PUBLISHED if item.publish else MessageState.HELD
    changes: dict[str, object] = {
        "state": state,
        "notice": item.notice,
        "machine_reading": item.machine_reading,
    }
    return {**changes, "published_at": now} if item.publish else changes


def _settle_alike(
    messages: Sequence[Message], revision: int, changes: dict[str, object]
) -> set[int]:
    """Change those that are still pending at this revision; gives their keys."""
    keys = change_rows(
        Message,
        sorted(message.pk for message in messages),
        still={"state": MessageState.PENDING, "revision": revision},
        changes=changes,
    )
    _take_over(messages, keys, changes)
    return keys


def publish_message(*, message: Message, by: User | None, notice: Notice = Notice.NONE) -> None:
    """Show a pending, held or removed message to everybody; raises ``Stale`` if it moved on."""
    _move(
        message,
        by=by,
        old=(MessageState.PENDING, MessageState.HELD, MessageState.REMOVED),
        new=MessageState.PUBLISHED,
        kind=EventKind.MESSAGE_PUBLISHED,
        notice=notice,
        published_at=clock.now(),
    )


def hold_message(*, message: Message, by: User | None, notice: Notice) -> None:
    """Keep a message back from peers; its author sees it still, and why."""
    _move(
        message,
        by=by,
        old=(MessageState.PENDING, MessageState.PUBLISHED),
        new=MessageState.HELD,
        kind=EventKind.MESSAGE_HELD,
        notice=notice,
    )


def remove_message(*, message: Message, by: User | None, notice: Notice) -> None:
    """Take a message away from peers; its author sees it still, and why."""
    _move(
        message,
        by=by,
        old=(MessageState.PENDING, MessageState.HELD, MessageState.PUBLISHED),
        new=MessageState.REMOVED,
        kind=EventKind.MESSAGE_REMOVED,
        notice=notice,
    )


def withdraw_message(*, by: User, message_id: int) -> Message:
    """The author takes their own message back, in any state but removed."""
    message = access_own_message(by, message_id)
    remove_message(message=message, by=by, notice=Notice.WITHDRAWN)
    return message


def edit_message(*, by: User, message_id: int, body: str, revision: int | None = None) -> Message:
    """The author changes their words; peers see the new ones once they have been read.

    ``revision`` is the one they had before them. A change may be on its way for so long that a
    newer one overtakes it: then it comes too late, and is :class:`Stale`.

    The same words again change nothing, so that a change may be said twice.
    """
    message = access_own_message(by, message_id)
    now = clock.now()
    check_may_post(seats_for(by, [message.conversation_id])[message.conversation_id], now=now)
    fresh = clean_body(body)
    if fresh == message.body:
        return message
    if revision not in (None, message.revision):
        raise Stale("message_changed")
    private = message.conversation.is_private
    old = (MessageState.PENDING, MessageState.HELD, MessageState.PUBLISHED)
    with transaction.atomic():
        message.body = fresh
        changed = Message.objects.filter(
            pk=message.pk, state__in=old, revision=message.revision
        ).update(
            body_sealed=message.body_sealed,
            revision=message.revision + 1,
            state=MessageState.PUBLISHED if private else MessageState.PENDING,
            notice=Notice.NONE,
            machine_reading=MachineReading.WAITING,
            due_at=now,
            lease_until=None,
            lease_token=None,
            attempts=0,  # Whatever the old words did to a reader, nobody has tried these.
        )
        if changed != 1:
            raise Stale
        message.refresh_from_db()
        # Somebody who closes meanwhile would never read the new words.
        append_message_events([(message, EventKind.MESSAGE_EDITED)], now=now, while_open=True)
        ring_on_commit(work_topic("screening"))
    return message


def mark_reading(
    *, messages: Sequence[Message], reading: MachineReading, notice: Notice | None = None
) -> int:
    """Say that a machine has, or has not, read these messages; tells those who see them."""
    now = clock.now()
    if not messages:
        return 0
    changes: dict[str, object] = {"machine_reading": reading}
    if notice is not None:
        changes["notice"] = notice
    with transaction.atomic():
        keys = change_rows(Message, sorted(m.pk for m in messages), changes=changes)
        changed = _take_over(messages, keys, changes)
        append_message_events([(m, EventKind.MESSAGE_MARKED) for m in changed], now=now)
    return len(changed)


def _take_over(
    messages: Sequence[Message], keys: set[int], changes: dict[str, object]
) -> list[Message]:
    """What the database now says of those with these keys; returns them in their order."""
    changed = [message for message in messages if message.pk in keys]
    for message in changed:
        for name, value in changes.items():
            setattr(message, name, value)
    return changed


def _move(
    message: Message,
    *,
    by: User | None,
    old: Sequence[MessageState],
    new: MessageState,
    kind: EventKind,
    notice: Notice,
    **changes: object,
) -> None:
    with transaction.atomic():
        change_state(
            # What its author took back stays taken back, whoever asks.
            Message.objects.filter(pk=message.pk).exclude(notice=Notice.WITHDRAWN),
            field="state",
            old=old,
            new=new,
            table=MESSAGE_MOVES,
            notice=notice,
            **changes,
        )
        message.refresh_from_db()
        append_message_events([(message, kind)], now=clock.now())
        if by is not None:
            AuditRow.objects.record(verb=kind, by=by, subject=f"message:{message.pk}")
