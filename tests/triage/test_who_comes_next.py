"""What a clinician leaves for whoever comes next reaches them, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chat.kernel.errors import Denied
from chat.models import AuditRow, User
from chat.states import Role
from tests.triage import house
from triage.actions.cases import claim_case, give_up_place, hand_back_case
from triage.actions.notes import EARLIER, read_earlier, write_note
from triage.intake import intake_step
from triage.models import Case, CaseNote
from triage.states import Outcome

pytestmark = pytest.mark.django_db

NOTE = "canary: hides tablets under the bed"


def comes_back(person: User) -> Case:
    """They ask again, and are on the list."""
    house.ask(person)
    intake_step()
    return Case.objects.open().get(person=person)


def noted_and_closed(by: User, case: Case, note: str, outcome: str = Outcome.PLAN) -> None:
    claim_case(case_id=case.pk, by=by)
    write_note(case_id=case.pk, by=by, body=note)
    house.close(case, by, outcome)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_whoever_is_with_somebody_reads_how_it_went_before_and_that_is_written_down() -> None:
    cleo, dan, first = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    noted_and_closed(cleo, first, NOTE)
    noted_and_closed(cleo, house.waiting_case("Ben"), "what Ben told us", Outcome.EMERGENCY)
    case = comes_back(first.person)
    claim_case(case_id=case.pk, by=dan)

    page = text(browser(dan).get(reverse("case", args=[case.pk])))
    assert "When they came before" in page
    assert "Show how it went before" in page
    assert "canary" not in page
    assert not AuditRow.objects.filter(verb="case.earlier_read").exists()

    page = text(browser(dan).post(reverse("case-earlier", args=[case.pk])))
    assert NOTE in page
    assert "We made a plan together for staying safe" in page
    assert "what Ben told us" not in page
    assert "Emergency services were called</strong>" not in page
    row = AuditRow.objects.get(verb="case.earlier_read")
    assert (row.actor_id, row.subject) == (dan.pk, f"case:{case.pk}")
    assert "canary" not in str(list(AuditRow.objects.values()))


def test_it_is_for_whoever_is_with_them_now_and_for_nobody_else() -> None:
    cleo, dan, first = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    lee = house.staff("Lee", Role.SHIFT_LEAD, on_duty=True)
    noted_and_closed(cleo, first, NOTE)
    case = comes_back(first.person)
    others = (cleo, lee, house.staff("Mo", Role.MODERATOR), house.young("Eve"), first.person)

    def refused(*users: User) -> None:
        for user in users:
            with pytest.raises(Denied):
                read_earlier(case_id=case.pk, by=user)
            assert "canary" not in text(browser(user).post(reverse("case-earlier", args=[case.pk])))

    refused(dan, *others)  # Nobody is with her yet.
    claim_case(case_id=case.pk, by=dan)
    assert [earlier.pk for earlier in read_earlier(case_id=case.pk, by=dan)] == [first.pk]
    refused(*others)
    hand_back_case(case_id=case.pk, by=dan)
    refused(dan, *others)
    claim_case(case_id=case.pk, by=dan)
    house.close(case, dan)
    refused(dan, *others)
    assert AuditRow.objects.filter(verb="case.earlier_read").count() == 1


def test_the_newest_few_are_shown_and_it_is_said_that_there_are_more() -> None:
    cleo, first = house.cleo(), house.waiting_case()
    ada = first.person
    noted_and_closed(cleo, first, "the oldest of all")
    for number in range(EARLIER):
        noted_and_closed(cleo, comes_back(ada), f"note number {number}")
    case = comes_back(ada)
    claim_case(case_id=case.pk, by=cleo)
    page = text(browser(cleo).post(reverse("case-earlier", args=[case.pk])))
    assert page.index(f"note number {EARLIER - 1}") < page.index("note number 0")
    assert "the oldest of all" not in page
    assert "there are more before them" in page


def test_a_case_that_was_given_up_is_shown_only_for_its_notes() -> None:
    cleo, first = house.cleo(), house.waiting_case()
    ada = first.person
    give_up_place(by=ada)
    second = comes_back(ada)
    write_note(case_id=second.pk, by=cleo, body="rang the bell twice tonight")
    give_up_place(by=ada)
    third = comes_back(ada)
    claim_case(case_id=third.pk, by=cleo)
    assert [case.pk for case in read_earlier(case_id=third.pk, by=cleo)] == [second.pk]


def test_a_note_that_does_not_open_costs_that_note_and_not_the_others() -> None:
    cleo, first = house.cleo(), house.waiting_case()
    noted_and_closed(cleo, first, "sleeps badly")
    lost = CaseNote(case=first, author=cleo, client_id=house.uuid.uuid4(), at=house.clock.now())
    lost.body_sealed = b"gone:" + b"\0" * 40
    lost.save()
    case = comes_back(first.person)
    claim_case(case_id=case.pk, by=cleo)
    page = text(browser(cleo).post(reverse("case-earlier", args=[case.pk])))
    assert "sleeps badly" in page
    assert "These words do not open." in page
