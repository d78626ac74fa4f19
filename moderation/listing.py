"""The one list that moderators work from: reviews, and messages that no machine has settled.

Every message of a space that waits for a person is in it exactly once: as its review while that is
open, or else by itself.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from chat.kernel import clock
from chat.models import Message, User
from chat.states import ConversationKind, MessageState
from moderation import words
from moderation.models import Review
from moderation.scale import HARMS, urgency_of_review
from moderation.states import AIM_MINUTES, OPEN, TIERS, Harm

LISTED_AFTER = dt.timedelta(seconds=15)
"""A message that no machine has settled for so long is shown to a person."""

LENGTH = 200
"""Rows shown at once; what is further down is counted."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list, as this viewer sees it."""

    key: str
    url: str
    harm: str
    harm_words: str
    urgency: str
    tier: int
    answer_by: dt.datetime
    opened_at: dt.datetime
    clock: str
    late: bool
    why: str
    place: str
    author: str
    own: bool
    holder: str
    mine: bool
    version: int


@dataclass(frozen=True, slots=True)
class Listing:
    items: list[Item]
    total: int
    free: int

    @property
    def hidden(self) -> int:
        return self.total - len(self.items)


def unsettled(now: dt.datetime) -> QuerySet[Message]:
    """Messages of the spaces that wait for a person and have no open review of their own."""
    waits = Q(state=MessageState.HELD) | Q(
        Q(due_at__isnull=True) | clock.long_ago("due_at", than=LISTED_AFTER, now=now),
        state=MessageState.PENDING,
    )
    return (
        Message.objects.filter(waits, conversation__kind=ConversationKind.THREAD)
        .exclude(review__status__in=OPEN)
        .select_related("author", "conversation__space")
        .order_by("created_at", "pk")
    )


def listing_for(viewer: User, *, now: dt.datetime) -> Listing:
    """The list in the order in which things should be decided, and how much there is in all."""
    awaiting = Review.objects.awaiting()
    waiting = unsettled(now)
    total = awaiting.count() + waiting.count()
    items = [
        _of_review(review, viewer, now)
        for review in awaiting.for_reading().defer("message__body_sealed")[:LENGTH]
    ]
    items += [
        _of_message(message, viewer, now) for message in waiting.defer("body_sealed")[:LENGTH]
    ]
    items.sort(key=lambda item: (item.tier, item.answer_by, item.key))
    free = sum(1 for item in items if not item.holder and not item.own)
    return Listing(items=items[:LENGTH], total=total, free=free)


def next_free(viewer: User, *, now: dt.datetime) -> Item | None:
    """What this person should take next, if there is anything."""
    items = listing_for(viewer, now=now).items
    return next((item for item in items if not item.holder and not item.own), None)


def _of_review(review: Review, viewer: User, now: dt.datetime) -> Item:
    holder = review.holder(now)
    reasons = review.assessment.reasons if review.assessment else []
    why = reasons[0]["words"] if reasons else str(words.THEMES[review.harm])
    if review.from_pattern:
        why = str(words.FROM_PATTERN)
    return _item(
        review.message,
        viewer,
        now,
        harm=Harm(review.harm),
        opened_at=review.opened_at,
        answer_by=review.answer_by,
        key=f"review-{review.pk}",
        url=reverse("review", args=[review.pk]),
        why=why,
        holder=holder,
        version=review.version,
    )


def _of_message(message: Message, viewer: User, now: dt.datetime) -> Item:
    opened_at = message.due_at or message.created_at
    return _item(
        message,
        viewer,
        now,
        harm=Harm.UNREAD,
        opened_at=opened_at,
        answer_by=opened_at + dt.timedelta(minutes=AIM_MINUTES[Harm.UNREAD]),
        key=f"message-{message.pk}",
        url=reverse("unread", args=[message.pk]),
        why=str(words.THEMES[Harm.UNREAD]),
        holder=None,
        version=message.revision,
    )


def _item(
    message: Message,
    viewer: User,
    now: dt.datetime,
    *,
    harm: Harm,
    opened_at: dt.datetime,
    answer_by: dt.datetime,
    key: str,
    url: str,
    why: str,
    holder: User | None,
    version: int,
) -> Item:
    space = message.conversation.space
    return Item(
        key=key,
        url=url,
        harm=harm,
        harm_words=str(HARMS[harm]),
        urgency=urgency_of_review(harm),
        tier=TIERS[harm],
        answer_by=answer_by,
        opened_at=opened_at,
        clock=words.clock_words(harm, opened_at, now),
        late=answer_by <= now,
        why=why,
        place=space.name if space else "",
        author=message.author.nickname,
        own=message.author_id == viewer.pk,
        holder=holder.nickname if holder else "",
        mine=holder == viewer,
        version=version,
    )
