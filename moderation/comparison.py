"""What the shadow run found, as staff may see it. Reads only."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from chat.access import seats_for
from chat.models import User
from chat.states import ConversationKind
from moderation.models import Review, ShadowAssessment
from moderation.policy import RULES
from moderation.rates import Share, wilson

COMPARED: Final = 5000
"""The newest comparisons that are counted."""

SHOWN: Final = 50
"""Differences listed, the newest first."""


@dataclass(frozen=True, slots=True)
class LabelChange:
    """How often the candidate fires a label that the live reading did not, and the reverse."""

    label: str
    words: str
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One message that would have gone another way. ``url`` only where this person may read it."""

    url: str
    place: str
    live: str
    candidate: str
    gained: str
    lost: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything on the page about one candidate."""

    words: str
    newest_at: dt.datetime
    compared: int
    agreement: Share | None
    held_more: int
    held_less: int
    cases_more: int
    cases_less: int
    failed: int
    labels: list[LabelChange]
    differences: list[Difference]

    @property
    def few(self) -> bool:
        return self.agreement is None or self.agreement.small


def latest_candidate() -> str:
    """The key of whatever ran in the shadow last; empty if nothing ever did."""
    last = ShadowAssessment.objects.order_by("-pk").values_list("candidate", flat=True).first()
    return last or ""


def comparison_for(viewer: User, key: str) -> Comparison | None:
    """How the candidate compares, over its newest rows; ``None`` where it has none."""
    rows = list(
        ShadowAssessment.objects.filter(candidate=key)
        .select_related("live__message__conversation__space")
        .defer("live__message__body_sealed", "scores")
        .order_by("-pk")[:COMPARED]
    )
    if not rows:
        return None
    gained, lost = Counter[str](), Counter[str]()
    for row in rows:
        gained.update(row.gained)
        lost.update(row.lost)
    read = [row for row in rows if not row.failed]
    return Comparison(
        words=rows[0].candidate_words,
        newest_at=rows[0].created_at,
        compared=len(rows),
        agreement=wilson(sum(row.agrees for row in rows), len(rows)),
        held_more=sum(_held(row.action) > _held(row.live.action) for row in read),
        held_less=sum(_held(row.action) < _held(row.live.action) for row in read),
        cases_more=sum(row.open_case > row.live.open_case for row in read),
        cases_less=sum(row.open_case < row.live.open_case for row in read),
        failed=len(rows) - len(read),
        labels=[
            LabelChange(str(label), rule.words, gained[label], lost[label])
            for label, rule in RULES.items()
            if gained[label] or lost[label]
        ],
        differences=_differences(viewer, [row for row in rows if not row.agrees][:SHOWN]),
    )


def _held(action: str) -> bool:
    return action == "hold"


def _differences(viewer: User, rows: list[ShadowAssessment]) -> list[Difference]:
    messages = [row.live.message for row in rows]
    reviews = dict(Review.objects.filter(message__in=messages).values_list("message_id", "pk"))
    seats = seats_for(viewer, [message.conversation_id for message in messages])
    return [
        _difference(row, reviews.get(message.pk), message.conversation_id in seats)
        for row, message in zip(rows, messages, strict=True)
    ]


def _difference(row: ShadowAssessment, review: int | None, may_read: bool) -> Difference:
    conversation = row.live.message.conversation
    private = conversation.kind == ConversationKind.ONE_TO_ONE
    url = ""
    if review is not None:
        url = reverse("review", args=[review])
    elif may_read and not private and conversation.space:
        url = reverse("thread", args=[conversation.space.slug, conversation.pk])
    return Difference(
        url=url,
        place="" if private or not conversation.space else conversation.space.name,
        live=_what(row.live.action, row.live.open_case),
        candidate=_what(row.action, row.open_case),
        gained=", ".join(row.gained),
        lost=", ".join(row.lost),
    )


def _what(action: str, case: bool) -> str:
    return ("hold" if action == "hold" else "publish") + (" + case" if case else "")
