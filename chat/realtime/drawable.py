"""The events of a feed with all that draws them: one statement, written out.

It stands between every verdict and the screens. Django takes longer to write it out than PostgreSQL
takes to answer it, and with a hundred rooms much longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from django.db import connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from chat.kernel.rows import attach, converted
from chat.models import Conversation, ConversationEvent, Message, User

Span = tuple[int, int]
"""After this seq, up to and with that one."""

TO_THE_END: Final = 2**62

_PARTS: Final[tuple[tuple[str, type[models.Model], tuple[str, ...]], ...]] = (
    ("event", ConversationEvent, ()),
    ("message", Message, ()),
    ("author", User, ("id", "nickname", "role")),
    ("room", Conversation, ("id", "kind")),
)
"""What is read under which name; no columns means all of them."""

_SPANS: Final = {
    "postgresql": "UNNEST(%s::bigint[], %s::bigint[], %s::bigint[]) "
    "AS span(room, after, last) JOIN",
    # In this order: SQLite would rather read every event there is than begin with a list.
    "sqlite": "(SELECT json_extract(one.value, '$[0]') AS room, json_extract(one.value, '$[1]') "
    "AS after, json_extract(one.value, '$[2]') AS last FROM json_each(%s) AS one) AS span "
    "CROSS JOIN",
}


def read_drawable(
    spans: Mapping[int, Span], *, limit: int | None = None
) -> list[ConversationEvent]:
    """The events of each conversation within its span, by conversation and seq.

    What ``limit`` cuts off is at the end. One query, and one more where somebody came or went.
    """
    if not spans:
        return []
    on = connections[connection.alias]  # Not the proxy, which looks itself up at every touch.
    statement = _statement(on.vendor)
    parameters = _parameters(on, spans)
    if limit is not None:
        statement, parameters = f"{statement} LIMIT %s", [*parameters, limit]
    with on.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = converted(on, _columns(), cursor.fetchall())
    return _with_people(_built(on.alias, rows))


def _fields(model: type[models.Model], names: Sequence[str]) -> list[Any]:
    fields = model._meta.concrete_fields
    return [field for field in fields if not names or field.name in names]


@cache
def _statement(vendor: str) -> str:
    columns = ", ".join(
        f"{name}.{field.column}" for name, model, names in _PARTS for field in _fields(model, names)
    )
    event, message, author, room = (model._meta.db_table for _, model, _ in _PARTS)
    return (
        f"SELECT {columns} FROM {_SPANS[vendor]} {event} AS event "  # noqa: S608 — our own names.
        "ON event.conversation_id = span.room "
        "AND event.seq > span.after AND event.seq <= span.last "
        f"JOIN {room} AS room ON room.id = event.conversation_id "
        f"LEFT JOIN {message} AS message ON message.id = event.message_id "
        f"LEFT JOIN {author} AS author ON author.id = message.author_id "
        "ORDER BY event.conversation_id, event.seq"
    )


def _parameters(on: BaseDatabaseWrapper, spans: Mapping[int, Span]) -> list[Any]:
    if on.vendor == "postgresql":
        return [list(spans), *(list(ends) for ends in zip(*spans.values(), strict=True))]
    # Whole numbers only: nothing in them needs quoting.
    return [str([[room, *span] for room, span in spans.items()])]


@cache
def _columns() -> list[Any]:
    return [field.get_col(name) for name, model, names in _PARTS for field in _fields(model, names)]


def _built(alias: str, rows: list[Any]) -> list[ConversationEvent]:
    """The rows as models; whoever wrote several of them, and their room, is built once."""
    shapes = [
        (model, [field.attname for field in _fields(model, names)]) for _, model, names in _PARTS
    ]
    seen: dict[tuple[type[models.Model], int], Any] = {}

    def build(model: type[models.Model], names: list[str], values: Sequence[Any]) -> Any:
        if values[0] is None:
            return None
        if (found := seen.get((model, values[0]))) is None:
            found = seen[model, values[0]] = model.from_db(alias, names, values)
        return found

    events = []
    for row in rows:
        start, parts = 0, []
        for model, names in shapes:
            parts.append(build(model, names, row[start : start + len(names)]))
            start += len(names)
        event, message, author, room = parts
        attach(event, "message", message)
        if message is not None:
            attach(message, "author", author)
            attach(message, "conversation", room)
        events.append(event)
    return events


def _with_people(events: list[ConversationEvent]) -> list[ConversationEvent]:
    """Who came or went: hardly ever anybody, so they are asked for by themselves."""
    ids = {event.person_id for event in events if event.person_id}
    people = User.objects.in_bulk(ids) if ids else {}
    for event in events:
        if event.person_id:
            event.person = people[event.person_id]
    return events
