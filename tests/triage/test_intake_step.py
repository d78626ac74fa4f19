"""Bringing people onto the list: from rows, once each, with everything else dead."""

from __future__ import annotations

import pytest

from chat.kernel import clock
from chat.kernel.lease import lease
from chat.models import AuditRow, HelpRequest, WorkerBeat
from chat.states import HelpState, Role
from moderation.models import Assessment
from tests.triage import house
from triage.actions.cases import claim_case, claim_source
from triage.actions.opening import open_case
from triage.intake import _take_in, intake_step
from triage.models import Case, CaseEvent, CaseSource
from triage.sources import source_of_assessment, source_of_help
from triage.states import Band, CaseStatus

pytestmark = pytest.mark.django_db


def test_a_request_for_help_opens_a_case_with_screening_stopped() -> None:
    assert not WorkerBeat.objects.exists()
    house.ask(house.young())
    assert intake_step() == 1
    case = Case.objects.get()
    assert case.status == CaseStatus.WAITING
    assert case.band == Band.URGENT
    assert case.reasons[0]["words"] == "They asked to talk with somebody"
    assert case.reasons[0]["source"] == "their own request"


def test_somebody_whose_posting_is_paused_gets_a_case_all_the_same() -> None:
    sal = house.young("Sal", suspended_until=clock.now() + house.dt.timedelta(days=7))
    house.ask(sal)
    intake_step()
    assert Case.objects.get().person == sal


def test_a_reading_that_asks_for_a_case_opens_one_with_its_reasons_and_sources() -> None:
    message = house.post(house.young())
    house.assess(message, "immediate", [house.REASON, house.INSULT])
    assert intake_step() == 1
    case = Case.objects.get()
    assert case.band == Band.IMMEDIATE
    assert [r["words"] for r in case.reasons] == ["The writer may be thinking about dying"]
    assert case.reasons[0]["source"] == "the crisis phrases, in a post in Night owls"
    assert case.sources.get().message_id == message.pk


@pytest.mark.parametrize("urgency", ["immediate", "urgent", "soon"])
def test_swearing_changes_neither_the_place_nor_the_reasons(urgency: str) -> None:
    plain, rude = house.young("Plain"), house.young("Rude")
    house.assess(house.post(plain), urgency)
    house.assess(house.post(rude), urgency, [house.INSULT, house.REASON])
    intake_step()
    first, second = (Case.objects.get(person=p) for p in (plain, rude))
    assert (first.band, first.rank) == (second.band, second.rank)
    assert [r["words"] for r in first.reasons] == [r["words"] for r in second.reasons]


def test_an_urgency_nobody_here_knows_is_taken_as_urgent() -> None:
    house.assess(house.post(house.young()), "sideways")
    intake_step()
    assert Case.objects.get().band == Band.URGENT


def test_more_signs_join_the_open_case_and_can_only_bring_it_forward() -> None:
    ada = house.young()
    house.assess(house.post(ada), "soon")
    intake_step()
    house.assess(house.post(ada), "immediate")
    intake_step()
    case = Case.objects.get()
    assert case.band == Band.IMMEDIATE
    answer_by = case.answer_by
    house.assess(house.post(ada), "soon")
    house.ask(ada)
    intake_step()
    case.refresh_from_db()
    assert case.band == Band.IMMEDIATE
    assert case.answer_by == answer_by
    assert case.sources.count() == 4
    kinds = list(case.events.values_list("kind", flat=True))
    assert kinds == ["opened", "more", "raised", "more", "more"]


def test_the_same_sign_again_is_counted_rather_than_listed_twice() -> None:
    ada = house.young()
    for _ in range(3):
        house.assess(house.post(ada), "soon")
    intake_step()
    reasons = Case.objects.get().reasons
    assert len(reasons) == 1
    assert reasons[0]["times"] == 3


def test_running_twice_over_the_same_rows_changes_nothing() -> None:
    ada = house.young()
    request = house.ask(ada)
    reading = house.assess(house.post(ada), "immediate")
    intake_step()
    before = (Case.objects.values().get(), CaseEvent.objects.count(), AuditRow.objects.count())
    HelpRequest.objects.filter(pk=request.pk).update(due_at=clock.now())
    Assessment.objects.filter(pk=reading.pk).update(due_at=clock.now())
    assert intake_step() == 2
    after = (Case.objects.values().get(), CaseEvent.objects.count(), AuditRow.objects.count())
    assert after == before


def test_a_worker_that_died_is_taken_over_when_its_lease_runs_out() -> None:
    house.ask(house.young())
    assert len(lease(HelpRequest.objects.all(), seconds=10, limit=5)) == 1
    assert intake_step() == 0
    assert not Case.objects.exists()
    with house.later(seconds=11):
        assert intake_step() == 1
    assert Case.objects.count() == 1


def test_a_worker_that_lost_its_lease_leaves_no_case_behind() -> None:
    house.ask(house.young())
    with house.later(seconds=-20):
        # The slow worker leased; meanwhile another leased again.
        HelpRequest.objects.update(due_at=clock.now())
        slow = lease(HelpRequest.objects.select_related("person"), seconds=10, limit=5)
    lease(HelpRequest.objects.all(), seconds=10, limit=5)
    assert _take_in(slow, source_of_help) == 0
    assert not Case.objects.exists()


def test_a_row_that_cannot_be_worked_holds_up_nobody_behind_it() -> None:
    broken, fine = house.young("Broken"), house.young("Fine")
    house.assess(house.post(broken), reasons=["no reason at all"])  # type: ignore[list-item]
    house.assess(house.post(fine), "urgent")
    assert intake_step() == 1
    assert Case.objects.get().person == fine


def test_staff_who_ask_hard_questions_get_no_case_for_asking() -> None:
    message = house.post(house.young())
    house.assess(house.reply(house.staff("Mo", Role.MODERATOR), message), "immediate")
    assert intake_step() == 1
    assert not Case.objects.exists()
    assert Assessment.objects.get().due_at is None


def test_somebody_who_asks_while_a_clinician_is_with_them_is_not_waiting() -> None:
    ada, cleo = house.young(), house.cleo()
    house.assess(house.post(ada), "urgent")
    intake_step()
    case = claim_case(case_id=Case.objects.get().pk, by=cleo)
    request = house.ask(ada)
    intake_step()
    request.refresh_from_db()
    assert request.state == HelpState.WITH_SOMEONE
    assert request.conversation == case.conversation
    assert Case.objects.count() == 1


def test_a_request_that_was_answered_while_intake_was_down_opens_no_second_case() -> None:
    ada, cleo = house.young(), house.cleo()
    request = house.ask(ada)
    reading = house.assess(house.post(ada), "immediate")
    case = claim_source(source=source_of_assessment(reading), by=cleo)
    house.close(case, cleo)
    assert intake_step() == 2
    assert not Case.objects.open().exists()
    request.refresh_from_db()
    assert (request.state, request.due_at) == (HelpState.CLOSED, None)


def test_after_a_case_is_closed_the_next_sign_opens_a_new_one_sooner() -> None:
    ada, cleo = house.young(), house.cleo()
    house.assess(house.post(ada), "soon")
    intake_step()
    first = claim_case(case_id=Case.objects.get().pk, by=cleo)
    house.close(first, cleo)
    house.assess(house.post(ada), "soon")
    intake_step()
    second = Case.objects.open().get()
    assert second.band == Band.URGENT
    assert "They talked with us less than a day ago" in [r["words"] for r in second.reasons]


def test_a_wait_counts_from_the_sign_and_not_from_when_the_worker_came_back() -> None:
    house.ask(house.young())
    asked_at = HelpRequest.objects.get().created_at
    with house.later(minutes=10):
        intake_step()
    case = Case.objects.get()
    assert case.waiting_since == asked_at
    assert case.answer_by == asked_at + house.dt.timedelta(minutes=5)


def test_a_case_names_each_of_its_sources_once() -> None:
    house.ask(house.young())
    intake_step()
    source = CaseSource.objects.get()
    with pytest.raises(house.IntegrityError), house.transaction.atomic():
        CaseSource.objects.create(
            case=source.case, kind=source.kind, source_id=source.source_id, at=source.at
        )


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_disjoint_rows_and_open_one_case_each() -> None:
    people = [house.young(f"Person {n}") for n in range(30)]
    for person in people:
        house.ask(person)
    worked = house.at_once([intake_step] * 4)
    assert sum(worked) == 30
    assert Case.objects.count() == 30
    assert CaseSource.objects.count() == 30
    assert CaseEvent.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_two_signs_about_one_person_at_once_make_one_case() -> None:
    ada = house.young()
    readings = [house.assess(house.post(ada), "urgent") for _ in range(8)]
    sources = [source_of_assessment(reading) for reading in readings]
    cases = house.at_once([lambda s=s: open_case(source=s) for s in sources])
    assert {case.pk for case in cases} == {Case.objects.get().pk}
    assert CaseSource.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_the_same_sign_taken_in_by_many_at_once_counts_once() -> None:
    ada = house.young()
    house.ask(ada)
    intake_step()
    source = source_of_assessment(house.assess(house.post(ada), "urgent"))
    house.at_once([lambda: open_case(source=source)] * 8)
    assert list(CaseEvent.objects.values_list("kind", flat=True)) == ["opened", "more"]
