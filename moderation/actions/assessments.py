"""Writing down what was read: codes, scores, places and versions, never words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chat.kernel import clock
from chat.models import Message
from moderation.classifiers.base import PAST, PATTERNS, Reading, Signal
from moderation.models import Assessment
from moderation.policy import Reason, Verdict
from moderation.policy_table import NOT_OWN, NOT_THE_WRITER, RULE_THRESHOLD


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

    ``version`` names the readers that read. They are not asked for here: one might be built for it,
    for as long as that takes, with everything locked.

    A revision that has one already keeps it: reading twice changes nothing.
    """
    now = clock.now()
    rows = [
        Assessment(
            message=message,
            revision=message.revision,
            action=verdict.action,
            harm=verdict.harm,
            reasons=[reason_as_json(reason) for reason in verdict.reasons],
            scores=scores_as_json(reading),
            open_case=verdict.open_case,
            offer_door=verdict.offer_door,
            urgency=verdict.urgency,
            notice=verdict.notice,
            classifier_version=version,
            policy_version=verdict.version,
            created_at=now,
            due_at=now if verdict.open_case else None,
        )
        for message, reading, verdict in judged
    ]
    Assessment.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = {(row.message_id, row.revision) for row in rows}
    kept = Assessment.objects.filter(message_id__in={key for key, _ in wanted})
    return {a.message_id: a for a in kept if (a.message_id, a.revision) in wanted}
