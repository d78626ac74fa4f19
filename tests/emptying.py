"""What a test committed is thrown away, for a few hundred tests in a run.

Django truncates every table there is and then writes the names of models and permissions anew. A
truncated table is a new file, as is each of its indexes, and that takes PostgreSQL longer than
most of our tests take: a test leaves a few rows in a few tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db import OperationalError, connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.signals import post_migrate

TRIES = 5
KEPT = {"django_content_type", "auth_permission"}
"""What only a migration writes: names of models, and of what could be allowed with them."""

NAMED_AGAIN = (
    (create_contenttypes, None),
    (create_permissions, "django.contrib.auth.management.create_permissions"),
)


@contextmanager
def row_by_row() -> Iterator[None]:
    """From now on it is rows that go, and what no test writes stays."""
    for receiver, name in NAMED_AGAIN:
        assert post_migrate.disconnect(receiver, dispatch_uid=name)
    with pytest.MonkeyPatch.context() as patch:
        ours = type(connection.ops)
        patch.setattr(ours, "sql_flush", _without_truncating(ours.sql_flush))
        patch.setattr(
            BaseDatabaseOperations,
            "execute_sql_flush",
            _trying_again(BaseDatabaseOperations.execute_sql_flush),
        )
        yield
    for receiver, name in NAMED_AGAIN:
        post_migrate.connect(receiver, dispatch_uid=name)


def _without_truncating(theirs: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def sql_flush(
        self: BaseDatabaseOperations, style: Any, tables: list[str], **options: Any
    ) -> list[str]:
        written = [table for table in tables if table not in KEPT]
        if connection.vendor != "postgresql" or options.get("reset_sequences"):
            return theirs(self, style, written, **options)
        names = [self.quote_name(table) for table in written]
        # As with truncating, whoever writes just now has finished first, and is emptied too.
        lock = f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE"
        return [lock, *(f"DELETE FROM {name}" for name in names)]  # noqa: S608 — our own tables.

    return sql_flush


def _trying_again(theirs: Callable[..., None]) -> Callable[..., None]:
    """The workers of a shared site work on while a test's rows are thrown away.

    PostgreSQL then ends one of the two who wait for each other: either the worker, who begins
    again by himself, or us, who would leave rows for the next test to stumble over.
    """

    def execute_sql_flush(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        for tries_left in reversed(range(TRIES)):
            try:
                return theirs(self, sql_list)
            except OperationalError:
                if not tries_left:
                    raise
        return None

    return execute_sql_flush
