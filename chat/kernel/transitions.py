"""Change of state by ``UPDATE … WHERE state = old``: one row, or :class:`Stale`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db.models import Model, QuerySet

from chat.kernel.errors import Stale


def change_state(
    rows: QuerySet[Any, Any],
    *,
    field: str,
    old: Iterable[str],
    new: str,
    table: Mapping[Any, frozenset[Any]],
    **changes: object,
) -> None:
    """Move exactly one row to ``new``.

    ``table`` says which moves exist at all; asking for one that does not is a bug of ours
    (``ValueError``), finding the row elsewhere is the world's doing (``Stale``).
    """
    allowed = [state for state in old if new in table[state]]
    if not allowed:
        raise ValueError(f"no transition to {new!r}")
    changed = rows.filter(**{f"{field}__in": allowed}).update(**{field: new, **changes})
    if changed != 1:
        raise Stale


@contextmanager
def or_refuse(refusal: Callable[[], Stale]) -> Iterator[None]:
    """Say what a lost race means here: ``refusal`` is asked for only once it is lost."""
    try:
        yield
    except Stale as lost:
        raise refusal() from lost


def refresh(row: Model, *fields: str) -> None:
    """Read back what a conditional update wrote."""
    row.refresh_from_db(fields=list(fields) or None)
