"""Appending to a conversation's feed: the seq is taken inside the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from chat.kernel.doorbell import conversation_topic, ring_on_commit
from chat.models import Conversation, ConversationEvent, Message, User
from chat.states import EventKind


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened in a conversation."""

    conversation_id: int
    kind: EventKind
    message: Message | None = None
    person: User | None = None


def _take_seqs(conversation_id: int, count: int, now: dt.datetime) -> int:
    """Reserve ``count`` numbers under the conversation's row lock; returns the last."""
    table = Conversation._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET last_seq = last_seq + %s, last_event_at = %s "  # noqa: S608
            "WHERE id = %s RETURNING last_seq",
            [count, now, conversation_id],
        )
        row = cursor.fetchone()
    return int(row[0])


def append_events(changes: Sequence[Change], *, now: dt.datetime) -> list[ConversationEvent]:
    """Append ``changes`` in order and ring once per conversation after commit.

    Must run inside a transaction, so that commit order is seq order. Conversations are locked in
    the order of their ids: two batches that share some cannot wait for each other for ever.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("append_events needs the transaction that makes the change")
    grouped: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        grouped[change.conversation_id].append(change)
    events: list[ConversationEvent] = []
    for conversation_id in sorted(grouped):
        mine = grouped[conversation_id]
        head = _take_seqs(conversation_id, len(mine), now)
        for seq, change in enumerate(mine, start=head - len(mine) + 1):
            events.append(
                ConversationEvent(
                    conversation_id=conversation_id,
                    seq=seq,
                    kind=change.kind,
                    message=change.message,
                    person=change.person,
                    at=now,
                )
            )
        ring_on_commit(conversation_topic(conversation_id), head)
    return ConversationEvent.objects.bulk_create(events)
