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

import math
from dataclasses import dataclass
from typing import Final, Literal

from moderation.classifiers.base import ENCODER, PAST, PATTERNS, Reading, Signal
from moderation.classifiers.labels import DANGER, TOXICITY, Label
from moderation.policy_reasons import Reason, reasons_for, threshold_for
from moderation.policy_table import (
    ABUSE_OF_OTHERS,
    CLEARLY_PAST,
    DANGER_FLOOR,
    DISTRESS_SHARE,
    HARMS,
    IDENTITY_SHARE,
    IDENTITY_USUAL,
    INSULT_OF_ANOTHER,
    MODEL_SHARE,
    NAMED_POINTS,
    NAMES_SUICIDE,
    NOT_OWN,
    NOT_THE_WRITER,
    ODDS_FLOOR,
    OFTEN_PAST,
    POLICY_VERSION,
    RULE_THRESHOLD,
    RULES,
    SAID_POINTS,
    SAID_SCORE,
    SELF_SWEARING,
    SPOKEN_THRESHOLD,
    SURE_FROM,
    SURE_OF_DANGER,
    SURE_SHARE,
    URGENCIES,
    USUAL,
    Action,
    Harm,
    Notice,
    Rule,
    Strictness,
    Urgency,
    strictness_of,
)

__all__ = [
    "HARMS",
    "POLICY_VERSION",
    "RULES",
    "URGENCIES",
    "Action",
    "Harm",
    "Notice",
    "PolicyContext",
    "Reason",
    "Strictness",
    "Urgency",
    "Verdict",
    "crisis_alarm",
    "crisis_score",
    "decide",
    "fired_labels",
    "strictness_of",
    "threshold_for",
    "toxicity_score",
]

FRIEND: Final = "friend"


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """Where the message is going and by whom it was written.

    `audience` is "forum" (peers read it) or "one_to_one" (a professional does). `premoderated`: in
    this space a person reads everything first.
    `author_age_band` may be "" where unknown; the youngest are answered one step sooner.
    `space` is how strict the space is with its own room.
    """

    audience: Literal["forum", "one_to_one"]
    premoderated: bool = False
    author_age_band: str = ""
    space: Strictness = USUAL


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
    """The number by which messages are ordered when danger to the writer is looked for, 0 to 1.

    A share of the encoder's highest danger probability as log-odds, a little of its distress, plus
    points for what is said in so many words, also about the past. The two readers err in different
    places: a message that both see comes before one that only one sees. `policy_table` says how
    the points were chosen.
    """
    own = [s for s in reading.signals if s.label in DANGER and s.person not in NOT_OWN]
    model = max((s.score for s in own if s.source == ENCODER), default=0.0)
    said = [s for s in own if s.source == PATTERNS]
    odds = _log_odds(model, DANGER_FLOOR)
    points = MODEL_SHARE * odds + SURE_SHARE * max(0.0, odds - SURE_FROM)
    points += DISTRESS_SHARE * _log_odds(_best(reading, Label.DISTRESS) or 0.0, DANGER_FLOOR)
    if any(s.score >= SAID_SCORE for s in said):
        points += SAID_POINTS
    elif any(s.rule == NAMES_SUICIDE for s in said):
        points += NAMED_POINTS
    return 1.0 / (1.0 + math.exp(-points))


def crisis_alarm(reading: Reading) -> bool:
    """Whether danger to the writer is found at the thresholds of this policy."""
    return any(s.label in DANGER and s.person != FRIEND for s in _fired(reading))


def fired_labels(reading: Reading) -> frozenset[str]:
    """The labels at or over their threshold, whatever follows from them."""
    return frozenset(str(s.label) for s in _fired(reading))


def toxicity_score(reading: Reading) -> float:
    """The number by which messages are ordered when abuse of others is looked for, 0 to 1.

    The encoder's log-odds of `toxicity`, and a share of those of `identity_attack`: contempt for a
    group is often put without a rude word. Where nothing reads for that, `toxicity` as it is.
    """
    best = {label: _best(reading, label) for label in (Label.TOXICITY, Label.IDENTITY_ATTACK)}
    rude, hateful = best[Label.TOXICITY], best[Label.IDENTITY_ATTACK]
    if rude is None or hateful is None:
        return rude or 0.0
    points = _log_odds(rude) + IDENTITY_SHARE * (_log_odds(hateful) - IDENTITY_USUAL)
    return 1.0 / (1.0 + math.exp(-points))


def _best(reading: Reading, label: Label) -> float | None:
    found = [s.score for s in reading.signals if s.label == label]
    return max(found) if found else None


def _log_odds(score: float, floor: float = ODDS_FLOOR) -> float:
    return math.log((score + floor) / (1.0 - score + floor))


def decide(reading: Reading, context: PolicyContext) -> Verdict:
    """Decide about one message. Every verdict has at least one reason."""
    fired = [s for s in _fired(reading, context.space) if not _excused(s, reading, context.space)]
    imminent_friend = [s for s in fired if s.person == FRIEND and s.label in DANGER]
    own = [s for s in fired if s not in imminent_friend]
    reasons = reasons_for(
        own,
        imminent_friend,
        reading.failed,
        premoderated=context.premoderated,
        space=context.space,
    )
    rules = [RULES[s.label] for s in own]
    open_case = bool(imminent_friend) or any(rule.case for rule in rules)
    held = (
        bool(reading.failed)
        or bool(imminent_friend)
        or context.premoderated
        or any(rule.hold for rule in rules)
    )
    harm = _harm(rules, bool(imminent_friend), bool(reading.failed))
    door = bool(imminent_friend) or any(rule.door for rule in rules)
    door = door or any(_told_as_over(s, reading) for s in _over_threshold(reading, context.space))
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
    """Whether it is about now. A friend who was in danger years ago is still a friend, and past."""
    return signal.person not in NOT_THE_WRITER and signal.tense != PAST


def _over_threshold(reading: Reading, space: Strictness = USUAL) -> list[Signal]:
    spoken_of = _is_spoken_of(reading)
    return [
        s
        for s in reading.signals
        if s.label in RULES and _counts(s) and s.score >= _needed(s, space, spoken_of=spoken_of)
    ]


def _needed(signal: Signal, space: Strictness, *, spoken_of: bool) -> float:
    threshold = threshold_for(signal.label, signal.source, space)
    if spoken_of and signal.source == ENCODER and signal.label in OFTEN_PAST:
        return min(threshold, SPOKEN_THRESHOLD)
    return threshold


def _is_spoken_of(reading: Reading) -> bool:
    """The phrases find danger to the writer, or the past of it, or at least its name."""
    return any(
        s.label in DANGER and s.source == PATTERNS and s.person not in NOT_OWN
        for s in reading.signals
    )


def _fired(reading: Reading, space: Strictness = USUAL) -> list[Signal]:
    """Signals that count, weightiest label first, then by score."""
    order = list(RULES)
    fired = [
        s
        for s in _over_threshold(reading, space)
        if not _of_a_friend(s, reading) and not _told_as_over(s, reading)
    ]
    return sorted(fired, key=lambda s: (order.index(s.label), -s.score))


def _of_a_friend(signal: Signal, reading: Reading) -> bool:
    """The encoder sees abuse told, but sees worry for somebody else more clearly: not the writer.

    Such a message is published with a door. What is said in so many words still counts.
    """
    if signal.label != Label.ABUSE_DISCLOSURE or signal.source != ENCODER:
        return False
    return any(
        other.label == Label.WORRIED_ABOUT_FRIEND and other.score > signal.score
        for other in reading.signals
        if other.source == ENCODER
    )


def _told_as_over(signal: Signal, reading: Reading) -> bool:
    """The encoder alone sees a little danger, and sees far more clearly that it is past.

    Those who tell how they got better are heard, with a door. What is said outright, what the
    encoder is sure of, and asking how to do it always count.
    """
    if signal.source != ENCODER or signal.label not in OFTEN_PAST:
        return False
    weak = all(
        s.score < SURE_OF_DANGER
        for s in reading.signals
        if s.label in DANGER and s.source == ENCODER
    )
    return weak and _past_is_clear(reading) and not _said_as_present(reading)


def _past_is_clear(reading: Reading) -> bool:
    return any(
        s.label == Label.PAST_OR_RECOVERY and s.source == ENCODER and s.score >= CLEARLY_PAST
        for s in reading.signals
    )


def _said_as_present(reading: Reading) -> bool:
    return any(
        s.label in DANGER and s.source == PATTERNS and s.score >= RULE_THRESHOLD and _counts(s)
        for s in reading.signals
    )


def _excused(signal: Signal, reading: Reading, space: Strictness) -> bool:
    """Swearing about oneself is not abuse. Threats and slurs are never excused by it."""
    if signal.label not in TOXICITY or signal.label in ABUSE_OF_OTHERS:
        return False
    swears_at_self = any(other.rule == SELF_SWEARING for other in reading.signals)
    return swears_at_self and not _insults_another(reading, space)


def _insults_another(reading: Reading, space: Strictness) -> bool:
    """The words say so of somebody by name, and the encoder sees an insult too."""
    named = any(s.rule == INSULT_OF_ANOTHER and s.person == FRIEND for s in reading.signals)
    return named and any(s.label == Label.INSULT for s in _over_threshold(reading, space))


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
    urgency: Urgency = next((urgency for urgency in URGENCIES if urgency in found), "")
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
