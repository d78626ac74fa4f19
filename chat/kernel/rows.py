"""Many rows at once, where the ORM's usual way costs more than all the rest of saving a message.

With 150 messages in a group Django writes out thousands of placeholders, and both it and the driver
go through them one by one. Here each list travels as one value.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup
from django.db.models.base import ModelState
from django.db.models.sql import Query

from chat.kernel.columns import all_alike, as_array, for_sqlite, kind_of, plain

M = TypeVar("M", bound=models.Model)


def among_sql(
    field: Field[Any, Any], values: Sequence[Any], on: BaseDatabaseWrapper
) -> tuple[str, Any]:
    """SQL that follows a column and says "is one of these", and its one parameter."""
    if on.vendor == "postgresql":
        kind = kind_of(field, on)
        return f"= ANY(%s::{kind}[])", as_array(kind, values)
    plain = [field.get_db_prep_value(value, on) for value in values]
    return "IN (SELECT value FROM json_each(%s))", json.dumps(plain)


class Among(Lookup):
    """``field__among=values``: what ``__in`` says, with the values as one parameter.

    For numbers and UUIDs. Nothing is among no values.
    """

    lookup_name = "among"

    def get_prep_lookup(self) -> list[Any]:
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        is_among, values = among_sql(self.lhs.output_field, self.rhs, connection)
        return f"{column} {is_among}", (*params, values)


def read_rows(
    model: type[models.Model], names: Sequence[str], **among: Collection[Any] | None
) -> list[tuple[Any, ...]]:
    """These columns of the rows whose fields are ``among`` the values given, or null for ``None``.

    What ``filter`` and ``values_list`` give, for what is asked with every message: Django takes
    longer to write it out than the database to answer it.
    """
    on = connections[connection.alias]
    columns = _expressions(model, tuple(names))
    return _selected(on, columns, model._meta.db_table, _among(model, among, on))


def read_models(model: type[M], **among: Collection[Any] | None) -> list[M]:
    """The same as instances, with all their columns."""
    alias = connection.alias
    names = _attnames(model)
    return [model.from_db(alias, names, row) for row in read_rows(model, names, **among)]


def read_models_with(
    model: type[M], parts: Mapping[str, tuple[str, ...]], **among: Collection[Any] | None
) -> list[M]:
    """The same with what these keys point to, or ``None``, as ``select_related`` gives it.

    Of each the columns named, its own key first, the others being read when they are asked for; or
    all columns where none is named.
    """
    on = connections[connection.alias]
    table, names = model._meta.db_table, _attnames(model)
    columns, tables = [*_expressions(model, tuple(names))], table
    shapes: list[tuple[Any, list[str]]] = []
    for key, wanted in parts.items():
        field: Any = model._meta.get_field(key)
        there = field.related_model._meta
        others = list(wanted) or _attnames(field.related_model)
        shapes.append((field, others))
        columns += _expressions(field.related_model, tuple(others))
        tables += f" LEFT JOIN {there.db_table} ON {there.db_table}.{field.target_field.column}"
        tables += f" = {table}.{field.column}"
    found = []
    for row in _selected(on, columns, tables, _among(model, among, on)):
        instance = model.from_db(on.alias, names, row[: len(names)])
        start = len(names)
        for field, others in shapes:
            values = row[start : start + len(others)]
            start += len(others)
            has_one = getattr(instance, field.attname) is not None
            there = field.related_model.from_db(on.alias, others, values) if has_one else None
            attach(instance, field.name, there)
        found.append(instance)
    return found


def _among(
    model: type[models.Model],
    among: Mapping[str, Collection[Any] | None],
    on: BaseDatabaseWrapper,
) -> tuple[str, list[Any]]:
    """A condition, and its parameters."""
    wanted, lists = [], []
    for name, values in among.items():
        field: Any = model._meta.get_field(name)
        column = f"{model._meta.db_table}.{field.column}"
        if values is None:
            wanted.append(f"{column} IS NULL")
            continue
        is_among, found = among_sql(field, list(values), on)
        wanted.append(f"{column} {is_among}")
        lists.append(found)
    return " AND ".join(wanted), lists


def _selected(
    on: BaseDatabaseWrapper, columns: list[Any], tables: str, wanted: tuple[str, list[Any]]
) -> list[tuple[Any, ...]]:
    condition, lists = wanted
    names = ", ".join(f"{column.alias}.{column.target.column}" for column in columns)
    with on.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {tables} WHERE {condition}", lists)  # noqa: S608
        rows = cursor.fetchall()
    return converted(on, columns, rows)


@cache
def _attnames(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def new_row(model: type[M], **values: Any) -> M:
    """What ``model(**values)`` gives, in half the time: for what is made with every message.

    Keys of other rows go by their column (``author_id``); raises ``KeyError`` for an unknown name.
    Nobody is told (``pre_init``, ``post_init``): a model with listeners is made the usual way.
    """
    blank, made = _blank(model)
    if not values.keys() <= blank.keys():
        raise KeyError(min(values.keys() - blank.keys()))
    row = model.__new__(model)
    row._state = ModelState()
    row.__dict__.update(blank)
    row.__dict__.update(values)
    for name, make in made:
        if name not in values:
            row.__dict__[name] = make()
    return row


@cache
def _blank(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """What each column is by default, and the defaults that are made anew."""
    fields = model._meta.concrete_fields
    makers = [f for f in fields if f.has_default() and callable(f.default)]
    blank = {f.attname: None if f in makers else f.get_default() for f in fields}
    return blank, [(f.attname, f.get_default) for f in makers]


def attach(row: models.Model, name: str, other: models.Model | None) -> None:
    """Let a row know the one that its key points to, as ``select_related`` would.

    Nothing is checked and no key is set: both come from the same rows.
    """
    field: Any = row._meta.get_field(name)
    field.set_cached_value(row, other)


@cache
def _fields(model: type[models.Model], names: tuple[str, ...]) -> list[Any]:
    return [model._meta.get_field(name) for name in names]


@cache
def _expressions(model: type[models.Model], names: tuple[str, ...]) -> list[Any]:
    return [field.get_col(model._meta.db_table) for field in _fields(model, names)]


def converted(on: BaseDatabaseWrapper, columns: list[Any], rows: list[Any]) -> list[Any]:
    """The values as Python has them. PostgreSQL's driver gives them so already."""
    compiler: Any = Query(columns[0].target.model).get_compiler(connection=on)
    converters = compiler.get_converters(columns)
    if not converters:
        return rows
    return [tuple(row) for row in compiler.apply_converters(rows, converters)]


def any_among(models_: Sequence[type[models.Model]], name: str, values: Sequence[Any]) -> bool:
    """Whether one of these models has a row whose ``name`` is among ``values``: one question."""
    on = connections[connection.alias]
    asked, lists = [], []
    for model in models_:
        field: Any = model._meta.get_field(name)
        is_among, among = among_sql(field, values, on)
        asked.append(f"SELECT 1 FROM {model._meta.db_table} WHERE {field.column} {is_among}")  # noqa: S608
        lists.append(among)
    with on.cursor() as cursor:
        # Without a LIMIT: expecting to find one soon, PostgreSQL would read the whole table for it.
        cursor.execute(" UNION ALL ".join(asked), lists)
        return cursor.fetchone() is not None


def insert_rows(rows: Sequence[M]) -> Sequence[M]:
    """Save new rows of one model in one statement and give each its primary key, in order.

    What ``bulk_create`` does for rows whose fields hold what the database takes: no expressions,
    no defaults made by the database. Raises ``RuntimeError`` outside a transaction.
    """
    if not rows:
        return rows
    meta = rows[0]._meta
    fields = [field for field in meta.local_concrete_fields if not field.primary_key]
    on = connections[connection.alias]  # Not the proxy, which looks itself up at every touch.
    insert = _insert_on_postgresql if on.vendor == "postgresql" else _insert_on_sqlite
    if not on.in_atomic_block:
        raise RuntimeError(
            "insert_rows needs a transaction: on SQLite it takes keys before it writes"
        )
    others: list[Any] = [field for field in fields if field.is_relation]
    for row in rows:
        # What a row points to may have got its key since.
        if any(getattr(row, f.attname) is None and f.is_cached(row) for f in others):
            row._prepare_related_fields_for_save(operation_name="insert_rows")  # type: ignore[attr-defined]
    columns = [[getattr(row, field.attname) for row in rows] for field in fields]
    for row, key in zip(rows, insert(on, meta, fields, columns), strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = on.alias
    return rows


def _insert_on_postgresql(
    on: BaseDatabaseWrapper, meta: Any, fields: list[Any], columns: list[list[Any]]
) -> list[int]:
    """One array per column, and one value where all rows have the same.

    PostgreSQL hands the keys back in the order of the arrays.
    """
    chosen: list[str] = []
    arrays: list[str] = []
    alike: list[Any] = []
    various: list[Any] = []
    for field, values in zip(fields, columns, strict=True):
        kind = kind_of(field, on)
        if all_alike(values):
            chosen.append(f"%s::{kind}")
            alike.append(plain(values[0]))
        else:
            chosen.append(f"v.c{len(arrays)}")
            arrays.append(f"%s::{kind}[]")
            various.append(as_array(kind, values))
    if not arrays:
        arrays, various = ["%s::int[]"], [[0] * len(columns[0])]
    names = ", ".join(on.ops.quote_name(field.column) for field in fields)
    aliases = ", ".join(f"c{number}" for number in range(len(arrays)))
    statement = (
        f"INSERT INTO {meta.db_table} ({names}) SELECT {', '.join(chosen)} "  # noqa: S608
        f"FROM UNNEST({', '.join(arrays)}) AS v({aliases}) RETURNING {meta.pk.column}"
    )
    with on.cursor() as cursor:
        cursor.execute(statement, [*alike, *various])
        return [key for (key,) in cursor.fetchall()]


def _insert_on_sqlite(
    on: BaseDatabaseWrapper, meta: Any, fields: list[Any], columns: list[list[Any]]
) -> list[int]:
    """Keys are taken before the rows are written: SQLite has one writer, and we are it by now."""
    names = ", ".join(on.ops.quote_name(f.column) for f in (meta.pk, *fields))
    places = ", ".join(["%s"] * (len(fields) + 1))
    saved = [for_sqlite(on, *column) for column in zip(fields, columns, strict=True)]
    with on.cursor() as cursor:
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [meta.db_table])
        last = (cursor.fetchone() or (0,))[0]
        keys = list(range(last + 1, last + 1 + len(columns[0])))
        cursor.executemany(
            f"INSERT INTO {meta.db_table} ({names}) VALUES ({places})",  # noqa: S608
            list(zip(keys, *saved, strict=True)),
        )
    return keys


def change_rows(
    model: type[models.Model],
    keys: Sequence[int],
    *,
    changes: Mapping[str, Any],
    still: Mapping[str, Any] | None = None,
) -> set[int]:
    """Change those of the rows that are still as ``still`` says, and gives the keys of these.

    Rows that have all of ``changes`` already are passed over. (An ``update`` of the ORM says how
    many rows it found, and not which.)
    """
    meta: Any = model._meta
    on = connections[connection.alias]
    is_among, among = among_sql(meta.pk, keys, on)
    new, new_values = _equations(meta, changes, on)
    old, old_values = _equations(meta, still or {}, on)
    wanted = [f"{meta.pk.column} {is_among}", *old, f"({' AND '.join(new)}) IS NOT TRUE"]
    with on.cursor() as cursor:
        cursor.execute(
            f"UPDATE {meta.db_table} SET {', '.join(new)} "  # noqa: S608
            f"WHERE {' AND '.join(wanted)} RETURNING {meta.pk.column}",
            [*new_values, among, *old_values, *new_values],
        )
        return {key for (key,) in cursor.fetchall()}


def _equations(
    meta: Any, facts: Mapping[str, Any], on: BaseDatabaseWrapper
) -> tuple[list[str], list[Any]]:
    """``column = %s`` for each, and its value."""
    fields = [meta.get_field(name) for name in facts]
    values = [
        field.get_db_prep_save(plain(value), on)
        for field, value in zip(fields, facts.values(), strict=True)
    ]
    return [f"{field.column} = %s" for field in fields], values


def save_column(rows: Sequence[M], name: str) -> None:
    """Save one field of rows that are there, each with a value of its own."""
    if not rows:
        return
    meta: Any = rows[0]._meta
    on = connections[connection.alias]
    field = meta.get_field(name)
    values = [getattr(row, field.attname) for row in rows]
    keys = [row.pk for row in rows]
    table, column, key = meta.db_table, field.column, meta.pk.column
    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            kinds = (kind_of(meta.pk, on), kind_of(field, on))
            lists = ", ".join(f"%s::{kind}[]" for kind in kinds)
            cursor.execute(
                f"UPDATE {table} SET {column} = v.value "  # noqa: S608
                f"FROM UNNEST({lists}) AS v(key, value) WHERE {table}.{key} = v.key",
                [as_array(kinds[0], keys), as_array(kinds[1], values)],
            )
        else:
            cursor.executemany(
                f"UPDATE {table} SET {column} = %s WHERE {key} = %s",  # noqa: S608
                list(zip(for_sqlite(on, field, values), keys, strict=True)),
            )
