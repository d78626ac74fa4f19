"""Who of the team has a page open right now: a mark that runs out by itself.

Only of staff, and only for staff: whether a young person is there is nobody's to watch. A process
that is killed takes nothing back, and need not: its marks are gone within ``HERE_SECONDS``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.core.cache import cache

log = logging.getLogger(__name__)

RENEW_SECONDS = 10.0
HERE_SECONDS = 30
"""Two renewals may be lost before somebody counts as gone."""


def _key(user_id: int) -> str:
    return f"here.{user_id}"


def renew(user_ids: Iterable[int]) -> None:
    """These people are here, for another ``HERE_SECONDS``. Never raises: it is worth no trouble."""
    marks = {_key(user_id): 1 for user_id in user_ids}
    try:
        if marks:
            cache.set_many(marks, HERE_SECONDS)
    except Exception as error:  # noqa: BLE001 — Redis fails in many ways; the next turn renews.
        log.warning("presence not renewed: %s", type(error).__name__)


def who_is_here(user_ids: Iterable[int]) -> set[int] | None:
    """Those of these people who have a page open; ``None`` when nobody can say."""
    keys = {_key(user_id): user_id for user_id in user_ids}
    try:
        return {keys[key] for key in cache.get_many(keys)}
    except Exception as error:  # noqa: BLE001 — the list of who waits must open without Redis.
        log.warning("presence not read: %s", type(error).__name__)
        return None
