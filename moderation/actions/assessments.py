"""Writing down what was read: codes, scores, places and versions, never words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chat.kernel import clock
from chat.models import Message
from moderation.classifiers.base import PAST, PATTERNS, Reading, Signal
from moderation.models import Assessment
from moderation.policy import URGENCIES, Reason, Verdict
from moderation.policy_table import NOT_OWN, NOT_THE_WRITER, RULE_THRESHOLD

ASKED = "asked_by_moderator"
"""Code of the reason that a person gave, not a reader; see ``moderation.actions.handover``."""

BY_A_PERSON = "person"
"""Source of a reason that a moderator gave, beside the names of the readers; and in the place of
their versions, where none of them had read in full what was handed over."""

UNREAD = "unread"
"""Code of the reason that a reader could not read it."""

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

    A revision that has one already keeps it: reading twice changes nothing, unless a reader could
    not read it then, and all of them can now or what they see now needs somebody. Where a moderator
    asked for a clinician before all had read it, what was found now joins what they said.

    ``version`` names the readers that read. They are not asked for here: one might be built for it,
    for as long as that takes, with everything locked.
    """
    judged = list(judged)
    rows = [_row(*item, version=version) for item in judged]
    Assessment.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = {(row.message_id, row.revision) for row in rows}
    found = Assessment.objects.filter(message_id__in={key for key, _ in wanted})
    kept = {a.message_id: a for a in found if (a.message_id, a.revision) in wanted}
    for row, (_message, reading, _verdict) in zip(rows, judged, strict=True):
        earlier, in_full = kept[row.message_id], not reading.failed
        if _asked_before_all_had_read(earlier):
            _join(earlier, row, in_full=in_full)
        elif (in_full or _is_new_danger(earlier, row)) and _gives_way(earlier, row):
            _stand_instead(earlier, row)
    return kept


def _asked_before_all_had_read(earlier: Assessment) -> bool:
    codes = {reason.get("code") for reason in earlier.reasons}
    return earlier.classifier_version == BY_A_PERSON or codes >= {ASKED, UNREAD}


def _is_new_danger(earlier: Assessment, row: Assessment) -> bool:
    """It must not wait for the one reader that never manages these words."""
    return row.open_case and not earlier.open_case


def _row(message: Message, reading: Reading, verdict: Verdict, *, version: str) -> Assessment:
    now = clock.now()
    return Assessment(
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


def _gives_way(earlier: Assessment, later: Assessment) -> bool:
    """Whether a later reading stands instead. What brought somebody a person stays as it is."""
    codes = {reason.get("code") for reason in earlier.reasons}
    seen = later.open_case or not earlier.open_case
    return UNREAD in codes and ASKED not in codes and seen


def _stand_instead(earlier: Assessment, later: Assessment) -> None:
    """The row stays the same one: a review and a case may rest on it."""
    for name in FOUND:
        setattr(earlier, name, getattr(later, name))
    earlier.save(update_fields=FOUND)


def _join(asked: Assessment, read: Assessment, *, in_full: bool) -> None:
    """Both reasons, at the sooner of both urgencies; what the moderator asked for stays.

    What was read in part is read once more, and joins then as well.
    """
    said = [r for r in asked.reasons if not (in_full and r.get("code") == UNREAD)]
    asked.reasons = [*said, *(r for r in read.reasons if r not in said)]
    asked.scores = read.scores
    asked.urgency = min(asked.urgency, read.urgency, key=URGENCIES.index)
    if in_full:
        asked.classifier_version = read.classifier_version
        asked.policy_version = read.policy_version
    asked.created_at = read.created_at
    if read.open_case:
        asked.due_at = read.due_at
        # Whoever is at it knows less than this, and must not say that it is done.
        asked.lease_until, asked.lease_token, asked.attempts = None, None, 0
    asked.save()
