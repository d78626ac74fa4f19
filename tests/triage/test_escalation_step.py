"""The clock for everybody who waits."""

from __future__ import annotations

import pytest

from tests.triage import house
from triage.actions.cases import claim_case, hand_back_case
from triage.escalation import escalation_step
from triage.intake import intake_step
from triage.models import Case
from triage.states import Band

pytestmark = pytest.mark.django_db


def test_a_case_past_its_aim_is_marked_once() -> None:
    case = house.waiting_case()
    assert escalation_step() == 0
    with house.later(minutes=6):
        assert escalation_step() == 1
        assert escalation_step() == 0
    case.refresh_from_db()
    assert case.overdue_at is not None
    assert case.events.filter(kind="overdue").count() == 1


def test_somebody_who_is_with_a_clinician_is_not_late() -> None:
    claim_case(case_id=house.waiting_case().pk, by=house.cleo())
    with house.later(minutes=60):
        assert escalation_step() == 0


def test_waiting_past_half_an_hour_brings_somebody_forward() -> None:
    house.assess(house.post(house.young()), "soon")
    intake_step()
    with house.later(minutes=31):
        escalation_step()
    case = Case.objects.get()
    assert case.band == Band.URGENT
    assert list(case.events.values_list("kind", flat=True)) == ["opened", "overdue", "raised"]


def test_a_person_handed_back_has_a_clock_of_their_own() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    with house.later(minutes=6):
        escalation_step()
        claim_case(case_id=case.pk, by=cleo)
    with house.later(minutes=20):
        hand_back_case(case_id=case.pk, by=cleo)
        case.refresh_from_db()
        assert case.overdue_at is None
    with house.later(minutes=23):
        assert escalation_step() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_mark_each_case_once() -> None:
    cases = [house.waiting_case(f"Ada {n}") for n in range(5)]
    with house.later(minutes=6):
        assert sum(house.at_once([escalation_step] * 4)) == 5
    for case in cases:
        assert case.events.filter(kind="overdue").count() == 1
