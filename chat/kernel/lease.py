"""Work handed over as rows: at least once, never by two at a time.

A row with ``due_at`` set is work, since then: the time only says whose turn it is, so that a clock
that is set back holds nothing up. A worker leases it for some seconds, works without an open
transaction, and finishes it. A worker that dies lets its lease run out and somebody else goes on;
one that was merely slow finds that its token no longer fits and changes nothing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F, Model, Q, QuerySet

from chat.kernel import clock

M = TypeVar("M", bound=Model)


def due(rows: QuerySet[M, M], *, longest: dt.timedelta, now: dt.datetime) -> QuerySet[M, M]:
    """The rows somebody should be working on, oldest first; ``longest`` is how long leases are."""
    free = Q(lease_until__isnull=True) | clock.ran_out("lease_until", longest=longest, now=now)
    return rows.filter(free, due_at__isnull=False).order_by("due_at", "pk")


def lease(rows: QuerySet[M, M], *, seconds: float, limit: int) -> list[M]:
    """Take up to ``limit`` due rows for ``seconds``; two workers get disjoint rows."""
    now, length = clock.now(), dt.timedelta(seconds=seconds)
    with transaction.atomic():
        candidates = due(rows, longest=length, now=now)
        if connection.features.has_select_for_update_skip_locked:
            candidates = candidates.select_for_update(skip_locked=True, of=("self",))
        keys = list(candidates.values_list("pk", flat=True)[:limit])
        if not keys:
            return []
        token = uuid.uuid4()
        taken: QuerySet[Any, Any] = rows.model._default_manager.filter(pk__in=keys)
        taken.update(lease_until=now + length, lease_token=token, attempts=F("attempts") + 1)
    return list(rows.filter(pk__in=keys, lease_token=token).order_by("due_at", "pk"))


def finish(row: Model, **changes: object) -> bool:
    """Mark one leased row as done; ``False`` if the lease was lost meanwhile."""
    held: QuerySet[Any, Any] = type(row)._default_manager.filter(
        pk=row.pk,
        lease_token=row.lease_token,  # type: ignore[attr-defined]
    )
    done = {"due_at": None, "lease_until": None, "lease_token": None}
    return held.update(**{**done, **changes}) == 1
