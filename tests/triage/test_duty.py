"""Being on duty: who may be, and what a shift cannot leave behind."""

from __future__ import annotations

from typing import Any

import pytest

from chat.actions.people import change_staff
from chat.kernel import clock
from chat.kernel.errors import Conflict, Denied
from chat.models import AuditRow, HelpRequest
from chat.states import Role
from tests.triage import house
from triage.access import NotOnDuty
from triage.actions.cases import claim_case
from triage.actions.duty import go_off_duty, go_on_duty
from triage.models import DutyShift
from triage.places import tell_places
from triage.states import CaseStatus, Outcome

pytestmark = pytest.mark.django_db


def test_a_shift_begins_once_and_ends_only_with_nobody_left_behind() -> None:
    dan, case = house.staff("Dan"), house.waiting_case()
    assert go_on_duty(by=dan) == go_on_duty(by=dan)
    claim_case(case_id=case.pk, by=dan)
    with pytest.raises(Conflict, match="open_cases"):
        go_off_duty(by=dan)
    house.close(case, dan, Outcome.THEY_ENDED)
    go_off_duty(by=dan)
    assert not DutyShift.objects.filter(ended_at=None).exists()
    go_off_duty(by=dan)
    verbs = AuditRow.objects.filter(verb__startswith="duty.").values_list("verb", flat=True)
    assert list(verbs) == ["duty.began", "duty.ended"]


def test_a_shift_that_was_forgotten_does_not_count_as_somebody() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    with house.later(hours=15):
        with pytest.raises(NotOnDuty):
            claim_case(case_id=case.pk, by=cleo)
        go_on_duty(by=cleo)
        claim_case(case_id=case.pk, by=cleo)
    assert DutyShift.objects.filter(ended_at=None).count() == 1


def test_a_shift_begun_by_a_clock_that_was_days_ahead_does_not_count_for_days() -> None:
    case = house.waiting_case()
    with house.later(days=30):
        dan = house.staff("Dan", on_duty=True)
    with pytest.raises(NotOnDuty):
        claim_case(case_id=case.pk, by=dan)
    go_on_duty(by=dan)
    claim_case(case_id=case.pk, by=dan)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.MODERATOR}])
def test_a_shift_of_somebody_who_works_with_cases_no_more_is_nobody(change: dict[str, Any]) -> None:
    cleo = house.cleo()
    house.waiting_case()
    assert DutyShift.objects.is_on_duty(cleo, now=clock.now())

    change_staff(user_id=cleo.pk, **change)

    assert not DutyShift.objects.is_on_duty(cleo, now=clock.now())
    tell_places()
    assert HelpRequest.objects.get().nobody_on_duty


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.YOUNG_PERSON])
def test_only_those_who_work_with_cases_go_on_duty(role: Role) -> None:
    who = house.young("Eve") if role == Role.YOUNG_PERSON else house.staff("Mo", role)
    for action in (go_on_duty, go_off_duty):
        with pytest.raises(Denied):
            action(by=who)


@pytest.mark.django_db(transaction=True)
def test_nobody_goes_off_duty_while_picking_up() -> None:
    case, dan = house.waiting_case(), house.staff("Dan", on_duty=True)
    jobs = [lambda: claim_case(case_id=case.pk, by=dan), lambda: go_off_duty(by=dan)]
    house.at_once(jobs)
    case.refresh_from_db()
    on_duty = DutyShift.objects.filter(user=dan, ended_at=None).exists()
    assert on_duty == (case.status == CaseStatus.WITH_CLINICIAN)
