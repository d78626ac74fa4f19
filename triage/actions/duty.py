"""Beginning and ending a shift."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from chat.kernel import clock
from chat.kernel.errors import Conflict
from chat.models import AuditRow, User
from triage.access import check_may_triage
from triage.actions.timeline import tell_everybody
from triage.models import Case, DutyShift


def go_on_duty(*, by: User) -> DutyShift:
    """Begin a shift; somebody who is on duty already stays so."""
    check_may_triage(by)
    try:
        return _go_on_duty(by)
    except IntegrityError:
        # Two clicks at once: the other one began the shift.
        return _go_on_duty(by)


def _go_on_duty(by: User) -> DutyShift:
    with transaction.atomic():
        now = clock.now()
        current = DutyShift.objects.on_duty(now=now).filter(user=by).first()
        if current is not None:
            return current
        # A shift that was forgotten ends where the next begins.
        DutyShift.objects.filter(user=by, ended_at__isnull=True).update(ended_at=now)
        shift = DutyShift.objects.create(user=by, began_at=now)
        AuditRow.objects.record(verb="duty.began", by=by, subject=f"shift:{shift.pk}")
        tell_everybody()
    return shift


def go_off_duty(*, by: User) -> None:
    """End the shift; raises ``Conflict("open_cases")`` while somebody is still with them."""
    check_may_triage(by)
    with transaction.atomic():
        shifts = DutyShift.objects.select_for_update().filter(user=by, ended_at__isnull=True)
        shift = shifts.first()
        if shift is None:
            return
        if Case.objects.held_by(by).exists():
            raise Conflict("open_cases")
        DutyShift.objects.filter(pk=shift.pk).update(ended_at=clock.now())
        AuditRow.objects.record(verb="duty.ended", by=by, subject=f"shift:{shift.pk}")
        tell_everybody()
