"""Writing down what happened to a case: the timeline, the audit chain, and the bell."""

from __future__ import annotations

import datetime as dt

from chat.kernel.doorbell import ALERTS, ring_on_commit, work_topic
from chat.models import AuditRow, User
from triage.models import Case, CaseEvent
from triage.states import CaseEventKind


def note_event(
    case: Case,
    kind: CaseEventKind,
    *,
    by: User | None,
    now: dt.datetime,
    detail: str = "",
) -> None:
    """One line in the timeline and one in the audit chain, in the caller's transaction.

    Call it last: the audit chain is one lock for everybody, and whoever holds it must not wait
    for a row that somebody else holds.
    """
    CaseEvent.objects.create(case=case, kind=kind, by=by, detail=detail, at=now)
    AuditRow.objects.record(verb=f"case.{kind}", by=by, subject=f"case:{case.pk}", detail=detail)


def tell_everybody() -> None:
    """After the commit: staff look at their lists again, and the places are worked out anew."""
    ring_on_commit(ALERTS)
    ring_on_commit(work_topic("intake"))
