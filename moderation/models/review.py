from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models

from chat.kernel import clock
from chat.models import Message, User
from chat.states import MessageState
from moderation.models.assessment import Assessment
from moderation.states import (
    AIM_MINUTES,
    CLAIM_MINUTES,
    OPEN,
    TIERS,
    Decision,
    Harm,
    ReviewStatus,
)

CLAIM = dt.timedelta(minutes=CLAIM_MINUTES)

UNDECIDED_STATES = (MessageState.PENDING, MessageState.HELD)


class ReviewQuerySet(models.QuerySet["Review"]):
    def awaiting(self) -> ReviewQuerySet:
        """Everything a person still has to decide, in the order in which it should be."""
        return self.filter(status__in=OPEN, message__state__in=UNDECIDED_STATES).order_by(
            "tier", "answer_by", "pk"
        )

    def moot(self) -> ReviewQuerySet:
        """Open, though the message is settled already: its author or the machine was faster."""
        return self.filter(status__in=OPEN).exclude(message__state__in=UNDECIDED_STATES)

    def for_reading(self) -> ReviewQuerySet:
        """With everything needed to draw a line of the list: one query."""
        return self.select_related(
            "message__author", "message__conversation__space", "assessment", "claimed_by"
        )


class Review(models.Model):
    """A message that a person has to decide about: one row per message, for all its revisions.

    ``version`` goes up whenever somebody else's view of the row becomes out of date. A claim is a
    lease: after ``claim_until`` anybody may take it.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="review")
    assessment = models.ForeignKey(
        Assessment, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(
        max_length=8,
        choices=[(s.value, s.value) for s in ReviewStatus],
        default=ReviewStatus.QUEUED,
    )
    harm = models.CharField(max_length=14, choices=[(h.value, h.value) for h in Harm])
    tier = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    claimed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    claim_until = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(
        max_length=8, blank=True, choices=[(d.value, d.value) for d in Decision]
    )
    clause = models.CharField(max_length=30, blank=True)
    decided_revision = models.PositiveIntegerField(
        null=True, blank=True, help_text="Which words the decision is about."
    )
    version = models.PositiveIntegerField(default=1)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["status", "tier", "answer_by"])]

    def __str__(self) -> str:
        return f"review {self.pk}"

    @property
    def from_pattern(self) -> bool:
        """Several messages together brought it here, more than what its own words gave."""
        own = self.assessment.harm if self.assessment else Harm.UNREAD
        return self.harm == Harm.SAFEGUARDING and own != Harm.SAFEGUARDING

    def holder(self, now: dt.datetime) -> User | None:
        """Who is at it now; nobody once their claim ran out."""
        if self.status != ReviewStatus.CLAIMED or self.claim_until is None:
            return None
        over = clock.has_run_out(self.claim_until, longest=CLAIM, now=now)
        return None if over else self.claimed_by


def place_in_list(harm: Harm, opened_at: dt.datetime) -> dict[str, object]:
    """The fields that order the list: worst tier first, then the aim that runs out first."""
    return {
        "harm": harm,
        "tier": TIERS[harm],
        "opened_at": opened_at,
        "answer_by": opened_at + dt.timedelta(minutes=AIM_MINUTES[harm]),
    }
