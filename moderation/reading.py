"""What is beside the message when somebody decides: why it is here, what is around it, and what
was decided about this author before."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from chat.kernel.crypto import Unreadable
from chat.models import Message, User
from chat.states import MessageState, Notice
from chat.words import NOTICES
from moderation import words
from moderation.clauses import CLAUSES
from moderation.models import Assessment, Review
from moderation.scale import READERS
from moderation.states import Harm, ReviewStatus

AROUND = 10
"""Messages shown before and after."""

EARLIER = 5
"""Earlier decisions shown."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the text; ``numbers`` are the reasons that point at it, from 1."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """One reason, in words, with where it comes from."""

    number: int
    words: str
    score: float | None
    threshold: float
    source: str
    rule: str
    version: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A message near it. Words that peers do not see stay folded."""

    author: str
    role: str
    at: dt.datetime
    text: str
    folded: str
    state: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was decided about something else that this author wrote."""

    at: dt.datetime
    decision: str
    clause: str
    by: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything on the page about one message."""

    message: Message
    harm: Harm
    theme: str
    parts: list[Part]
    whys: list[Why]
    assessment: Assessment | None
    told: str
    before: list[Neighbour]
    after: list[Neighbour]
    earlier: list[Earlier]
    published_before: int

    @property
    def hard(self) -> bool:
        return self.harm != Harm.ROUTINE


def dossier_of(message: Message, *, harm: Harm) -> Dossier:
    """Gather it all for one message, as it stands at this moment."""
    found = Assessment.objects.filter(message=message, revision=message.revision).first()
    reasons = found.reasons if found else []
    from_pattern = harm == Harm.SAFEGUARDING and not (found and found.harm == harm)
    if from_pattern:
        reasons = [reason for reason in reasons if reason["code"] != "nothing_found"]
    return Dossier(
        message=message,
        harm=harm,
        theme=str(words.THEMES[harm]),
        parts=mark(text_of(message), [reason["spans"] for reason in reasons]),
        whys=[_why(number, reason) for number, reason in enumerate(reasons, start=1)]
        + [_pattern_why(len(reasons) + 1)] * from_pattern,
        assessment=found,
        told=str(NOTICES.get(message.notice, "")),
        before=list(reversed(_neighbours(message, before=True))),
        after=_neighbours(message, before=False),
        earlier=_earlier(message),
        published_before=_published(message.author),
    )


def text_of(message: Message) -> str:
    """The words, or an honest blank where they cannot be opened or were taken back."""
    if message.notice == Notice.WITHDRAWN:
        return ""
    try:
        return message.body
    except Unreadable:
        return ""


def mark(text: str, spans_of_reasons: Sequence[Sequence[Sequence[int]]]) -> list[Part]:
    """Cut the text where spans begin or end. Spans are code point offsets and may overlap."""
    spans = [
        (max(0, start), min(len(text), end), number)
        for number, spans in enumerate(spans_of_reasons, start=1)
        for start, end in spans
        if start < end and start < len(text)
    ]
    cuts = sorted({0, len(text), *(s for s, _, _ in spans), *(e for _, e, _ in spans)})
    return [
        Part(
            text=text[start:end],
            numbers=tuple(sorted({n for s, e, n in spans if s <= start and end <= e})),
        )
        for start, end in itertools.pairwise(cuts)
    ]


def _why(number: int, reason: dict[str, object]) -> Why:
    source = str(reason["source"])
    scored = bool(reason["label"])
    return Why(
        number=number,
        words=str(reason["words"]),
        score=float(str(reason["score"])) if scored else None,
        threshold=float(str(reason["threshold"])),
        source=str(READERS.get(source, source)),
        rule=str(reason["rule"]),
        version=str(reason["version"]),
        marked=bool(reason["spans"]),
    )


def _pattern_why(number: int) -> Why:
    """What brought it here is beside it on the page, message by message."""
    source = str(READERS["conversation"])
    return Why(number, str(words.FROM_PATTERN), None, 0.0, source, "", "", marked=False)


def _neighbours(message: Message, *, before: bool) -> list[Neighbour]:
    near = Message.objects.filter(conversation=message.conversation_id).select_related("author")
    if before:
        rows = near.filter(pk__lt=message.pk).order_by("-pk")[:AROUND]
    else:
        rows = near.filter(pk__gt=message.pk).order_by("pk")[:AROUND]
    found = list(rows)
    harms = dict(Review.objects.filter(message__in=found).values_list("message_id", "harm"))
    return [_neighbour(row, harms.get(row.pk, Harm.UNREAD)) for row in found]


def _neighbour(message: Message, harm: str) -> Neighbour:
    shown = message.state == MessageState.PUBLISHED
    return Neighbour(
        author=message.author.nickname,
        role=message.author.role,
        at=message.created_at,
        text=text_of(message),
        folded="" if shown else str(words.THEMES[harm]),
        state=str(words.STATES[message.state]),
    )


def _earlier(message: Message) -> list[Earlier]:
    decided = (
        Review.objects.filter(message__author=message.author_id, status=ReviewStatus.DECIDED)
        .exclude(message=message)
        .select_related("decided_by")
        .order_by("-decided_at")[:EARLIER]
    )
    return [
        Earlier(
            at=review.decided_at or review.opened_at,
            decision=review.decision,
            clause=str(CLAUSES[review.clause].words) if review.clause in CLAUSES else "",
            by=review.decided_by.nickname if review.decided_by else "",
        )
        for review in decided
    ]


def _published(author: User) -> int:
    return Message.objects.filter(author=author, state=MessageState.PUBLISHED).count()
