"""Why the policy decided as it did, in words for staff. Pure, as the policy is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moderation.classifiers.base import CONTACT, ENCODER, PATTERNS, Signal, Span
from moderation.policy_table import RULE_SOURCES, RULE_THRESHOLD, RULES, USUAL, Strictness


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a verdict, without any word of the message.

    `code` is stable: a label, or "unread", "premoderated", "nothing_found",
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


def threshold_for(label: str, source: str, space: Strictness = USUAL) -> float:
    """The score from which a signal of this label from this reader counts in such a space."""
    return RULE_THRESHOLD if source in RULE_SOURCES else space.threshold(label)


def reasons_for(
    own: Sequence[Signal],
    friend: Sequence[Signal],
    failed: Sequence[str],
    *,
    premoderated: bool = False,
    space: Strictness = USUAL,
) -> tuple[Reason, ...]:
    """Why, the weightiest first: what is read about a friend in danger, then about the writer.

    `failed` names the readers that could not read. At least one reason comes out.
    """
    reasons = [_friend_reason(s, space) for s in friend] + [_reason(s, space) for s in own]
    reasons += [_unread(name) for name in failed]
    if premoderated:
        reasons.append(Reason("premoderated", "A person reads everything first in this space"))
    return tuple(reasons) or (Reason("nothing_found", "Nothing that we look for was found"),)


def _reason(signal: Signal, space: Strictness) -> Reason:
    return Reason(
        code=str(signal.label),
        staff_words=RULES[signal.label].words,
        label=str(signal.label),
        score=signal.score,
        threshold=threshold_for(signal.label, signal.source, space),
        source=signal.source,
        version=signal.version,
        rule=signal.rule,
        spans=signal.spans,
    )


def _friend_reason(signal: Signal, space: Strictness) -> Reason:
    words = "Somebody the writer knows may be in danger now"
    return replace(_reason(signal, space), code="friend_in_danger", staff_words=words)


def _unread(name: str) -> Reason:
    words = {
        ENCODER: "The language model could not read it",
        PATTERNS: "The crisis phrases could not be looked for",
        CONTACT: "Contact details could not be looked for",
    }
    return Reason("unread", words.get(name, f"The {name} reader could not read it"), source=name)
