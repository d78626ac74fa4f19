"""One step of the worker that watches the clock for everybody who waits."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction

from chat.kernel import clock
from triage.actions.opening import apply_priority
from triage.actions.timeline import note_event, tell_everybody
from triage.models import Case
from triage.priority import AIM_MINUTES
from triage.states import CaseEventKind, CaseStatus

BATCH: Final = 100


def escalation_step() -> int:
    """Mark every case that waits past its aim, once, and ring; returns how many were marked.

    Waiting long can also bring a place forward (``priority.rank``), and never back.
    """
    _begin_waits_that_lie_ahead()
    late = Case.objects.filter(
        status=CaseStatus.WAITING, overdue_at__isnull=True, answer_by__lt=clock.now()
    )
    keys = list(late.order_by("answer_by").values_list("pk", flat=True)[:BATCH])
    return sum(_mark_overdue(key) for key in keys)


def _begin_waits_that_lie_ahead() -> None:
    """A wait that lies ahead was begun by a clock that has been set back: it counts from now.

    Left as it is, nobody would be called for that person until the clock is there again.
    """
    now = clock.now()
    ahead = Case.objects.filter(status=CaseStatus.WAITING, waiting_since__gt=now + clock.AHEAD)
    for band, minutes in AIM_MINUTES.items():
        ahead.filter(band=band).update(
            waiting_since=now, answer_by=now + dt.timedelta(minutes=minutes)
        )


def _mark_overdue(case_id: int) -> bool:
    with transaction.atomic():
        now = clock.now()
        waiting = Case.objects.filter(
            pk=case_id, status=CaseStatus.WAITING, overdue_at__isnull=True, answer_by__lt=now
        )
        if waiting.update(overdue_at=now) != 1:
            return False  # Picked up, or marked by another worker.
        case = Case.objects.locked().get(pk=case_id)
        before = case.band
        apply_priority(case, signs=(), at=now, now=now)
        note_event(case, CaseEventKind.OVERDUE, by=None, now=now)
        if case.band != before:
            note_event(case, CaseEventKind.RAISED, by=None, now=now, detail=case.band)
        tell_everybody()
    return True
