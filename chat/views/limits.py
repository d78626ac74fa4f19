"""How often an address may try a door, and how fast a person may go on. Kind words beyond that.

The count is shared by way of Redis. What happens to a limit without Redis is declared for each in
one table, :data:`WITHOUT_REDIS`: nobody is shut out of their account, and nobody is ever kept from
asking for help or from reporting.

A school or a hospital ward shares one address, so the limits by address are wide: whoever uses them
up would shut out everybody beside them. That is safe, for none of them is what stands between a
guess and an account. A phrase has 64 bits: at 300 guesses in ten minutes, from a thousand addresses
at once, one of ten thousand accounts would be met in a hundred thousand years. A password has the
limit on its name. What tries cost us is bounded where they are hashed (``config.hashing``).

The sockets' own limits are in ``chat.realtime.limits`` and need no Redis at all.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Literal

from django.core.cache import caches
from django.http import HttpRequest
from django_ratelimit.core import is_ratelimited

from chat.kernel.addresses import one_house
from chat.kernel.errors import SlowDown

log = logging.getLogger(__name__)

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
START = "3000/h"
"""A whole school may come in behind one address within one lesson, and some of them need help."""

COME_BACK = "300/10m"
SIGN_IN = "300/10m"
"""A class comes back at once, and types its words more than once. Successes count as well."""

SIGN_IN_NAME = "6/10m"
"""Per name and address together, so that nobody else can lock a colleague out."""

WRITE = "120/m"
"""Per person: messages, changes and what is taken back. As much as a socket lets through."""

READ = "900/m"
"""Per person. A page without a socket asks twelve times a minute for each conversation on it."""

Fails = Literal["open", "alone"]
WITHOUT_REDIS: dict[str, Fails] = {
    # Never in the way of somebody in danger.
    "help-start": "open",
    "report": "open",
    # Each process counts for itself: guessing is slowed down all the same, and so is a flood.
    "start": "alone",
    "come-back": "alone",
    "sign-in": "alone",
    "sign-in-name": "alone",
    "export": "alone",
    "write": "alone",
    "read": "alone",
}
"""What each limit does while the shared count is away. A door that is not here fails a test."""

REST_SECONDS = 10.0
"""How long the shared count is left alone after it failed: one that hangs costs a second a try."""

_away_until = 0.0


def too_many(request: HttpRequest, door: str, *, rate: str, name: str = "") -> bool:
    """Count one try at ``door`` by this address and say whether it is one too many."""
    who = f"{one_house(request.META.get('REMOTE_ADDR', ''))}|{name.casefold()}"
    return _is_over(request, door, rate=rate, who=who)


def check_pace(request: HttpRequest, door: str, *, rate: str) -> None:
    """Count one step of the person who is in; raises :class:`SlowDown` for one too many."""
    if _is_over(request, door, rate=rate, who=f"person.{request.user.pk}"):
        raise SlowDown


def _is_over(request: HttpRequest, door: str, *, rate: str, who: str) -> bool:
    global _away_until

    def key(group: str, asked: HttpRequest) -> str:
        return who

    if time.monotonic() >= _away_until:
        try:
            return bool(is_ratelimited(request, group=door, key=key, rate=rate, increment=True))
        except Exception as error:  # noqa: BLE001 — Redis fails in many ways; the door stays a door.
            log.warning("the shared count is away: %s", type(error).__name__)
            _away_until = time.monotonic() + REST_SECONDS
    if WITHOUT_REDIS.get(door) == "open":
        return False
    return _is_over_here(f"{door}|{who}", rate)


def _is_over_here(key: str, rate: str) -> bool:
    found = re.fullmatch(r"(\d+)/(\d*)([smhd])", rate)
    if found is None:
        raise ValueError("a rate is a number of tries, a slash and a period")
    most, periods, unit = found.groups()
    counts = caches["process"]
    counts.add(key, 0, int(periods or 1) * SECONDS[unit])
    return counts.incr(key) > int(most)
