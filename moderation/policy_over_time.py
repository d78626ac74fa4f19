"""What follows from a pattern over several messages. Pure: no clock, database or settings.

A pattern keeps nobody out and closes nothing: it brings people to have a look. Where somebody may
be drawing a young person away, a moderator looks at the newest message that no person has decided
about yet, and a clinician is with the young person. Where somebody's days are getting heavier, a
clinician asks how they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from moderation.patterns_over_time import Code, PatternSignal
from moderation.policy import Harm, Urgency

POLICY_OVER_TIME_VERSION: Final = "2026-11.1"

About = Literal["writer", "the_other", "nobody"]


@dataclass(frozen=True, slots=True)
class PatternRule:
    """What one pattern means here. ``case_about`` says for whom a case is opened."""

    case_about: About = "nobody"
    urgency: Urgency = ""
    review: bool = False
    harm: Harm = "routine"


RULES_OVER_TIME: Final[Mapping[Code, PatternRule]] = MappingProxyType(
    {
        Code.GROOMING: PatternRule("the_other", "urgent", review=True, harm="safeguarding"),
        Code.CONTACT_REPEATED: PatternRule(review=True, harm="safeguarding"),
        Code.CONTACT_SPREAD: PatternRule(review=True, harm="safeguarding"),
        Code.AGE_ASKING: PatternRule(),
        Code.SECRECY_ASKING: PatternRule(),
        Code.RISING_DISTRESS: PatternRule("writer", "soon", harm="danger"),
    }
)


@dataclass(frozen=True, slots=True)
class PatternVerdict:
    """What to do about one pattern."""

    signal: PatternSignal
    case_about: About
    urgency: Urgency
    review: bool
    harm: Harm
    version: str = POLICY_OVER_TIME_VERSION


def decide_over_time(
    signals: Iterable[PatternSignal], *, author_age_band: str = ""
) -> tuple[PatternVerdict, ...]:
    """One verdict for each pattern. The youngest are answered one step sooner."""
    return tuple(_decide(signal, author_age_band) for signal in signals)


def _decide(signal: PatternSignal, age_band: str) -> PatternVerdict:
    rule = RULES_OVER_TIME[signal.code]
    urgency = rule.urgency
    if urgency == "soon" and age_band.startswith("11"):
        urgency = "urgent"
    return PatternVerdict(signal, rule.case_about, urgency, rule.review, rule.harm)
