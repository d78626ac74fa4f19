"""Who is in a talk that nobody answers: whoever was with them is not there any more.

A case that is with somebody has no clock of its own. Without this a clinician whose account is
closed, or who fell asleep over a shift, would hold a person for ever, and nobody would know.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import OuterRef, Subquery

from chat.kernel import clock
from chat.models import Message, User
from chat.realtime.presence import who_is_here
from triage import words
from triage.access import can_triage
from triage.models import Case, DutyShift
from triage.models.case import CaseQuerySet
from triage.priority import AIM_MINUTES
from triage.states import Absence, Band, CaseStatus

QUIET_FOR: Final = dt.timedelta(minutes=AIM_MINUTES[Band.IMMEDIATE])
"""Without a page open and without a word for as long, a clinician counts as gone: nobody should be
alone for longer than whoever is most urgent may wait. A line that breaks is back long before."""


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """Somebody whose clinician is not there, and why we think so."""

    case: Case
    holder: User
    why: Absence

    @property
    def why_words(self) -> str:
        return str(words.ABSENCES[self.why]) % {"name": self.holder.nickname}


def left_alone(held: CaseQuerySet, *, now: dt.datetime) -> list[LeftAlone]:
    """Those of these cases that are with somebody who is not there, longest first.

    Where nobody can say who has a page open, nobody counts as gone for that.
    """
    last = Message.objects.filter(
        conversation=OuterRef("conversation"), author=OuterRef("claimed_by")
    )
    found = (
        held.filter(status=CaseStatus.WITH_CLINICIAN)
        .select_related("person", "claimed_by", "conversation")
        .annotate(last_word_at=Subquery(last.order_by("-pk").values("created_at")[:1]))
        .order_by("claimed_at", "pk")
    )
    cases = [(case, case.claimed_by) for case in found if case.claimed_by is not None]
    on_duty = set(DutyShift.objects.on_duty(now=now).values_list("user", flat=True))
    here = who_is_here(holder.pk for _, holder in cases)
    alone = []
    for case, holder in cases:
        away = here is not None and holder.pk not in here and _is_quiet(case, now=now)
        why = _why(holder, on_duty=holder.pk in on_duty, away=away)
        if why is not None:
            alone.append(LeftAlone(case, holder, why))
    return alone


def _is_quiet(case: Case, *, now: dt.datetime) -> bool:
    """Whether they came, and last wrote, a while ago."""
    signs = (case.claimed_at, getattr(case, "last_word_at", None))
    return not any(at and clock.is_fresh(at, within=QUIET_FOR, now=now) for at in signs)


def _why(holder: User, *, on_duty: bool, away: bool) -> Absence | None:
    if not can_triage(holder):
        return Absence.ACCOUNT
    if not on_duty:
        return Absence.SHIFT
    return Absence.PAGE if away else None
