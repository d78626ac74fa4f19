"""How long a wait is likely to be, honestly. Pure: no clock, database or settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

FEW: Final = 5
"""With fewer recent waits than this we know too little to learn from them."""

USUAL_MINUTES: Final = (2.0, 10.0)
"""What we say until we know better: wide, so that it is seldom wrong."""

EXACT_MINUTES: Final = 20
"""Up to here we name the minute; above it, steps of five promise no more than we know."""

LOW_SHARE: Final = 0.25
MIDDLE_SHARE: Final = 0.5
HIGH_SHARE: Final = 0.9


def wait_range(*, place: int, on_duty: int, recent: Sequence[float]) -> tuple[int, int] | None:
    """The likely wait of the person at ``place`` (1 first), from and to, in whole minutes.

    ``recent`` are the waits in minutes of those picked up lately, from first sign to a person.
    One round, in which the ``on_duty`` clinicians each pick up one, takes from their lower quartile
    to their ninth decile. Over several rounds the middle grows with their number and the spread
    with its square root, as the variance of a sum of independent waits is the sum of theirs. With
    few recent waits it is the usual wait that we do not know, which no number of rounds evens out:
    then the whole range grows. It rather says too much than too little, as a wait that we learn
    from holds the rounds before it. ``None`` when nobody is on duty: then no number would be true.
    """
    if on_duty < 1 or place < 1:
        return None
    rounds = math.ceil(place / on_duty)
    low, high = (minutes * rounds for minutes in USUAL_MINUTES)
    if len(recent) >= FEW:
        middle, spread = quantile(recent, MIDDLE_SHARE), math.sqrt(rounds)
        low = middle * rounds - (middle - quantile(recent, LOW_SHARE)) * spread
        high = middle * rounds + (quantile(recent, HIGH_SHARE) - middle) * spread
    start = max(1, _rounded(low, math.floor))
    return start, max(start + 1, _rounded(high, math.ceil))


def _rounded(minutes: float, away: Callable[[float], int]) -> int:
    """Whole minutes, in steps of five where a single one would promise too much."""
    if minutes <= EXACT_MINUTES:
        return away(minutes)
    return away(minutes / 5) * 5


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie, interpolated."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
