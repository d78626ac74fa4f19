"""Rates that changed, and shares with their uncertainty. Pure arithmetic, exact where it matters.

Sources: two rates are compared by the exact conditional test of Przyborowski and Wilenski
("Homogeneity of results in testing samples from Poisson series", Biometrika 31, 1940): given how
many there were in both periods together, the number in one of them is binomial. Shares carry the
score interval of Wilson ("Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22, 1927), which stays honest for small counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

TIMES: Final = 10.0
"""So many times the trailing weeks' rate is an alarm, if it is not chance; so is the same part."""

CHANCE: Final = 1e-5
"""How unlikely by accident an alarm must be. With about 20 labels, two windows for what grows,
three for what falls and a look every quarter of an hour (9,600 looks a day) that is one false alarm
in about ten days at the very most: it also has to be ten times or a tenth, and looks a quarter of
an hour apart see nearly the same messages."""

SMALL: Final = 10
"""Cells with fewer are not shown: they would say more than is known."""

NEGLIGIBLE: Final = 60.0
"""Terms smaller than the largest by this power of e no longer change the sum."""

Z_95: Final = 1.959963984540054

Kind = Literal["many", "few", "none"]


@dataclass(frozen=True, slots=True)
class Count:
    """``flagged`` messages out of ``read``."""

    flagged: int
    read: int

    @property
    def rate(self) -> float:
        return self.flagged / self.read if self.read else 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """A rate that differs from before by more than chance allows."""

    kind: Kind
    expected: float
    chance: float


def at_least(successes: int, trials: int, share: float) -> float:
    """P(X ≥ ``successes``) of a binomial with ``trials`` and ``share``, exactly."""
    if successes <= 0:
        return 1.0
    if share <= 0.0 or successes > trials:
        return 0.0
    if share >= 1.0:
        return 1.0
    terms: list[float] = []
    top = -math.inf
    for k in range(successes, trials + 1):
        terms.append(_log_term(k, trials, share))
        top = max(top, terms[-1])
        if terms[-1] < top - NEGLIGIBLE:
            break  # Beyond the top each term is smaller than the one before it.
    return min(1.0, math.exp(top) * math.fsum(math.exp(term - top) for term in terms))


def at_most(successes: int, trials: int, share: float) -> float:
    """P(X ≤ ``successes``) of the same, exactly: the others are then that many or more."""
    return at_least(trials - successes, trials, 1.0 - share)


def _log_term(k: int, n: int, share: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(share) + (n - k) * math.log1p(-share)


def change(now: Count, before: Count) -> Change | None:
    """Whether ``now`` is ten times ``before`` or more, or a tenth of it or less, beyond chance.

    ``None`` while there is nothing to compare with.
    """
    if not now.read or not before.read:
        return None
    share = now.read / (now.read + before.read)
    expected = before.rate * now.read
    together = now.flagged + before.flagged
    if now.rate * TIMES <= before.rate:
        kind: Kind = "few" if now.flagged else "none"
        chance = at_most(now.flagged, together, share)
    elif now.rate >= TIMES * before.rate:
        kind, chance = "many", at_least(now.flagged, together, share)
    else:
        return None
    return Change(kind, expected, chance) if chance < CHANCE else None


def change_from(older: Count, newer: Count, now: Count) -> Change | None:
    """The same against both halves of the time before together.

    Few, but some, have to be few against each half: after a raid in one of them every ordinary day
    would look like few.
    """
    found = change(now, Count(older.flagged + newer.flagged, older.read + newer.read))
    if found is not None and found.kind == "few":
        halves = (change(now, older), change(now, newer))
        if any(half is None or half.kind != "few" for half in halves):
            return None
    return found


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval, all from 0 to 1."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.hits / self.of

    @property
    def small(self) -> bool:
        """Too few to show."""
        return self.of < SMALL


def wilson(hits: int, of: int) -> Share:
    """Wilson's score interval at 95 %. Raises ValueError where ``hits`` do not fit ``of``."""
    if of < 1 or not 0 <= hits <= of:
        raise ValueError("a share needs 0 <= hits <= of and at least one")
    p, z2 = hits / of, Z_95**2
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Share(hits, of, max(0.0, middle - half), min(1.0, middle + half))
