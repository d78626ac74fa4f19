"""How long a wait is likely to be, honestly. Pure: no clock, database or settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

FEW: Final = 5
"""With fewer recent waits than this we know too little to learn from them."""

USUAL_MINUTES: Final = (2.0, 10.0)
"""What we say until we know better: wide, so that it is seldom wrong."""

LOW_SHARE: Final = 0.25
HIGH_SHARE: Final = 0.9


def wait_range(*, place: int, on_duty: int, recent: Sequence[float]) -> tuple[int, int] | None:
    """The likely wait of the person at ``place`` (1 first), from and to, in whole minutes.

    ``recent`` are the waits in minutes of those picked up lately, from first sign to a person.
    The range runs from their lower quartile to their ninth decile, once for every round in which
    the ``on_duty`` clinicians each pick up one. ``None`` when nobody is on duty: then no number
    would be true.
    """
    if on_duty < 1 or place < 1:
        return None
    low, high = USUAL_MINUTES
    if len(recent) >= FEW:
        low, high = quantile(recent, LOW_SHARE), quantile(recent, HIGH_SHARE)
    rounds = math.ceil(place / on_duty)
    start = max(1, math.floor(low * rounds))
    return start, max(start + 1, math.ceil(high * rounds))


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie, interpolated."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
