"""What happens to a message, given what was read in it. Pure: no clock, database or settings.

The order of the rules is the order of what matters:

1. A person in danger comes first. Danger, abuse told, and an eating problem are kept from peers,
   the author gets a door to a person, and a case opens. Nothing below can undo this.
2. The room comes next: grooming, abuse of others, contact details.
3. What no machine read waits for a person.
4. Everything else is published: recovery talk, sadness, worry for a friend. Sadness and worry
   come with a door.

One to one nothing is ever kept back: closed to peers, open to clinicians. The reasons, the case
and its urgency are worked out all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from moderation.classifiers.base import CONTACT, ENCODER, PATTERNS, Reading, Signal, Span
from moderation.classifiers.labels import DANGER, TOXICITY, Label

POLICY_VERSION: Final = "2026-11.1"

Action = Literal["publish", "hold"]
Harm = Literal["danger", "safeguarding", "abuse", "contact", "unread", "routine"]
Urgency = Literal["immediate", "urgent", "soon", ""]
Notice = Literal["none", "held_for_person", "door", "contact_details", "unread"]

HARMS: Final[tuple[Harm, ...]] = (
    "danger",
    "safeguarding",
    "abuse",
    "contact",
    "unread",
    "routine",
)
"""Bands of the review list, worst first."""

URGENCIES: Final[tuple[Urgency, ...]] = ("immediate", "urgent", "soon", "")
"""Hints for the case, fastest first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one label means here.

    `threshold` is for the encoder's probability, chosen on the development sets; a rule of the
    pattern and contact readers fires at `RULE_THRESHOLD`. `words` are for staff.
    """

    threshold: float
    words: str
    harm: Harm
    hold: bool = False
    door: bool = False
    case: bool = False
    urgency: Urgency = ""


RULE_THRESHOLD: Final = 0.5
"""Explicit patterns give fixed scores: 0.5 and above counts, below is shown and decides nothing."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        Label.INTENT_OR_PLAN: Rule(
            0.5,
            "The writer may mean to end their life, or has a plan",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="immediate",
        ),
        Label.METHOD_SEEKING: Rule(
            0.5,
            "The writer may be asking how to hurt themselves",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="immediate",
        ),
        Label.IDEATION: Rule(
            0.5,
            "The writer may be thinking about dying",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="urgent",
        ),
        Label.SELF_HARM: Rule(
            0.5,
            "The writer may be hurting themselves",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="urgent",
        ),
        Label.ABUSE_DISCLOSURE: Rule(
            0.5,
            "The writer may be telling us that somebody hurts them",
            "safeguarding",
            hold=True,
            door=True,
            case=True,
            urgency="urgent",
        ),
        Label.EATING_DISORDER: Rule(
            0.5,
            "The writer may have a problem with eating now",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="soon",
        ),
        Label.GROOMING: Rule(
            0.5,
            "Somebody may be trying to win a young person's trust to harm them",
            "safeguarding",
            hold=True,
            case=True,
            urgency="urgent",
        ),
        Label.THREAT: Rule(0.5, "It may threaten somebody", "abuse", hold=True),
        Label.IDENTITY_ATTACK: Rule(
            0.5, "It may attack people for who they are", "abuse", hold=True
        ),
        Label.SEVERE_TOXICITY: Rule(0.5, "It may be very hateful", "abuse", hold=True),
        Label.INSULT: Rule(0.7, "It may insult somebody", "abuse", hold=True),
        Label.TOXICITY: Rule(0.7, "It may drive others out of the room", "abuse", hold=True),
        Label.OBSCENE: Rule(0.8, "It has strong swear words", "routine"),
        Label.CONTACT_MOVE: Rule(
            0.7, "It may give or ask for a way to make contact outside", "contact", hold=True
        ),
        Label.WORRIED_ABOUT_FRIEND: Rule(
            0.5, "The writer may be worried about somebody else", "routine", door=True
        ),
        Label.DISTRESS: Rule(0.5, "The writer may be having a hard time", "routine", door=True),
        Label.PAST_OR_RECOVERY: Rule(0.5, "It may be about the past, or getting better", "routine"),
    }
)
"""Every label in order of weight: the first that fires names the reason shown first."""

SELF_SWEARING: Final = "self_directed_swearing"
"""Name of the pattern for swearing about oneself. It is distress, not abuse of anybody."""

ABUSE_OF_OTHERS: Final = frozenset({Label.THREAT, Label.IDENTITY_ATTACK, Label.SEVERE_TOXICITY})
"""Kept even where the writer swears about themselves: these are always about others too."""

RULE_SOURCES: Final = frozenset({PATTERNS, CONTACT})

NOT_THE_WRITER: Final = frozenset({"past", "fiction"})
"""A pattern that knows it is about the past or a story shows itself and decides nothing."""


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """Where the message is going and by whom it was written.

    `audience` is "forum" (peers read it) or "one_to_one" (a professional does). `premoderated`: in
    this space a person reads everything first. `hold_everything`: nobody is on duty here.
    `author_age_band` may be "" where unknown; the youngest are answered one step sooner.
    """

    audience: Literal["forum", "one_to_one"]
    premoderated: bool = False
    hold_everything: bool = False
    author_age_band: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a verdict, without any word of the message.

    `code` is stable: a label, or "unread", "premoderated", "hold_everything", "nothing_found",
    "friend_in_danger". `score` and `threshold` are 0 where no reader gave one.
    """

    code: str
    staff_words: str
    label: str = ""
    score: float = 0.0
    threshold: float = 0.0
    source: str = ""
    version: str = ""
    rule: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and why. `reasons` is never empty and the weightiest comes first."""

    action: Action
    reasons: tuple[Reason, ...]
    harm: Harm = "routine"
    offer_door: bool = False
    open_case: bool = False
    urgency: Urgency = ""
    notice: Notice = "none"
    version: str = POLICY_VERSION


def crisis_score(reading: Reading) -> float:
    """The number by which messages are ordered when danger to the writer is looked for, 0 to 1."""
    return max((s.score for s in reading.signals if s.label in DANGER and _counts(s)), default=0.0)


def toxicity_score(reading: Reading) -> float:
    """The encoder's `toxicity` probability, 0 to 1."""
    return max((s.score for s in reading.signals if s.label == Label.TOXICITY), default=0.0)


def threshold_for(label: str, source: str) -> float:
    """The score from which a signal of this label from this reader counts."""
    return RULE_THRESHOLD if source in RULE_SOURCES else RULES[label].threshold


def decide(reading: Reading, context: PolicyContext) -> Verdict:
    """Decide about one message. Every verdict has at least one reason."""
    fired = [s for s in _fired(reading) if not _excused(s, reading)]
    imminent_friend = [s for s in fired if s.person == "friend" and s.label in DANGER]
    own = [s for s in fired if s not in imminent_friend]
    reasons = _reasons(own, imminent_friend, reading, context)
    rules = [RULES[s.label] for s in own]
    open_case = bool(imminent_friend) or any(rule.case for rule in rules)
    held = (
        bool(reading.failed)
        or bool(imminent_friend)
        or context.premoderated
        or context.hold_everything
        or any(rule.hold for rule in rules)
    )
    harm = _harm(rules, bool(imminent_friend), bool(reading.failed))
    door = bool(imminent_friend) or any(rule.door for rule in rules)
    if context.audience == "one_to_one":
        held = False
    return Verdict(
        action="hold" if held else "publish",
        reasons=reasons,
        harm=harm,
        offer_door=door,
        open_case=open_case,
        urgency=_urgency(rules, bool(imminent_friend), context) if open_case else "",
        notice=_notice(held, harm, door, context, failed=bool(reading.failed)),
    )


def _counts(signal: Signal) -> bool:
    return signal.person not in NOT_THE_WRITER


def _fired(reading: Reading) -> list[Signal]:
    """Signals over their threshold, weightiest label first, then by score."""
    order = list(RULES)
    fired = [
        s
        for s in reading.signals
        if s.label in RULES and _counts(s) and s.score >= threshold_for(s.label, s.source)
    ]
    return sorted(fired, key=lambda s: (order.index(s.label), -s.score))


def _excused(signal: Signal, reading: Reading) -> bool:
    """Swearing about oneself is not abuse. Threats and slurs are never excused by it."""
    if signal.label not in TOXICITY or signal.label in ABUSE_OF_OTHERS:
        return False
    return any(other.rule == SELF_SWEARING for other in reading.signals)


def _harm(rules: list[Rule], friend: bool, failed: bool) -> Harm:
    found: set[Harm] = {rule.harm for rule in rules}
    if friend:
        found.add("danger")
    if failed:
        found.add("unread")
    return next((harm for harm in HARMS if harm in found), "routine")


def _urgency(rules: list[Rule], friend: bool, context: PolicyContext) -> Urgency:
    found: set[Urgency] = {rule.urgency for rule in rules if rule.case}
    if friend:
        found.add("immediate")
    urgency = next((urgency for urgency in URGENCIES if urgency in found), "")
    if urgency == "soon" and context.author_age_band.startswith("11"):
        return "urgent"
    return urgency


def _notice(held: bool, harm: Harm, door: bool, context: PolicyContext, *, failed: bool) -> Notice:
    if context.audience == "one_to_one":
        return "unread" if failed else "none"
    if door:
        return "door"
    if not held:
        return "none"
    if harm == "contact":
        return "contact_details"
    return "unread" if harm == "unread" else "held_for_person"


def _reasons(
    own: list[Signal], friend: list[Signal], reading: Reading, context: PolicyContext
) -> tuple[Reason, ...]:
    reasons = [_friend_reason(s) for s in friend] + [_reason(s) for s in own]
    reasons += [_unread(name) for name in reading.failed]
    if context.premoderated:
        reasons.append(Reason("premoderated", "A person reads everything first in this space"))
    if context.hold_everything:
        reasons.append(Reason("hold_everything", "Everything waits here while no one is on duty"))
    return tuple(reasons) or (Reason("nothing_found", "Nothing that we look for was found"),)


def _reason(signal: Signal) -> Reason:
    return Reason(
        code=str(signal.label),
        staff_words=RULES[signal.label].words,
        label=str(signal.label),
        score=signal.score,
        threshold=threshold_for(signal.label, signal.source),
        source=signal.source,
        version=signal.version,
        rule=signal.rule,
        spans=signal.spans,
    )


def _friend_reason(signal: Signal) -> Reason:
    reason = _reason(signal)
    return Reason(
        code="friend_in_danger",
        staff_words="Somebody the writer knows may be in danger now",
        label=reason.label,
        score=reason.score,
        threshold=reason.threshold,
        source=reason.source,
        version=reason.version,
        rule=reason.rule,
        spans=reason.spans,
    )


def _unread(name: str) -> Reason:
    words = {
        ENCODER: "The language model could not read it",
        PATTERNS: "The crisis phrases could not be looked for",
        CONTACT: "Contact details could not be looked for",
    }
    return Reason("unread", words.get(name, f"The {name} reader could not read it"), source=name)
