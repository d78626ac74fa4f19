"""Appending to a conversation's feed: the seq is taken inside the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from chat.kernel.doorbell import conversation_topic, ring_all_on_commit
from chat.kernel.errors import Stale
from chat.kernel.rows import among_sql, attach, insert_rows, new_row, save_column
from chat.models import Conversation, ConversationEvent, Message, User
from chat.states import ConversationState, EventKind


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened in a conversation."""

    conversation_id: int
    kind: EventKind
    message: Message | None = None
    person: User | None = None


def lock_conversations(keys: Collection[int]) -> None:
    """Hold these conversations until the transaction ends.

    Rows are locked in the order of their ids: two batches that share some cannot wait for each
    other for ever. Whoever appends more than once in a transaction calls this first, with all the
    conversations it will append to: several rounds would lock them in the order of the rounds.
    """
    if len(keys) < 2 or not connection.features.has_select_for_update:
        return  # One is locked by the change itself, and SQLite has one writer at a time.
    table = Conversation._meta.db_table
    is_among, ids = among_sql(Conversation._meta.pk, list(keys), connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id {is_among} ORDER BY id FOR NO KEY UPDATE",  # noqa: S608
            [ids],
        )


def _take_seqs(counts: Mapping[int, int], now: dt.datetime, *, while_open: bool) -> dict[int, int]:
    """Reserve that many numbers in each conversation, under its row lock; returns the last ones."""
    table = Conversation._meta.db_table
    heads: dict[int, int] = {}
    and_open, state = (" AND state = %s", [str(ConversationState.OPEN)]) if while_open else ("", [])
    lock_conversations(counts.keys())
    with connection.cursor() as cursor:
        for count in sorted(set(counts.values())):
            mine = [conversation_id for conversation_id, c in counts.items() if c == count]
            is_among, ids = among_sql(Conversation._meta.pk, mine, connection)
            cursor.execute(
                f"UPDATE {table} SET last_seq = last_seq + %s, last_event_at = %s "  # noqa: S608
                f"WHERE id {is_among}{and_open} RETURNING id, last_seq",
                [count, now, ids, *state],
            )
            heads.update(cursor.fetchall())
    if while_open and len(heads) < len(counts):
        raise Stale  # One was closed between the look that let the words in and the lock.
    return heads


def append_events(
    changes: Sequence[Change], *, now: dt.datetime, while_open: bool = False
) -> list[ConversationEvent]:
    """Append ``changes`` in order and ring once per conversation after commit."""
    return list(insert_rows(number_events(changes, now=now, while_open=while_open)))


def number_events(
    changes: Sequence[Change], *, now: dt.datetime, while_open: bool = False
) -> list[ConversationEvent]:
    """The events of ``changes`` with their numbers, for the caller to save before it commits.

    Must run inside a transaction, so that commit order is seq order. With ``while_open`` nothing is
    appended to a conversation that has been closed: raises :class:`Stale`.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("append_events needs the transaction that makes the change")
    grouped: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        grouped[change.conversation_id].append(change)
    events: list[ConversationEvent] = []
    counts = {key: len(mine) for key, mine in grouped.items()}
    heads = _take_seqs(counts, now, while_open=while_open)
    for conversation_id, mine in grouped.items():
        head = heads[conversation_id]
        for seq, change in enumerate(mine, start=head - len(mine) + 1):
            event = new_row(
                ConversationEvent,
                conversation_id=conversation_id,
                seq=seq,
                kind=change.kind,
                at=now,
            )
            if change.message is not None:
                event.message_id = change.message.pk  # None until it is saved itself.
                attach(event, "message", change.message)
            if change.person is not None:
                event.person = change.person
            events.append(event)
    ring_all_on_commit([(conversation_topic(key), head) for key, head in heads.items()])
    return events


def append_message_events(
    changes: Iterable[tuple[Message, EventKind]], *, now: dt.datetime, while_open: bool = False
) -> None:
    """Append events, and give each message published for the first time its position."""
    wanted = [Change(m.conversation_id, kind, message=m) for m, kind in changes]
    events = append_events(wanted, now=now, while_open=while_open)
    placed = []
    for event in events:
        message = event.message
        if message and message.position is None and event.kind == EventKind.MESSAGE_PUBLISHED:
            message.position = event.seq
            placed.append(message)
    save_column(placed, "position")
