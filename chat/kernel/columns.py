"""How the values of a column travel to the database: many of them as one parameter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def for_sqlite(on: BaseDatabaseWrapper, field: Any, values: list[Any]) -> list[Any]:
    """One value for each row: what is the same for all is made ready once."""
    if all_alike(values):
        return [field.get_db_prep_save(values[0], on)] * len(values)
    return [field.get_db_prep_save(value, on) for value in values]


def all_alike(values: list[Any]) -> bool:
    """Whether one value stands for all of them."""
    return values.count(values[0]) == len(values)


_kinds: dict[Any, str] = {}


def kind_of(field: Any, on: BaseDatabaseWrapper) -> str:
    """The column's type in PostgreSQL, without its length: nothing may be cut off on the way."""
    if (known := _kinds.get(field)) is None:
        kind: str = (field.target_field if field.is_relation else field).rel_db_type(on)
        known = _kinds[field] = kind.partition("(")[0]
    return known


_WRITTEN: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("bigint", "integer", "smallint"), "{:d}".format),
    "uuid": attrgetter("hex"),
    "bytea": lambda value: f'"\\\\x{value.hex()}"',
}
"""How values stand in an array of PostgreSQL, for kinds that need no quoting."""


def as_array(kind: str, values: Sequence[Any]) -> Any:
    """One parameter for all of them, written out here: the driver takes five times as long.

    What is not of its kind after all (a key as text, nothing at all) is the driver's.
    """
    write = _WRITTEN.get(kind)
    if write is not None:
        with suppress(TypeError, ValueError, AttributeError):
            return "{" + ",".join(map(write, values)) + "}"
    return [plain(value) for value in values]


def plain(value: Any) -> Any:
    """The driver would look up each enumeration as a type of its own."""
    return str(value) if isinstance(value, str) else value
