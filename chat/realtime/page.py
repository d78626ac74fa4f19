"""The newest messages of one conversation with all that draws them: one statement, written out.

Whoever comes in waits for it. Asked by way of the ORM it took two queries, and more columns than a
message is drawn from.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.db import connection, connections, models

from chat.kernel.rows import attach, converted
from chat.models import Conversation, Message, User
from chat.states import MessageState

_MESSAGE: Final = (
    *("id", "author", "client_id", "body_sealed", "state", "machine_reading", "notice"),
    *("revision", "position", "created_at"),
)
_AUTHOR: Final = ("id", "nickname", "role")
_PARTS: Final[tuple[tuple[str, type[models.Model], tuple[str, ...]], ...]] = (
    ("message", Message, _MESSAGE),
    ("author", User, _AUTHOR),
)


def read_page(conversation: Conversation, *, limit: int, reader_id: int | None) -> list[Message]:
    """The newest first; those without a place, which are not published yet, before all others.

    At most ``limit`` of either, so that many that wait hide none that are published.
    ``reader_id``: what is published and what this person wrote; ``None``: everything. What has no
    place was never published.
    """
    on = connections[connection.alias]
    of_one = reader_id is not None
    unplaced = [conversation.pk, *([reader_id] if of_one else []), limit]
    published = [str(MessageState.PUBLISHED), reader_id] if of_one else []
    with on.cursor() as cursor:
        wanted = [*unplaced, conversation.pk, *published, limit]
        cursor.execute(_statement(of_one=of_one), wanted)
        rows = converted(on, _columns(), cursor.fetchall())
    return _built(on.alias, rows, conversation)


@cache
def _statement(*, of_one: bool) -> str:
    """Two short lists, each in the order of an index, one behind the other.

    Asked for all at once PostgreSQL may read, and sort, every message there ever was.
    """
    names = ", ".join(_field(Message, name).column for name in _MESSAGE)
    here = f"SELECT {names} FROM {Message._meta.db_table} WHERE conversation_id = %s"  # noqa: S608
    own, seen = ("AND author_id = %s", "AND (state = %s OR author_id = %s)") if of_one else ("", "")
    unplaced = f"{here} AND position IS NULL {own} ORDER BY id DESC LIMIT %s"
    placed = f"{here} AND position IS NOT NULL {seen} ORDER BY position DESC LIMIT %s"
    columns = ", ".join(
        f"{alias}.{_field(model, name).column}" for alias, model, names in _PARTS for name in names
    )
    return (
        f"SELECT {columns} FROM (SELECT * FROM ({unplaced}) AS waiting "  # noqa: S608 — our names.
        f"UNION ALL SELECT * FROM ({placed}) AS shown) AS message "
        f"JOIN {User._meta.db_table} AS author ON author.id = message.author_id "
        "ORDER BY message.position DESC NULLS FIRST, message.id DESC"
    )


@cache
def _columns() -> list[Any]:
    return [_field(model, name).get_col(alias) for alias, model, names in _PARTS for name in names]


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


@cache
def _names(model: type[models.Model], names: tuple[str, ...]) -> list[str]:
    return [_field(model, name).attname for name in names]


def _built(alias: str, rows: list[Any], conversation: Conversation) -> list[Message]:
    """The rows as models; whoever wrote several of them is built once."""
    authors: dict[int, User] = {}
    messages = []
    for row in rows:
        mine, theirs = row[: len(_MESSAGE)], row[len(_MESSAGE) :]
        if (author := authors.get(theirs[0])) is None:
            author = User.from_db(alias, _names(User, _AUTHOR), theirs)
            authors[theirs[0]] = author
        message = Message.from_db(alias, _names(Message, _MESSAGE), mine)
        attach(message, "author", author)
        # By its key as well: it was not read, being the same for all.
        message.conversation = conversation
        messages.append(message)
    return messages
