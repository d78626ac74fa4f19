"""How often one address may try a door. Whoever is over the limit is told so kindly.

A school or a hospital ward shares one address, so the limits are wide; the phrase and the password
are out of reach of guessing at these rates.
"""

from __future__ import annotations

from django.http import HttpRequest
from django_ratelimit.core import is_ratelimited

START = "60/h"
COME_BACK = "20/10m"
SIGN_IN = "20/10m"
SIGN_IN_NAME = "6/10m"
"""Per name and address together, so that nobody else can lock a colleague out."""


def too_many(request: HttpRequest, door: str, *, rate: str, name: str = "") -> bool:
    """Count one try at ``door`` and say whether it is one too many."""

    def key(group: str, asked: HttpRequest) -> str:
        return f"{asked.META.get('REMOTE_ADDR', '')}|{name.casefold()}"

    return bool(is_ratelimited(request, group=door, key=key, rate=rate, increment=True))
