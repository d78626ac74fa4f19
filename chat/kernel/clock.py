"""The one door by which time comes in, and what to make of a time that is not there yet.

A server's clock may be set back by hours. What was written before that then lies in the future, and
must neither wait until the clock is there again nor count as fresh: nobody in a crisis would be
seen for as long. Order comes from numbers that only grow, never from a clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db.models import Q

AHEAD = dt.timedelta(seconds=10)
"""How far the clocks of two of our machines may differ. A time further ahead was written by a clock
that has been set back since."""

_source: Callable[[], dt.datetime] | None = None


def now() -> dt.datetime:
    """The current time, aware, in UTC."""
    if _source is not None:
        return _source()
    return dt.datetime.now(dt.UTC)  # noqa: TID251 — the door itself.


def set_source(source: Callable[[], dt.datetime] | None) -> None:
    """Put another clock behind the door (tests, night drills); ``None`` puts the real one back."""
    global _source
    _source = source


def is_fresh(at: dt.datetime, *, within: dt.timedelta, now: dt.datetime) -> bool:
    """Whether this was so lately; what lies ahead of us was not."""
    return now - within <= at <= now + AHEAD


def fresh(field: str, *, within: dt.timedelta, now: dt.datetime) -> Q:
    """The rows in which ``field`` was so lately: :func:`is_fresh` for the database."""
    return Q(**{f"{field}__gte": now - within, f"{field}__lte": now + AHEAD})


def long_ago(field: str, *, than: dt.timedelta, now: dt.datetime) -> Q:
    """The rows that have waited for longer than this, and those of which nobody can say."""
    return Q(**{f"{field}__lt": now - than}) | Q(**{f"{field}__gt": now + AHEAD})


def ran_out(field: str, *, longest: dt.timedelta, now: dt.datetime) -> Q:
    """The rows that nobody holds any more, where one may hold for ``longest`` at a time.

    What would be held for twice as long was taken by a clock that has been set back since.
    """
    return Q(**{f"{field}__lte": now}) | Q(**{f"{field}__gt": now + 2 * longest})


def has_run_out(until: dt.datetime, *, longest: dt.timedelta, now: dt.datetime) -> bool:
    """:func:`ran_out` for one row."""
    return until <= now or until > now + 2 * longest
