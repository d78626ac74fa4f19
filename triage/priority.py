"""Who is answered first, and why. Pure: no clock, database or settings.

The machine orders response time and does nothing else. It says nothing about how likely harm is,
decides no treatment, closes nothing, and has no band that means "can be left": NICE NG225
(recommendations 1.6.1 to 1.6.4) asks that scales and scores be used neither to predict suicide or
repeated self-harm nor to decide who is offered help. The aims in minutes are response times like
those of text crisis lines, which answer their most urgent texters within 5 minutes.

Toxicity is not an input: swearing says nothing about danger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from triage.states import BANDS, Band

PRIORITY_VERSION: Final = "2026-11.1"

AIM_MINUTES: Final = MappingProxyType({Band.IMMEDIATE: 2, Band.URGENT: 5, Band.SOON: 30})
"""Minutes within which somebody should be with the person.

Crisis Text Line's published aim is under 5 minutes for the most urgent; the 2 minutes are ours.
"""

BACK_AGAIN_HOURS: Final = 24.0
"""Somebody who comes back within this time of a talk should not wait long to be heard again."""

OUR_RULE: Final = "our rule for the list"
THEIR_REQUEST: Final = "their own request"
OUR_RECORDS: Final = "our records"


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason to be with somebody: in words for staff, where it comes from, how soon."""

    words: str
    source: str
    band: Band


@dataclass(frozen=True, slots=True)
class History:
    """What we know of earlier talks. ``hours_since_talk`` is ``None`` where there was none."""

    handed_back: bool = False
    hours_since_talk: float | None = None


@dataclass(frozen=True, slots=True)
class Priority:
    """A place in the list. ``rank`` is 0 for the head; within a rank the longest wait goes first.

    ``reasons`` is never empty. ``what_would_change`` are whole sentences.
    """

    band: Band
    rank: int
    answer_by_minutes: int
    reasons: tuple[Sign, ...]
    what_would_change: tuple[str, ...]
    version: str = PRIORITY_VERSION


ASKED: Final = Sign("They asked to talk with somebody", THEIR_REQUEST, Band.URGENT)
TOOK_BACK: Final = Sign(
    "They asked to talk with somebody, and then took that back", THEIR_REQUEST, Band.URGENT
)
"""In the place of ``ASKED``, at the same band: taking back moves nobody who is looked for."""

HANDED_BACK: Final = Sign(
    "They were already with somebody who had to hand over", OUR_RULE, Band.IMMEDIATE
)
BACK_AGAIN: Final = Sign("They talked with us less than a day ago", OUR_RECORDS, Band.URGENT)
WAITED_LONG: Final = Sign("They have waited more than 30 minutes", OUR_RULE, Band.URGENT)
UNNAMED: Final = Sign("Something brought them here that has no name yet", OUR_RULE, Band.SOON)


def soonest(bands: Iterable[Band]) -> Band:
    """The soonest of some bands; ``SOON`` of none."""
    found = set(bands)
    return next((band for band in BANDS if band in found), Band.SOON)


def rank(
    signs: Sequence[Sign],
    *,
    asked_for_help: bool = False,
    history: History | None = None,
    waited_minutes: float = 0.0,
) -> Priority:
    """The place of one person, from everything known about them now.

    Adding a sign, a request or minutes of waiting can bring a place forward and never back.
    """
    history = history or History()
    reasons = _reasons(signs, asked_for_help, history, waited_minutes)
    band = soonest(reason.band for reason in reasons)
    first = history.handed_back
    return Priority(
        band=band,
        rank=0 if first else 1 + BANDS.index(band),
        answer_by_minutes=AIM_MINUTES[band],
        reasons=reasons,
        what_would_change=what_would_change(band, asked=asked_for_help, handed_back=first),
    )


def _reasons(
    signs: Sequence[Sign], asked: bool, history: History, waited_minutes: float
) -> tuple[Sign, ...]:
    """Every sign once, the soonest first; what we add ourselves comes with its own source."""
    found = list(signs)
    if history.handed_back:
        found.append(HANDED_BACK)
    if asked:
        found.append(ASKED)
    if history.hours_since_talk is not None and history.hours_since_talk < BACK_AGAIN_HOURS:
        found.append(BACK_AGAIN)
    if waited_minutes >= AIM_MINUTES[Band.SOON]:
        found.append(WAITED_LONG)
    unique = list(dict.fromkeys(found)) or [UNNAMED]
    return tuple(sorted(unique, key=lambda sign: BANDS.index(sign.band)))


def what_would_change(band: Band, *, asked: bool, handed_back: bool) -> tuple[str, ...]:
    """What would move this person in the list, in whole sentences for staff."""
    if handed_back:
        return (
            "They are at the head of the list because a colleague handed over.",
            "Nothing moves them back.",
        )
    sentences = []
    if band != Band.IMMEDIATE:
        sentences.append("Words that point to danger right now would move them up at once.")
    if band == Band.SOON and not asked:
        sentences.append("Asking for help would move them up.")
    if band == Band.SOON:
        sentences.append("Waiting more than 30 minutes moves them up.")
    sentences.append("Within the same aim, whoever has waited longest goes first.")
    sentences.append("Nothing moves them back.")
    return tuple(sentences)
