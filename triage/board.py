"""What the triage pages show: who waits, who is there, and what is not working. Reads only.

Everything here is worked out from rows at the moment of looking, so that it is true with every
worker dead: somebody who asked for help is on the page even if nobody ever made a case of it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.db.models import Count, Min, Q
from django.urls import reverse

from chat.kernel import clock
from chat.models import HelpRequest, Message, User, WorkerBeat
from chat.models.beat import SCREENING
from chat.realtime.presence import who_is_here
from chat.states import HelpState, Role
from moderation.models import Assessment, PatternFinding
from moderation.unread import UNREAD_AFTER
from triage import words
from triage.absence import LeftAlone, left_alone
from triage.access import can_triage
from triage.actions.opening import reason_rows
from triage.models import Case, DutyShift
from triage.places import recent_waits
from triage.priority import THEIR_REQUEST, rank, what_would_change
from triage.sources import Source, source_of_assessment, source_of_finding, source_of_help
from triage.states import Band, CaseStatus
from triage.waiting import FEW, quantile

UNLISTED_AFTER: Final = dt.timedelta(seconds=3)
"""How long a row may be on its way to the list before we show it as it is."""

ROWS: Final = 100
"""Cases of the list on one page; the counts beside it are of all."""


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody in the list. ``listed`` is false while no case has been made for them yet."""

    key: str
    person: User
    band: str
    rank: int
    since: dt.datetime
    answer_by: dt.datetime
    reasons: list[dict[str, Any]]
    changes: tuple[str, ...]
    url: str
    claim_url: str
    handed_back: bool = False
    listed: bool = True
    now: dt.datetime = field(kw_only=True)

    @property
    def first_words(self) -> str:
        """In place of how soon, for whoever goes before everybody else."""
        return str(words.FIRST) if self.handed_back else ""

    @property
    def waiting_words(self) -> str:
        return words.minutes(whole_minutes(self.now - self.since))

    @property
    def aim_words(self) -> str:
        return words.minutes(whole_minutes(self.answer_by - self.since))

    @property
    def is_late(self) -> bool:
        return self.now > self.answer_by

    @property
    def late_words(self) -> str:
        return words.minutes(whole_minutes(self.now - self.answer_by))

    @property
    def is_immediate(self) -> bool:
        return self.band == Band.IMMEDIATE


@dataclass(frozen=True, slots=True)
class Board:
    """The whole page, as it is now, for one member of staff."""

    now: dt.datetime
    rows: list[Row]
    waiting: int
    waiting_since: dt.datetime | None
    late: int
    mine: list[Case]
    alone: list[LeftAlone]
    others: list[Case]
    on_duty: bool
    team: list[User]
    away: list[User]
    screening_asleep: bool
    unread: int
    unread_for: str
    answered: int
    half_within: str
    most_within: str

    @property
    def nobody_on_duty(self) -> bool:
        return not self.team

    @property
    def longest(self) -> str:
        """The longest anybody has waited, in words; empty when nobody waits."""
        if self.waiting_since is None:
            return ""
        return words.minutes(whole_minutes(self.now - self.waiting_since))

    @property
    def hidden(self) -> int:
        """How many more wait than the page has rows for."""
        return self.waiting - len(self.rows)


def board_for(user: User, *, now: dt.datetime) -> Board:
    """The board as this member of staff may see it; young people and moderators see none."""
    if not can_triage(user):
        raise ValueError("the board is for those who work with cases")
    waiting = Case.objects.waiting().select_related("person")
    rows = [row_of_case(case, now=now) for case in waiting[:ROWS]]
    unlisted = list(unlisted_rows(now=now))
    rows = sorted([*rows, *unlisted], key=lambda row: (row.rank, row.since))
    count, since, late = _all_who_wait(unlisted, now=now)
    team = [shift.user for shift in _shifts(now)]
    alone = left_alone(Case.objects.exclude(claimed_by=user), now=now)
    unread, unread_for = unread_messages(now=now)
    answered, half, most = lately(now=now)
    return Board(
        now=now,
        rows=rows,
        waiting=count,
        waiting_since=since,
        late=late,
        mine=list(Case.objects.held_by(user).select_related("person")),
        alone=alone,
        others=_with_others(user, but=[left.case.pk for left in alone]),
        on_duty=user in team,
        team=team,
        away=_away(team),
        screening_asleep=not WorkerBeat.objects.is_awake(SCREENING, now=now),
        unread=unread,
        unread_for=unread_for,
        answered=answered,
        half_within=half,
        most_within=most,
    )


def _all_who_wait(unlisted: list[Row], *, now: dt.datetime) -> tuple[int, dt.datetime | None, int]:
    """How many wait, since when the longest of them, and how many past the aim.

    Of everybody: whoever is too far down for the page may well have waited longest.
    """
    listed = Case.objects.filter(status=CaseStatus.WAITING).aggregate(
        count=Count("pk"),
        since=Min("waiting_since"),
        late=Count("pk", filter=Q(answer_by__lt=now)),
    )
    begun = [row.since for row in unlisted]
    if listed["since"] is not None:
        begun.append(listed["since"])
    late = listed["late"] + sum(row.is_late for row in unlisted)
    return listed["count"] + len(unlisted), min(begun, default=None), late


def row_of_case(case: Case, *, now: dt.datetime) -> Row:
    """A case as it stands in the list."""
    asked = any(row["source"] == THEIR_REQUEST for row in case.reasons)
    return Row(
        key=f"case-{case.pk}",
        person=case.person,
        band=case.band,
        rank=case.rank,
        since=case.waiting_since,
        answer_by=case.answer_by,
        reasons=case.reasons,
        changes=what_would_change(
            Band(case.band), asked=asked, handed_back=case.handed_back_at is not None
        ),
        url=reverse("case", args=[case.pk]),
        claim_url=reverse("case-claim", args=[case.pk]),
        handed_back=case.handed_back_at is not None,
        now=now,
    )


def unlisted_rows(*, now: dt.datetime) -> Iterable[Row]:
    """Those who should be on the list and are not: the worker that lists them may be dead.

    Somebody with several such rows is shown once, as the soonest of them.
    """
    seen: set[int] = set()
    rows = [_row_of_source(source, now=now) for source in unlisted_sources(now=now)]
    for row in sorted(rows, key=lambda row: (row.rank, row.since)):
        if row.person.pk not in seen:
            seen.add(row.person.pk)
            yield row


def unlisted_sources(*, now: dt.datetime) -> list[Source]:
    """Requests and readings that have waited too long for a case of their own."""
    late = partial(clock.long_ago, than=UNLISTED_AFTER, now=now)
    with_case = Case.objects.open().values("person_id")
    asked = (
        HelpRequest.objects.filter(late("created_at"), state=HelpState.WAITING)
        .filter(person__role=Role.YOUNG_PERSON)
        .exclude(person__in=with_case)
        .select_related("person")
        .order_by("created_at")[:ROWS]
    )
    read = (
        Assessment.objects.filter(late("due_at"), open_case=True)
        .filter(message__author__role=Role.YOUNG_PERSON)
        .exclude(message__author__in=with_case)
        .select_related("message__author", "message__conversation__space")
        .order_by("due_at")[:ROWS]
    )
    found = (
        PatternFinding.objects.filter(late("due_at"))
        .filter(case_about__role=Role.YOUNG_PERSON)
        .exclude(case_about__in=with_case)
        .select_related("author", "case_about")
        .order_by("due_at")[:ROWS]
    )
    return [
        *map(source_of_help, asked),
        *map(source_of_assessment, read),
        *map(source_of_finding, found),
    ]


def _row_of_source(source: Source, *, now: dt.datetime) -> Row:
    waited = (now - source.at).total_seconds() / 60
    priority = rank(source.signs, asked_for_help=source.asked, waited_minutes=waited)
    return Row(
        key=f"{source.kind}-{source.source_id}",
        person=source.person,
        band=priority.band,
        rank=priority.rank,
        since=source.at,
        answer_by=source.at + dt.timedelta(minutes=priority.answer_by_minutes),
        reasons=reason_rows(priority.reasons, [], at=source.at),
        changes=priority.what_would_change,
        url="",
        claim_url=reverse("unlisted-claim", args=[source.kind, source.source_id]),
        listed=False,
        now=now,
    )


def unread_messages(*, now: dt.datetime) -> tuple[int, str]:
    """How many messages of young people no machine has read yet, and for how long in words."""
    late = Message.objects.filter(
        clock.long_ago("created_at", than=UNREAD_AFTER, now=now),
        due_at__isnull=False,
        author__role=Role.YOUNG_PERSON,
    )
    oldest = late.order_by("created_at").values_list("created_at", flat=True).first()
    if oldest is None:
        return 0, ""
    return late.count(), words.minutes(whole_minutes(now - oldest))


def lately(*, now: dt.datetime) -> tuple[int, str, str]:
    """How many were picked up lately, and within what time half and nine in ten of them were.

    The times are empty while too few were picked up to say anything true.
    """
    waits = recent_waits(now=now)
    if len(waits) < FEW:
        return len(waits), "", ""
    half, most = quantile(waits, 0.5), quantile(waits, 0.9)
    return len(waits), words.minutes(math.ceil(half)), words.minutes(math.ceil(most))


def whole_minutes(time: dt.timedelta) -> int:
    return max(0, int(time.total_seconds() // 60))


def _away(team: list[User]) -> list[User]:
    """Those on duty who have had no page open for half a minute; nobody, when that is not known."""
    here = who_is_here(user.pk for user in team)
    return [] if here is None else [user for user in team if user.pk not in here]


def _shifts(now: dt.datetime) -> list[DutyShift]:
    return list(DutyShift.objects.on_duty(now=now).select_related("user").order_by("began_at"))


def _with_others(user: User, *, but: list[int]) -> list[Case]:
    """Who is with whom, for shift leads; nobody else sees the talks of others."""
    held = Case.objects.visible_to(user).filter(status=CaseStatus.WITH_CLINICIAN)
    others = held.exclude(claimed_by=user).exclude(pk__in=but)
    others = others.select_related("person", "claimed_by")
    return list(others.order_by("claimed_at"))
