"""The states of a review and the moves between them. Pure: no Django here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Harm(StrEnum):
    """What might be at stake, worst first; the same bands as ``moderation.policy.HARMS``."""

    DANGER = "danger"
    SAFEGUARDING = "safeguarding"
    ABUSE = "abuse"
    CONTACT = "contact"
    UNREAD = "unread"
    ROUTINE = "routine"


AIM_MINUTES: Final[Mapping[Harm, int]] = MappingProxyType(
    {
        Harm.DANGER: 5,
        Harm.SAFEGUARDING: 5,
        Harm.ABUSE: 10,
        Harm.CONTACT: 15,
        Harm.UNREAD: 15,
        Harm.ROUTINE: 30,
    }
)
"""Within how many minutes we mean to decide; every item shows its clock against this."""

TIERS: Final[Mapping[Harm, int]] = MappingProxyType(
    {
        Harm.DANGER: 0,
        Harm.SAFEGUARDING: 1,
        Harm.ABUSE: 2,
        Harm.CONTACT: 2,
        Harm.UNREAD: 2,
        Harm.ROUTINE: 2,
    }
)
"""First key of the list's order. Danger to a person is always on top. Inside a tier the item whose
aim runs out first is first, so that abuse comes before contact of the same age and yet nothing
waits for ever behind a stream of worse things."""


class ReviewStatus(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    DECIDED = "decided"
    LAPSED = "lapsed"
    """Nothing left to decide: the author took it back, or changed words were published."""


OPEN: Final = (ReviewStatus.QUEUED, ReviewStatus.CLAIMED)

REVIEW_MOVES: Final[Mapping[ReviewStatus, frozenset[ReviewStatus]]] = MappingProxyType(
    {
        ReviewStatus.QUEUED: frozenset(
            {ReviewStatus.CLAIMED, ReviewStatus.QUEUED, ReviewStatus.LAPSED}
        ),
        # CLAIMED → CLAIMED: the hold ran out and somebody else took it.
        ReviewStatus.CLAIMED: frozenset(
            {
                ReviewStatus.QUEUED,
                ReviewStatus.CLAIMED,
                ReviewStatus.DECIDED,
                ReviewStatus.LAPSED,
            }
        ),
        # Changed words are read again, and may be held again.
        ReviewStatus.DECIDED: frozenset({ReviewStatus.QUEUED}),
        ReviewStatus.LAPSED: frozenset({ReviewStatus.QUEUED}),
    }
)


class Decision(StrEnum):
    PUBLISH = "publish"
    REMOVE = "remove"


CLAIM_MINUTES: Final = 10
"""How long a claim holds without a sign of life."""
