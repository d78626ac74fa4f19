"""Opening, claiming, releasing and deciding reviews.

Locks are always taken in the order message, review, conversation, audit chain: two who work on
the same message wait for each other and never for ever.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from chat.actions.messages import publish_message, remove_message
from chat.kernel import clock
from chat.kernel.doorbell import ALERTS, ring_on_commit
from chat.kernel.errors import Invalid, Stale
from chat.kernel.transitions import change_state, or_refuse
from chat.models import AuditRow, Message, User
from chat.states import Notice
from moderation.access import access_review_to_decide, access_unread_to_decide
from moderation.clauses import CLAUSES, Clause, check_clause
from moderation.models import Assessment, Review
from moderation.models.review import CLAIM, UNDECIDED_STATES, place_in_list
from moderation.states import (
    AIM_MINUTES,
    OPEN,
    REVIEW_MOVES,
    TIERS,
    Decision,
    Harm,
    ReviewStatus,
)

UNDECIDED: Final[Mapping[str, object]] = MappingProxyType(
    {
        "status": ReviewStatus.QUEUED,
        "claimed_by": None,
        "claim_until": None,
        "decided_by": None,
        "decided_at": None,
        "decision": "",
        "clause": "",
        "decided_revision": None,
    }
)
"""What a review that was closed becomes when somebody has to look again."""


class Taken(Stale):
    """Somebody was faster, or the words changed; ``review`` is how it stands now."""

    def __init__(self, review: Review | None, code: str = "review_taken") -> None:
        super().__init__(code)
        self.review = review


def open_reviews(held: Sequence[Message], assessments: Mapping[int, Assessment]) -> None:
    """Put held messages on the list; one whose words changed comes back, or changes its place.

    Call inside the transaction that holds them.
    """
    known = {r.message_id: r for r in Review.objects.filter(message__in=held)}
    now = clock.now()
    Review.objects.bulk_create(
        Review(
            message=message,
            assessment=assessments.get(message.pk),
            **place_in_list(_harm(message, assessments), message.created_at),
        )
        for message in held
        if message.pk not in known
    )
    for message in held:
        if message.pk in known:
            _open_again(known[message.pk], message, assessments, now=now)


def _harm(message: Message, assessments: Mapping[int, Assessment]) -> Harm:
    found = assessments.get(message.pk)
    return Harm(found.harm) if found else Harm.UNREAD


def _open_again(
    review: Review,
    message: Message,
    assessments: Mapping[int, Assessment],
    *,
    now: dt.datetime,
) -> None:
    still_open = review.status in OPEN
    place = place_in_list(_harm(message, assessments), review.opened_at if still_open else now)
    Review.objects.filter(pk=review.pk).update(
        assessment=assessments.get(message.pk),
        version=F("version") + 1,
        **place,
        **({} if still_open else UNDECIDED),
    )


def place_again(read: Sequence[Message], assessments: Mapping[int, Assessment]) -> int:
    """What waits for a person was read after all: its review says what is in it.

    It comes forward by that, and goes back only from "unread": what a moderator, or several
    messages together, made of it stands. Returns how many changed.
    """
    now, changed = clock.now(), 0
    reviews = Review.objects.filter(message__in=read, status__in=OPEN).select_related("message")
    for review in reviews:
        before, harm = Harm(review.harm), _harm(review.message, assessments)
        if before == Harm.UNREAD != harm or _place(harm) < _place(before):
            _open_again(review, review.message, assessments, now=now)
            changed += 1
    return changed


def _place(harm: Harm) -> tuple[int, int]:
    return TIERS[harm], AIM_MINUTES[harm]


def lapse_moot_reviews(message_ids: Sequence[int] | None = None) -> int:
    """Close what needs no decision any more: withdrawn, or read and published meanwhile."""
    moot = Review.objects.moot()
    if message_ids is not None:
        moot = moot.filter(message_id__in=message_ids)
    keys = list(moot.values_list("pk", flat=True))
    if not keys:
        return 0
    return Review.objects.filter(pk__in=keys, status__in=OPEN).update(
        status=ReviewStatus.LAPSED, claimed_by=None, claim_until=None, version=F("version") + 1
    )


def claim_review(*, by: User, review_id: int) -> Review:
    """Take a review for ten minutes, or keep it for ten more; raises :class:`Taken`."""
    review = access_review_to_decide(by, review_id)
    if review.message.state not in UNDECIDED_STATES:
        raise Taken(review)
    now = clock.now()
    until = now + CLAIM
    with transaction.atomic():
        mine = Review.objects.filter(pk=review.pk, status=ReviewStatus.CLAIMED, claimed_by=by)
        if mine.update(claim_until=until) != 1:
            # Conditions on the row itself only: PostgreSQL checks them again after waiting for
            # somebody else's update, and would not look again into a joined table.
            free = Q(status=ReviewStatus.QUEUED) | clock.ran_out(
                "claim_until", longest=CLAIM, now=now
            )
            with or_refuse(lambda: Taken(_as_it_stands(review))):
                change_state(
                    Review.objects.filter(free, pk=review.pk),
                    field="status",
                    old=OPEN,
                    new=ReviewStatus.CLAIMED,
                    table=REVIEW_MOVES,
                    claimed_by=by,
                    claim_until=until,
                    version=F("version") + 1,
                )
            _record(by, "review.claimed", review)
        ring_on_commit(ALERTS)
    return _as_it_stands(review)


def claim_unread(*, by: User, message_id: int) -> Review:
    """Take a message that no machine has read: from now on it has a review, and it is yours."""
    message = access_unread_to_decide(by, message_id)
    now = clock.now()
    with transaction.atomic():
        locked = Message.objects.select_for_update(no_key=True).get(pk=message.pk)
        review = Review.objects.filter(message=locked).first()
        if locked.state not in UNDECIDED_STATES:
            raise Taken(_as_it_stands(review) if review else None)
        if review is None:
            review = Review.objects.create(
                message=locked, **place_in_list(Harm.UNREAD, message.created_at)
            )
        elif review.status not in OPEN:
            _open_again(review, locked, {}, now=now)
        return claim_review(by=by, review_id=review.pk)


def release_review(*, by: User, review_id: int) -> Review:
    """Give a review back, so that others see it as free; raises :class:`Taken`."""
    review = access_review_to_decide(by, review_id)
    with transaction.atomic():
        with or_refuse(lambda: Taken(_as_it_stands(review))):
            change_state(
                Review.objects.filter(pk=review.pk, claimed_by=by),
                field="status",
                old=[ReviewStatus.CLAIMED],
                new=ReviewStatus.QUEUED,
                table=REVIEW_MOVES,
                claimed_by=None,
                claim_until=None,
                version=F("version") + 1,
            )
        _record(by, "review.released", review)
        ring_on_commit(ALERTS)
    return _as_it_stands(review)


def decide_review(
    *, by: User, review_id: int, decision: str, clause: str, version: int, revision: int
) -> Review:
    """Publish or remove a claimed message, naming the rule; the author sees it at once.

    ``version`` and ``revision`` are those of the page that was decided from: :class:`Taken` says
    that somebody decided first, took it over, or that the author changed the words meanwhile.
    """
    review = access_review_to_decide(by, review_id)
    if decision not in set(Decision):
        raise Invalid("decision_unknown")
    check_clause(decision, clause)
    with transaction.atomic():
        message = Message.objects.select_for_update(no_key=True).get(pk=review.message_id)
        if message.revision != revision:
            raise Taken(_as_it_stands(review), "words_changed")
        if message.state not in UNDECIDED_STATES:
            raise Taken(_as_it_stands(review))
        with or_refuse(lambda: Taken(_as_it_stands(review))):
            change_state(
                Review.objects.filter(pk=review.pk, claimed_by=by, version=version),
                field="status",
                old=[ReviewStatus.CLAIMED],
                new=ReviewStatus.DECIDED,
                table=REVIEW_MOVES,
                decision=decision,
                clause=clause,
                decided_revision=revision,
                decided_by=by,
                decided_at=clock.now(),
                version=F("version") + 1,
            )
            _carry_out(message, by=by, clause=CLAUSES[clause])
        _record(by, "review.decided", review, f"{decision}, {clause}, revision {revision}")
        ring_on_commit(ALERTS)
    return _as_it_stands(review)


def _carry_out(message: Message, *, by: User, clause: Clause) -> None:
    """The author hears which rule it was; who may need somebody keeps the door, whatever else."""
    found = Assessment.objects.filter(message=message, revision=message.revision).first()
    needs_door = found is not None and (found.open_case or found.offer_door)
    if clause.decision is Decision.PUBLISH:
        notice = Notice.DOOR_OFFERED if needs_door else Notice.NONE
        publish_message(message=message, by=by, notice=notice)
    else:
        notice = Notice.DOOR if needs_door else clause.notice
        remove_message(message=message, by=by, notice=notice)


def _record(by: User, verb: str, review: Review, detail: str = "") -> None:
    AuditRow.objects.record(verb=verb, by=by, subject=f"message:{review.message_id}", detail=detail)


def _as_it_stands(review: Review) -> Review:
    return Review.objects.for_reading().select_related("decided_by").get(pk=review.pk)
