"""A young person gives up their place: the request ends, and what was seen stays on the list."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from chat.kernel.errors import Denied, Invalid, Stale
from chat.models import AuditRow, HelpRequest, Membership, User
from chat.states import ConversationState, HelpState, Role
from tests.triage import house
from triage.actions.cases import claim_case, claim_source, give_up_place, hand_back_case
from triage.board import board_for
from triage.intake import intake_step
from triage.models import Case, CaseEvent
from triage.priority import TOOK_BACK
from triage.sources import source_of_help
from triage.states import CaseStatus, Outcome

pytestmark = pytest.mark.django_db

KEPT = "We'd still like to check"


def browser(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def page(client: Client, name: str) -> str:
    answer = client.get(reverse(name))
    assert answer.status_code == 200, answer.get("Location")
    return " ".join(str(answer.content.decode()).split("<main")[1].split())


def in_line(nickname: str = "Ada") -> tuple[User, Case]:
    case = house.waiting_case(nickname)
    return case.person, case


# The action.


def test_a_place_that_only_they_asked_for_closes_as_theirs_and_is_written_down() -> None:
    ada, case = in_line()
    talk = HelpRequest.objects.get().conversation
    closed = give_up_place(by=ada)
    assert closed == case
    assert (closed.status, closed.outcome_code) == (CaseStatus.CLOSED, Outcome.WITHDRAWN)
    assert (closed.closed_by, closed.claimed_by) == (ada, None)
    assert HelpRequest.objects.get().state == HelpState.CLOSED
    talk.refresh_from_db()
    assert talk.state == ConversationState.CLOSED
    row = AuditRow.objects.get(verb="case.closed")
    assert (row.actor_id, row.detail) == (ada.pk, "withdrawn")
    assert case.events.filter(kind="closed", by=ada, detail="withdrawn").count() == 1
    assert AuditRow.objects.first_break() is None


@pytest.mark.parametrize("urgency", ["immediate", "urgent", "soon"])
def test_what_the_machine_saw_stays_on_the_list_at_its_place(urgency: str) -> None:
    ada, case = in_line()
    house.assess(house.post(ada), urgency)
    intake_step()
    case.refresh_from_db()
    before = (case.rank, case.band, case.waiting_since, case.answer_by)
    kept = give_up_place(by=ada)
    kept.refresh_from_db()
    assert (kept.status, kept.outcome_code) == (CaseStatus.WAITING, "")
    assert (kept.rank, kept.band, kept.waiting_since, kept.answer_by) == before
    assert HelpRequest.objects.get().state == HelpState.CLOSED
    assert TOOK_BACK.words in [reason["words"] for reason in kept.reasons]
    assert AuditRow.objects.filter(verb="case.taken_back", actor_id=ada.pk).count() == 1
    cleo = house.cleo()
    assert [row.person for row in board_for(cleo, now=house.clock.now()).rows] == [ada]
    assert claim_case(case_id=case.pk, by=cleo).claimed_by == cleo


def test_a_sign_that_comes_a_moment_later_opens_a_case_of_its_own() -> None:
    """The reading was done and not yet taken in: it must not go down with the request."""
    ada, case = in_line()
    house.assess(house.post(ada), "immediate")
    give_up_place(by=ada)
    intake_step()
    again = Case.objects.open().get(person=ada)
    assert again != case
    assert again.band == "immediate"


def test_somebody_who_was_handed_over_stays_on_the_list() -> None:
    cleo, (ada, case) = house.cleo(), in_line()
    claim_case(case_id=case.pk, by=cleo)
    hand_back_case(case_id=case.pk, by=cleo)
    kept = give_up_place(by=ada)
    assert (kept.status, kept.rank) == (CaseStatus.WAITING, 0)


def test_with_intake_dead_the_place_is_given_up_all_the_same_and_never_comes_back() -> None:
    ada = house.young()
    house.ask(ada)
    assert give_up_place(by=ada).outcome_code == Outcome.WITHDRAWN
    intake_step()
    assert Case.objects.count() == 1
    assert not Case.objects.open().exists()


def test_whoever_does_not_wait_has_nothing_to_give_up() -> None:
    ben, (ada, _) = house.young("Ben"), in_line()
    for who in (ben, house.cleo(), house.staff("Mo", Role.MODERATOR)):
        with pytest.raises(Denied):
            give_up_place(by=who)
    give_up_place(by=ada)
    with pytest.raises(Denied):
        give_up_place(by=ada)
    assert CaseEvent.objects.filter(kind="closed").count() == 1


def test_they_can_ask_again_and_nobody_says_that_they_talked_with_us() -> None:
    ada, case = in_line()
    give_up_place(by=ada)
    house.ask(ada)
    intake_step()
    again = Case.objects.open().get()
    assert again != case
    assert [reason["words"] for reason in again.reasons] == ["They asked to talk with somebody"]
    seen = browser(house.cleo()).get(reverse("case", args=[again.pk])).content.decode()
    assert "talked with us" not in seen


def test_a_failed_audit_undoes_it() -> None:
    ada, case = in_line()
    house.break_audit()
    with pytest.raises(IntegrityError), house.transaction.atomic():
        give_up_place(by=ada)
    case.refresh_from_db()
    assert case.status == CaseStatus.WAITING
    assert HelpRequest.objects.get().state == HelpState.WAITING


def test_nobody_else_closes_a_case_that_nobody_was_with() -> None:
    """Neither a clinician by that outcome, nor any code of ours past the actions."""
    cleo, (ada, case) = house.cleo(), in_line()
    for closed_by, code in ((cleo, Outcome.WITHDRAWN), (ada, Outcome.PLAN)):
        with pytest.raises(IntegrityError), house.transaction.atomic():
            Case.objects.filter(pk=case.pk).update(
                status=CaseStatus.CLOSED, outcome_code=code, closed_by=closed_by
            )
    claim_case(case_id=case.pk, by=cleo)
    with pytest.raises(Invalid, match="outcome_missing"):
        house.close(case, cleo, Outcome.WITHDRAWN)
    assert (
        'value="withdrawn"'
        not in browser(cleo).get(reverse("case", args=[case.pk])).content.decode()
    )


# With a clinician at the same moment.


def test_a_clinician_who_was_quicker_stays_and_nothing_changes() -> None:
    cleo, (ada, case) = house.cleo(), in_line()
    claim_case(case_id=case.pk, by=cleo)
    client = browser(ada)
    assert client.get(reverse("help-give-up"))["Location"] == "/help"
    with pytest.raises(Denied):
        give_up_place(by=ada)
    after = client.post(reverse("help-give-up"), follow=True)
    assert "Cleo is here." in after.content.decode()
    case.refresh_from_db()
    assert (case.status, case.claimed_by) == (CaseStatus.WITH_CLINICIAN, cleo)


def test_a_clinician_who_was_slower_is_told_what_happened() -> None:
    cleo, (ada, case) = house.cleo(), in_line()
    request = HelpRequest.objects.get()
    give_up_place(by=ada)
    for attempt in (
        lambda: claim_case(case_id=case.pk, by=cleo),
        lambda: claim_source(source=source_of_help(request), by=cleo),
    ):
        with pytest.raises(Stale, match="taken_back"):
            attempt()
    client = browser(cleo)
    told = client.post(reverse("case-claim", args=[case.pk]), follow=True).content.decode()
    assert "They have just given up their place themselves." in told
    rows = client.get(reverse("triage-rows"), {"case": case.pk}).content.decode()
    assert "They have given up their place." in rows
    assert "A colleague is with them now." not in rows
    assert not Membership.objects.filter(user=cleo).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("listed", [True, False])
def test_of_a_claim_and_a_giving_up_at_once_exactly_one_goes_through(listed: bool) -> None:
    for turn in range(6):
        ada, cleo = house.young(f"Ada {turn}"), house.staff(f"Cleo {turn}", on_duty=True)
        request = house.ask(ada)
        if listed:
            intake_step()
        source = source_of_help(request)

        def claim(by: User = cleo, of: Any = source) -> Case:
            if listed:
                return claim_case(case_id=Case.objects.get(person=of.person).pk, by=by)
            return claim_source(source=of, by=by)

        claimed, given_up = house.at_once([claim, lambda who=ada: give_up_place(by=who)])
        case = Case.objects.get(person=ada)
        request.refresh_from_db()
        if isinstance(claimed, Case):
            assert isinstance(given_up, (Stale, Denied)), given_up
            assert (case.status, case.claimed_by) == (CaseStatus.WITH_CLINICIAN, cleo)
            assert request.state == HelpState.WITH_SOMEONE
        else:
            assert isinstance(claimed, Stale), claimed
            assert isinstance(given_up, Case), given_up
            assert (case.outcome_code, case.claimed_by) == (Outcome.WITHDRAWN, None)
            assert request.state == HelpState.CLOSED
            assert not Membership.objects.filter(user=cleo).exists()


# The pages.


def test_from_the_help_page_with_one_question_and_without_a_script() -> None:
    ada, case = in_line()
    client = browser(ada, enforce_csrf_checks=True)
    assert reverse("help-give-up") in page(client, "help")
    asked = page(client, "help-give-up")
    assert "Keep my place" in asked
    assert KEPT not in asked
    case.refresh_from_db()
    assert case.is_waiting
    assert client.post(reverse("help-give-up")).status_code == 403
    token = asked.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    answer = client.post(reverse("help-give-up"), {"csrfmiddlewaretoken": token})
    assert answer["Location"] == reverse("help-given-up")
    told = page(client, "help-given-up")
    for words in ("You can come back any time", "tel:999", "tel:116123", "Ask again"):
        assert words in told
    assert KEPT not in told
    assert "Talk to someone now" in page(client, "help")
    talk = client.get(f"/talk/{HelpRequest.objects.get().conversation_id}").content.decode()
    assert "You gave up your place" in talk
    assert "nobody got to you in time" not in talk


def test_who_is_still_looked_for_is_told_so_before_and_after() -> None:
    ada, _ = in_line()
    house.assess(house.post(ada), "urgent")
    intake_step()
    client = browser(ada)
    assert KEPT in page(client, "help-give-up")
    client.post(reverse("help-give-up"))
    assert KEPT in page(client, "help-given-up")


def test_the_page_after_is_only_for_who_gave_up_and_does_not_wait_again() -> None:
    ada, _ = in_line()
    client = browser(ada)
    for _turn in range(2):
        assert client.get(reverse("help-given-up"))["Location"] == "/help"
        client.post(reverse("help-give-up"))
        page(client, "help-given-up")
        house.ask(ada)


def test_a_paused_person_gives_up_their_place_like_anybody() -> None:
    until = house.clock.now() + house.dt.timedelta(days=1)
    ada = house.young(suspended_until=until)
    house.ask(ada)
    browser(ada).post(reverse("help-give-up"))
    assert Case.objects.get().outcome_code == Outcome.WITHDRAWN


def test_the_clinicians_list_is_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    ada, _ = in_line()
    monkeypatch.setattr("triage.actions.timeline.ring_on_commit", rung.append)
    give_up_place(by=ada)
    assert "alerts" in rung
