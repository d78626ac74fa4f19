"""What shows only over several messages. Pure: no clock, no database, no words of anybody.

One line says little: friends ask each other's age, and a bad evening is a bad evening. Taken
together, the same parts can be a story. Every signal here needs at least two messages, counts
recent ones most, forgets them after :data:`WINDOW`, and names each message it rests on by id, part
and time. More of the same can bring a signal about and never take it away.

The parts of an approach (asking age, secrecy, moving elsewhere, pictures, being alone, gifts,
meeting) are the stages that work on online grooming describes: O'Connell, "A typology of child
cyberexploitation and online grooming practices" (2003); Lorenzo-Dus, Izura and Perez-Tattam,
"Understanding grooming discourse in computer-mediated environments" (2016). The weights are ours
and are not probabilities of anything: they decide who has a look.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from moderation.classifiers.labels import DANGER, Label
from moderation.policy_table import CLEARLY_PAST, OFTEN_PAST, SURE_OF_DANGER

PATTERNS_VERSION: Final = "2026-11.4"

CONVERSATION: Final = "conversation"
"""The source of these signals, beside the names of the readers of single messages."""

WINDOW: Final = dt.timedelta(days=14)
LINES: Final = 50
"""How far back we look: no older, and of each kind in :data:`CARRIES` the last messages, so many at
most. Those that add nothing do not count: with them, an evening of "lol" would hide an approach."""

HALF_LIFE: Final = dt.timedelta(days=3)
"""After this time a message counts half."""

RECENT: Final = dt.timedelta(hours=48)
"""What counts as lately, where a change is looked for."""


class Part(StrEnum):
    """What one message can contribute."""

    CONTACT = "contact"
    MEETING = "meeting"
    WHERE = "where"
    AGE = "age"
    SECRECY = "secrecy"
    PICTURE = "picture"
    ALONE = "alone"
    GIFT = "gift"
    FLATTERY = "flattery"
    TRUST = "trust"
    DISTRESS = "distress"


class Code(StrEnum):
    """The signals, by name."""

    GROOMING = "grooming_pattern"
    CONTACT_REPEATED = "contact_repeated"
    CONTACT_SPREAD = "contact_spread"
    AGE_ASKING = "age_asking"
    SECRECY_ASKING = "secrecy_asking"
    RISING_DISTRESS = "rising_distress"


PART_OF_LABEL: Final[Mapping[str, tuple[Part, float]]] = MappingProxyType(
    {
        Label.CONTACT_MOVE: (Part.CONTACT, 0.5),
        Label.GROOMING: (Part.TRUST, 0.4),
        "asks_age": (Part.AGE, 0.5),
        "asks_secrecy": (Part.SECRECY, 0.5),
        "asks_picture": (Part.PICTURE, 0.5),
        "asks_alone": (Part.ALONE, 0.5),
        "offers_gift": (Part.GIFT, 0.5),
        "flatters_age": (Part.FLATTERY, 0.5),
    }
)
"""Stored label → part, and the score from which it is one. Lower than where a single message is
held: what just misses once should not be invisible the fifth time."""

PART_OF_RULE: Final[Mapping[str, Part]] = MappingProxyType(
    {"meet_up": Part.MEETING, "where_live": Part.WHERE}
)
"""Rules of the contact reader that say more than their label."""

APPROACH: Final[Mapping[Part, float]] = MappingProxyType(
    {
        Part.SECRECY: 0.55,
        Part.PICTURE: 0.55,
        Part.TRUST: 0.5,
        Part.CONTACT: 0.45,
        Part.MEETING: 0.45,
        Part.ALONE: 0.35,
        Part.FLATTERY: 0.35,
        Part.WHERE: 0.3,
        Part.GIFT: 0.3,
        Part.AGE: 0.3,
    }
)
"""How much each part adds to a story of drawing somebody away."""

HEAVINESS: Final[Mapping[str, float]] = MappingProxyType(
    {
        Label.INTENT_OR_PLAN: 1.0,
        Label.METHOD_SEEKING: 1.0,
        Label.IDEATION: 0.9,
        Label.SELF_HARM: 0.9,
        Label.ABUSE_DISCLOSURE: 0.8,
        Label.EATING_DISORDER: 0.7,
        Label.DISTRESS: 0.5,
    }
)
"""How heavy each label makes a message about oneself."""

HEAVY_FROM: Final = 0.35
"""The encoder's score from which a label adds to heaviness."""

NOT_THEIRS_NOW: Final = (Label.PAST_OR_RECOVERY, Label.WORRIED_ABOUT_FRIEND)
"""Labels that say that danger in the same words is over, or somebody else's."""

CARRIES: Final[Sequence[tuple[str, float, Part]]] = (
    *sorted(
        ((label, least, part) for label, (part, least) in PART_OF_LABEL.items()),
        key=lambda carried: -APPROACH[carried[2]],
    ),
    *((label, HEAVY_FROM, Part.DISTRESS) for label in HEAVINESS),
)
"""The score of a label from which a message says anything here, and what: its kind is the first of
these. The weightiest come first, so that much of one kind hides nothing of a weightier one."""

NAMED: Final = 5
"""So many may be meant at most by messages none of which can be told to be for one of them."""

FIRES_AT: Final = 0.6
REPEATED_WEIGHT: Final = 0.35
"""Three fresh and certain messages reach :data:`FIRES_AT`, two do not: 1 - (1 - 0.35 · 0.9)³."""

SECRECY_WEIGHT: Final = 0.45
"""Two fresh and certain ones reach it."""

HEAVY_LOAD: Final = 1.2
HEAVY_MESSAGES: Final = 3
RISE: Final = 2.0
"""Lately at least so many times as heavy as in an average two days of the time before."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message as it was assessed: no words.

    ``towards`` names everybody it may have been written to, the likeliest first: ``"person:7"`` and
    whoever else wrote in the same thread, or ``"thread:3"`` where nobody did. ``outright`` says
    that the phrases found danger of the writer's, now, in so many words.
    """

    message_id: int
    at: dt.datetime
    towards: tuple[str, ...]
    scores: Mapping[str, float]
    rules: frozenset[str] = frozenset()
    private: bool = False
    outright: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One message a signal rests on, what it contributed, and when it was written.

    ``others`` says how many it may have been written to instead of the person it is held to be.
    """

    message_id: int
    part: Part
    at: dt.datetime
    others: int = 0


@dataclass(frozen=True, slots=True)
class PatternSignal:
    """A pattern over several messages. ``score`` is from 0 to 1; ``towards`` may be empty."""

    code: Code
    score: float
    evidence: tuple[Evidence, ...]
    towards: str = ""
    version: str = PATTERNS_VERSION
    source: str = CONVERSATION


def parts_of(line: Line) -> dict[Part, float]:
    """What one message contributes to an approach, each from 0 to 1."""
    parts: dict[Part, float] = {}
    for label, (part, least) in PART_OF_LABEL.items():
        score = line.scores.get(label, 0.0)
        if score >= least:
            parts[part] = max(parts.get(part, 0.0), min(score, 1.0))
    for rule in line.rules:
        if rule in PART_OF_RULE:
            parts[PART_OF_RULE[rule]] = 0.9
    if any(line.scores.get(label, 0.0) >= HEAVY_FROM for label in HEAVINESS):
        # Somebody who tells of these things and asks to keep it quiet draws nobody away.
        parts.pop(Part.SECRECY, None)
    return parts


def heaviness(line: Line) -> float:
    """How heavy a message is on its writer, 0 to 1; 0 where nothing reaches :data:`HEAVY_FROM`."""
    found = [
        weight * line.scores.get(label, 0.0)
        for label, weight in HEAVINESS.items()
        if line.scores.get(label, 0.0) >= HEAVY_FROM and not _is_not_theirs_now(line, label)
    ]
    return min(max(found, default=0.0), 1.0)


def _is_not_theirs_now(line: Line, label: str) -> bool:
    """Danger that the encoder alone sees where it sees the past, or a friend, more clearly.

    How somebody got better, or fears for a friend, must not add up to their own days getting
    heavier. As for one message, what is said outright counts, and what the encoder is sure of.
    """
    if label not in OFTEN_PAST or line.outright:
        return False
    if any(line.scores.get(danger, 0.0) >= SURE_OF_DANGER for danger in DANGER):
        return False
    friend = line.scores.get(Label.WORRIED_ABOUT_FRIEND, 0.0)
    past = line.scores.get(Label.PAST_OR_RECOVERY, 0.0)
    return past >= CLEARLY_PAST or friend > line.scores.get(label, 0.0)


def signals_over(lines: Iterable[Line], *, now: dt.datetime) -> tuple[PatternSignal, ...]:
    """Every pattern over one person's messages, the strongest first of each kind."""
    recent = sorted(
        (line for line in lines if now - WINDOW <= line.at <= now),
        key=lambda line: (line.at, line.message_id),
    )
    marked = [(line, parts_of(line)) for line in recent]
    found = [
        *_by_target(marked, now),
        *_spread(marked, now),
        *_asking(marked, now, Part.AGE, Code.AGE_ASKING, REPEATED_WEIGHT),
        *_asking(marked, now, Part.SECRECY, Code.SECRECY_ASKING, SECRECY_WEIGHT),
        *_rising(recent, now),
    ]
    order = list(Code)
    return tuple(sorted(found, key=lambda s: (order.index(s.code), -s.score, s.towards)))


Marked = Sequence[tuple[Line, Mapping[Part, float]]]


def _fade(line: Line, now: dt.datetime) -> float:
    return float(0.5 ** ((now - line.at) / HALF_LIFE))


def _together(contributions: Iterable[float]) -> float:
    """Several hints as one number from 0 to 1 that each of them can only raise."""
    return 1.0 - math.prod(1.0 - value for value in contributions)


def _by_target(marked: Marked, now: dt.datetime) -> list[PatternSignal]:
    """Everybody who may be meant is looked at alone: whom it comes back to stands out by itself."""
    places: dict[str, int] = {}
    for line, parts in marked:
        for place, towards in enumerate(line.towards if parts else ()):
            places[towards] = min(place, places.get(towards, place))
    found: list[PatternSignal] = []
    for towards in sorted(places, key=lambda one: (places[one], one)):
        theirs = [(line, parts) for line, parts in marked if towards in line.towards]
        found += _grooming(theirs, now, towards)
        found += _asking(theirs, now, Part.CONTACT, Code.CONTACT_REPEATED, REPEATED_WEIGHT, towards)
    return [*_likeliest(found, Code.GROOMING), *_likeliest(found, Code.CONTACT_REPEATED)]


def _likeliest(found: Iterable[PatternSignal], code: Code) -> list[PatternSignal]:
    """Whoever is surely meant, and the first :data:`NAMED` of those who may be."""
    ours = [signal for signal in found if signal.code == code]
    maybe = [signal for signal in ours if all(one.others for one in signal.evidence)]
    maybe.sort(key=lambda s: (-s.score, -len({one.message_id for one in s.evidence})))
    return [signal for signal in ours if signal not in maybe[NAMED:]]


def _grooming(marked: Marked, now: dt.datetime, towards: str) -> list[PatternSignal]:
    """Different parts of one story, in different messages to the same person."""
    best: dict[Part, float] = {}
    evidence: list[Evidence] = []
    for line, parts in marked:
        for part, score in sorted(parts.items()):
            value = APPROACH[part] * score * _fade(line, now)
            best[part] = max(best.get(part, 0.0), value)
            evidence.append(Evidence(line.message_id, part, line.at, len(line.towards) - 1))
    if len(best) < 2 or len({e.message_id for e in evidence}) < 2:
        return []
    score = _together(best.values())
    if score < FIRES_AT:
        return []
    return [PatternSignal(Code.GROOMING, score, tuple(evidence), towards)]


def _asking(
    marked: Marked, now: dt.datetime, part: Part, code: Code, weight: float, towards: str = ""
) -> list[PatternSignal]:
    """The same thing asked again and again."""
    asked = [(line, parts[part]) for line, parts in marked if part in parts]
    score = _together(weight * strength * _fade(line, now) for line, strength in asked)
    if len({line.message_id for line, _ in asked}) < 2 or score < FIRES_AT:
        return []
    evidence = tuple(
        Evidence(line.message_id, part, line.at, len(line.towards) - 1 if towards else 0)
        for line, _ in asked
    )
    return [PatternSignal(code, score, evidence, towards)]


def _spread(marked: Marked, now: dt.datetime) -> list[PatternSignal]:
    """Contact outside sought with several people: not all of it can be meant for one of them."""
    meant = [set(line.towards) for line, parts in marked if Part.CONTACT in parts]
    if not meant or set.intersection(*meant):
        return []
    return _asking(marked, now, Part.CONTACT, Code.CONTACT_SPREAD, REPEATED_WEIGHT)


def _rising(lines: Sequence[Line], now: dt.datetime) -> list[PatternSignal]:
    """Heavier lately than before, as of the newest message; it fades as time passes since then."""
    heavy = [(line, heaviness(line)) for line in lines if heaviness(line) > 0.0]
    if not heavy:
        return []
    newest = heavy[-1][0].at
    lately = [(line, value) for line, value in heavy if line.at > newest - RECENT]
    before = sum(value for line, value in heavy if line.at <= newest - RECENT)
    load = sum(value for _, value in lately)
    periods = (WINDOW - RECENT) / RECENT
    if len(lately) < HEAVY_MESSAGES or load < max(HEAVY_LOAD, RISE * before / periods):
        return []
    if now - newest > RECENT:
        return []
    score = (1.0 - math.exp(-load)) * _fade(heavy[-1][0], now)
    evidence = tuple(Evidence(line.message_id, Part.DISTRESS, line.at) for line, _ in lately)
    return [PatternSignal(Code.RISING_DISTRESS, score, evidence)]
