"""Writing down what was read: codes, scores, places and versions, never words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chat.kernel import clock
from chat.models import Message
from moderation import readers
from moderation.actions.handover import BY_A_PERSON
from moderation.classifiers.base import PAST, PATTERNS, Reading, Signal
from moderation.models import Assessment
from moderation.policy import URGENCIES, Reason, Verdict
from moderation.policy_table import NOT_OWN, NOT_THE_WRITER, RULE_THRESHOLD

ASKED = "asked_by_moderator"
"""Code of the reason that a person gave, not a reader; see ``moderation.actions.handover``."""

FOUND = [
    *("action", "harm", "reasons", "scores", "open_case", "offer_door", "urgency", "notice"),
    *("classifier_version", "policy_version", "created_at"),
    *("due_at", "lease_until", "lease_token", "attempts"),
]
"""What a reading says, and whose turn it is then."""


def reason_as_json(reason: Reason) -> dict[str, Any]:
    return {
        "code": str(reason.code),
        "words": reason.staff_words,
        "label": str(reason.label),
        "score": round(reason.score, 4),
        "threshold": round(reason.threshold, 4),
        "spans": [[span.start, span.end] for span in reason.spans],
        "source": reason.source,
        "version": reason.version,
        "rule": reason.rule,
    }


def scores_as_json(reading: Reading) -> dict[str, float]:
    """The highest score of each label that counts for the writer now, 0 to 1.

    These are looked at again together with other messages, without their person and tense: what is
    about a friend, a story or the past must not add up to somebody's own days getting heavier.
    """
    scores: dict[str, float] = {}
    for signal in filter(_counts_for_the_writer, reading.signals):
        label = str(signal.label)
        scores[label] = max(scores.get(label, 0.0), round(signal.score, 4))
    return scores


def _counts_for_the_writer(signal: Signal) -> bool:
    """The encoder's scores always do. Phrases do where they decide, about the writer, about now."""
    if signal.source != PATTERNS:
        return True
    return (
        signal.score >= RULE_THRESHOLD
        and signal.tense != PAST
        and signal.person not in NOT_OWN | NOT_THE_WRITER
    )


def record_assessments(
    judged: Iterable[tuple[Message, Reading, Verdict]], *, version: str
) -> dict[int, Assessment]:
    """Keep one assessment per message and revision; by message id, the one that stands.

    A revision that has one already keeps it: reading twice changes nothing. Where a moderator
    asked for a clinician before anything had read it, what was found now joins what they said.
    """
    judged = list(judged)
    rows = [_row(*item, version=version) for item in judged]
    Assessment.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = {(row.message_id, row.revision): row for row in rows}
    stored = Assessment.objects.filter(message_id__in={key for key, _ in wanted})
    kept = {a.message_id: a for a in stored if (a.message_id, a.revision) in wanted}
    for asked in kept.values():
        if asked.classifier_version == BY_A_PERSON:
            _join(asked, wanted[asked.message_id, asked.revision])
    return kept


def _join(asked: Assessment, read: Assessment) -> None:
    """Both reasons, at the sooner of both urgencies; what the moderator asked for stays."""
    asked.reasons = [*asked.reasons, *read.reasons]
    asked.scores = read.scores
    asked.urgency = min(asked.urgency, read.urgency, key=URGENCIES.index)
    asked.classifier_version = read.classifier_version
    asked.policy_version = read.policy_version
    asked.created_at = read.created_at
    if read.open_case:
        asked.due_at = read.due_at
        # Whoever is at it knows less than this, and must not say that it is done.
        asked.lease_until, asked.lease_token, asked.attempts = None, None, 0
    asked.save()
