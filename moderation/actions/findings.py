"""Keeping what was found over several messages, and bringing people to have a look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import F

from chat.actions.messages import hold_message
from chat.kernel import clock
from chat.models import Message, User
from chat.states import ConversationKind, MessageState, Notice, Role
from moderation.actions.reviews import UNDECIDED
from moderation.models import Assessment, PatternFinding, Review
from moderation.models.review import place_in_list
from moderation.patterns_over_time import Evidence
from moderation.policy_over_time import PatternVerdict
from moderation.states import OPEN, TIERS, Harm, ReviewStatus

SAME_FOR = dt.timedelta(hours=24)
"""A pattern that goes on is one finding for so long; after that it is found anew."""


def keep_findings(
    *, author: User, verdicts: Sequence[PatternVerdict], now: dt.datetime
) -> list[PatternFinding]:
    """Store what is new, and have a moderator look where policy says so; returns what changed.

    Finding the same again from the same messages changes nothing.
    """
    known = {
        (finding.code, finding.towards): finding
        for finding in PatternFinding.objects.filter(author=author).order_by("pk")
    }
    changed = []
    for verdict in verdicts:
        signal = verdict.signal
        before = known.get((str(signal.code), signal.towards))
        newest = max(evidence.message_id for evidence in signal.evidence)
        if before is not None and before.newest_message_id >= newest:
            continue
        if before is not None and clock.is_fresh(before.found_at, within=SAME_FOR, now=now):
            finding = _extend(before, verdict, newest, now=now)
        else:
            finding = _begin(author, verdict, newest, now=now)
        if verdict.review:
            bring_to_review(signal.evidence, harm=Harm(verdict.harm), now=now)
        changed.append(finding)
    return changed


def _extend(
    finding: PatternFinding, verdict: PatternVerdict, newest: int, *, now: dt.datetime
) -> PatternFinding:
    """More of the same: evidence grows, and whoever looks after people hears that it goes on.

    The case it opened may have been closed since. Where it is still open, this is no news there.
    """
    finding.score = max(finding.score, verdict.signal.score)
    finding.evidence = _as_json(verdict.signal.evidence)
    finding.newest_message_id = newest
    finding.updated_at = now
    columns = ["score", "evidence", "newest_message_id", "updated_at"]
    if finding.case_about_id is not None:
        finding.due_at = now
        # Whoever is at it knows less than this, and must not say that it is done.
        finding.lease_until, finding.lease_token, finding.attempts = None, None, 0
        columns += ["due_at", "lease_until", "lease_token", "attempts"]
    finding.save(update_fields=columns)
    return finding


def _begin(
    author: User, verdict: PatternVerdict, newest: int, *, now: dt.datetime
) -> PatternFinding:
    about = _case_about(author, verdict)
    signal = verdict.signal
    return PatternFinding.objects.create(
        author=author,
        towards=signal.towards,
        case_about=about,
        code=signal.code,
        score=signal.score,
        evidence=_as_json(signal.evidence),
        newest_message_id=newest,
        urgency=verdict.urgency,
        harm=verdict.harm,
        patterns_version=signal.version,
        policy_version=verdict.version,
        found_at=now,
        updated_at=now,
        due_at=now if about else None,
    )


def _case_about(author: User, verdict: PatternVerdict) -> User | None:
    """Whom somebody should be with. Where the other cannot be named it is the writer."""
    if verdict.case_about == "nobody":
        return None
    if verdict.case_about == "writer":
        return author
    kind, _colon, number = verdict.signal.towards.partition(":")
    if kind == "person":
        other = User.objects.filter(pk=int(number), role=Role.YOUNG_PERSON, is_active=True).first()
        if other is not None:
            return other
    return author


def _as_json(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    return [
        {
            "message": one.message_id,
            "part": str(one.part),
            "at": one.at.isoformat(),
            "others": one.others,
        }
        for one in evidence
    ]


def bring_to_review(evidence: Sequence[Evidence], *, harm: Harm, now: dt.datetime) -> Review | None:
    """Keep the newest message whose words nobody has decided about until a moderator has looked.

    Private talks are never kept back, and what a moderator decided stays decided, until its author
    changes the words: a decision is about those it was made about.
    """
    ids = sorted({one.message_id for one in evidence}, reverse=True)
    messages = Message.objects.filter(
        pk__in=ids,
        conversation__kind=ConversationKind.THREAD,
        state__in=(MessageState.PUBLISHED, MessageState.HELD),
    ).exclude(review__status=ReviewStatus.DECIDED, review__decided_revision=F("revision"))
    message = messages.select_for_update(no_key=True, of=("self",)).order_by("-pk").first()
    if message is None:
        return None
    review = Review.objects.filter(message=message).first()
    if review is not None and _is_decided(review, message):
        return None  # While we waited for the message. The query saw the review before that.
    place = place_in_list(harm, now)
    if review is None:
        review = Review.objects.create(message=message, assessment=_reading(message), **place)
    elif review.status not in OPEN:
        Review.objects.filter(pk=review.pk).update(version=F("version") + 1, **UNDECIDED, **place)
    elif TIERS[harm] < review.tier:
        place = place_in_list(harm, review.opened_at)
        Review.objects.filter(pk=review.pk).update(version=F("version") + 1, **place)
    if message.state == MessageState.PUBLISHED:
        hold_message(message=message, by=None, notice=Notice.HELD_FOR_PERSON)
    return review


def _is_decided(review: Review, message: Message) -> bool:
    decided = review.status == ReviewStatus.DECIDED
    return decided and review.decided_revision == message.revision


def _reading(message: Message) -> Assessment | None:
    return Assessment.objects.filter(message=message, revision=message.revision).first()
