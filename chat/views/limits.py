"""How often one address may try a door. Whoever is over the limit is told so kindly.

The count is shared by way of Redis. With Redis gone each process counts for itself: nobody is shut
out of their account or of a place to talk, and guessing is slowed down all the same.

A school or a hospital ward shares one address, so the limits are wide; the phrase and the password
are out of reach of guessing at these rates.
"""

from __future__ import annotations

import logging
import re

from django.core.cache import caches
from django.http import HttpRequest
from django_ratelimit.core import is_ratelimited

log = logging.getLogger(__name__)

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
START = "60/h"
COME_BACK = "20/10m"
SIGN_IN = "20/10m"
SIGN_IN_NAME = "6/10m"
"""Per name and address together, so that nobody else can lock a colleague out."""


def too_many(request: HttpRequest, door: str, *, rate: str, name: str = "") -> bool:
    """Count one try at ``door`` and say whether it is one too many."""

    who = f"{request.META.get('REMOTE_ADDR', '')}|{name.casefold()}"

    def key(group: str, asked: HttpRequest) -> str:
        return who

    try:
        return bool(is_ratelimited(request, group=door, key=key, rate=rate, increment=True))
    except Exception as error:  # noqa: BLE001 — Redis fails in many ways; the door stays a door.
        log.warning("limits counted by this process alone: %s", type(error).__name__)
        return _too_many_here(f"{door}|{who}", rate)


def _too_many_here(key: str, rate: str) -> bool:
    found = re.fullmatch(r"(\d+)/(\d*)([smhd])", rate)
    if found is None:
        raise ValueError("a rate is a number of tries, a slash and a period")
    most, periods, unit = found.groups()
    counts = caches["process"]
    counts.add(key, 0, int(periods or 1) * SECONDS[unit])
    return counts.incr(key) > int(most)
