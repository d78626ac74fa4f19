"""The one door by which time comes in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

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
