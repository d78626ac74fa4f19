"""Picking somebody up, handing back and closing: exactly one holder, refused where it writes."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from chat.access import access_conversation
from chat.actions.sending import send_message
from chat.kernel.errors import Conflict, Denied, DomainError, Invalid, Stale
from chat.models import AuditRow, Conversation, HelpRequest, Membership
from chat.states import ConversationState, HelpState, Role
from tests.triage import house
from triage.access import NotOnDuty
from triage.actions.cases import claim_case, claim_source, hand_back_case, take_next
from triage.intake import intake_step
from triage.models import Case, CaseEvent
from triage.sources import source_of_assessment, source_of_help
from triage.states import CaseStatus, Outcome

pytestmark = pytest.mark.django_db


def world() -> tuple[int, ...]:
    """Everything an action could have written."""
    models = (AuditRow, CaseEvent, Membership, Conversation)
    return tuple(m.objects.count() for m in models)  # type: ignore[attr-defined]


# Picking up.


def test_the_clinician_joins_the_talk_by_name_and_the_request_says_somebody_is_there() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    held = claim_case(case_id=case.pk, by=cleo)
    assert (held.status, held.claimed_by) == (CaseStatus.WITH_CLINICIAN, cleo)
    request = HelpRequest.objects.get()
    assert request.state == HelpState.WITH_SOMEONE
    assert request.conversation == held.conversation
    assert held.conversation is not None
    assert access_conversation(cleo, held.conversation.pk)
    send_message(
        by=cleo, conversation_id=held.conversation.pk, client_id=house.uuid.uuid4(), body="Hello"
    )
    assert AuditRow.objects.filter(verb="case.claimed", actor_id=cleo.pk).count() == 1
    assert held.events.filter(kind="claimed", by=cleo).count() == 1
    assert AuditRow.objects.first_break() is None


def test_somebody_who_did_not_ask_is_reached_in_a_talk_of_their_own() -> None:
    cleo, ada = house.cleo(), house.young()
    house.assess(house.post(ada), "immediate")
    intake_step()
    case = claim_case(case_id=Case.objects.get().pk, by=cleo)
    assert case.conversation is not None
    people = set(case.conversation.memberships.values_list("user_id", flat=True))
    assert people == {ada.pk, cleo.pk}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [2, 50])
def test_of_all_who_pick_up_at_once_exactly_one_gets_the_person(count: int) -> None:
    case = house.waiting_case()
    clinicians = [house.staff(f"Cleo {n}", on_duty=True) for n in range(count)]
    results = house.at_once([lambda c=c: claim_case(case_id=case.pk, by=c) for c in clinicians])
    got = [r for r in results if isinstance(r, Case)]
    refused = [r for r in results if not isinstance(r, Case)]
    assert len(got) == 1
    assert all(isinstance(r, Stale) and r.code == "already_taken" for r in refused), refused
    case.refresh_from_db()
    assert case.claimed_by == got[0].claimed_by
    assert CaseEvent.objects.filter(kind="claimed").count() == 1
    staff_in_talk = Membership.objects.filter(user__role=Role.CLINICIAN)
    assert [m.user_id for m in staff_in_talk] == [case.claimed_by_id]


@pytest.mark.django_db(transaction=True)
def test_clinicians_who_take_next_at_once_each_get_somebody_else() -> None:
    for n in range(6):
        house.waiting_case(f"Ada {n}")
    clinicians = [house.staff(f"Cleo {n}", on_duty=True) for n in range(6)]
    results = house.at_once([lambda c=c: take_next(by=c) for c in clinicians])
    assert len({case.pk for case in results}) == 6


def test_a_failed_audit_undoes_the_claim() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    house.break_audit()
    before = world()
    with pytest.raises(IntegrityError), house.transaction.atomic():
        claim_case(case_id=case.pk, by=cleo)
    case.refresh_from_db()
    assert (case.status, case.claimed_by) == (CaseStatus.WAITING, None)
    assert HelpRequest.objects.get().state == HelpState.WAITING
    assert world() == before


def test_a_case_that_is_taken_and_one_that_never_was_are_refused_alike() -> None:
    cleo, dan, case = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    claim_case(case_id=case.pk, by=cleo)
    for case_id in (case.pk, 999_999):
        with pytest.raises(Stale, match="already_taken"):
            claim_case(case_id=case_id, by=dan)


@pytest.mark.parametrize(
    ("role", "on_duty", "refusal"),
    [
        (Role.CLINICIAN, True, None),
        (Role.SHIFT_LEAD, True, None),
        (Role.CLINICIAN, False, NotOnDuty),
        (Role.SHIFT_LEAD, False, NotOnDuty),
        (Role.MODERATOR, False, Denied),
        (Role.YOUNG_PERSON, False, Denied),
    ],
)
def test_who_may_pick_up(role: Role, on_duty: bool, refusal: type[DomainError] | None) -> None:
    case = house.waiting_case()
    who = (
        house.young("Ben")
        if role == Role.YOUNG_PERSON
        else house.staff("Someone", role, on_duty=on_duty)
    )
    if refusal is None:
        assert claim_case(case_id=case.pk, by=who).claimed_by == who
        return
    for attempt in (
        lambda: claim_case(case_id=case.pk, by=who),
        lambda: take_next(by=who),
        lambda: claim_source(source=source_of_help(HelpRequest.objects.get()), by=who),
    ):
        with pytest.raises(refusal):
            attempt()
    case.refresh_from_db()
    assert case.status == CaseStatus.WAITING


def test_take_next_is_whoever_should_be_answered_first() -> None:
    cleo = house.cleo()
    house.waiting_case("Asked")
    danger = house.young("Danger")
    house.assess(house.post(danger), "immediate")
    intake_step()
    assert take_next(by=cleo).person == danger
    assert take_next(by=cleo).person.nickname == "Asked"
    with pytest.raises(Conflict, match="nobody_waiting"):
        take_next(by=cleo)


def test_somebody_whom_no_worker_listed_is_picked_up_from_their_own_row() -> None:
    cleo, ada, ben = house.cleo(), house.young(), house.young("Ben")
    request = house.ask(ada)
    reading = house.assess(house.post(ben), "immediate")
    first = claim_source(source=source_of_help(request), by=cleo)
    second = claim_source(source=source_of_assessment(reading), by=cleo)
    assert (first.person, second.person) == (ada, ben)
    assert first.events.filter(kind="opened", by=cleo).exists()
    assert intake_step() == 2
    assert Case.objects.count() == 2


def test_a_source_whose_claim_is_refused_leaves_no_case_behind() -> None:
    dan, ada = house.staff("Dan"), house.young()
    request = house.ask(ada)
    with pytest.raises(NotOnDuty):
        claim_source(source=source_of_help(request), by=dan)
    assert not Case.objects.exists()


def test_a_request_that_a_colleague_has_answered_since_the_page_was_drawn_opens_no_case() -> None:
    cleo, dan, ada = house.cleo(), house.staff("Dan", on_duty=True), house.young()
    asked = source_of_help(house.ask(ada))
    reading = house.assess(house.post(ada), "immediate")
    house.close(claim_source(source=source_of_assessment(reading), by=cleo), cleo)
    with pytest.raises(Stale, match="talk_ended"):
        claim_source(source=asked, by=dan)
    assert not Case.objects.open().exists()


# Handing back.


def test_handing_back_puts_the_person_first_and_tells_them() -> None:
    cleo = house.cleo()
    case = house.waiting_case()
    danger = house.young("Danger")
    house.assess(house.post(danger), "immediate")
    intake_step()
    claim_case(case_id=case.pk, by=cleo)
    hand_back_case(case_id=case.pk, by=cleo, words="I have to go; somebody comes.")
    case.refresh_from_db()
    assert (case.status, case.claimed_by, case.rank) == (CaseStatus.WAITING, None, 0)
    assert next(iter(Case.objects.waiting())) == case
    request = HelpRequest.objects.get()
    assert (request.state, request.place) == (HelpState.WAITING, 1)
    talk = case.conversation
    assert talk is not None
    assert [m.body for m in talk.messages.all()] == ["I have to go; somebody comes."]
    assert case.events.filter(kind="handed_back", by=cleo).exists()


def test_whoever_handed_back_writes_no_more_and_the_next_one_does() -> None:
    cleo, dan, case = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    talk = claim_case(case_id=case.pk, by=cleo).conversation
    assert talk is not None
    hand_back_case(case_id=case.pk, by=cleo)
    with pytest.raises(Denied):
        send_message(by=cleo, conversation_id=talk.pk, client_id=house.uuid.uuid4(), body="late")
    with pytest.raises(Denied):
        house.close(case, cleo)
    again = claim_case(case_id=case.pk, by=dan)
    assert again.conversation == talk
    send_message(by=dan, conversation_id=talk.pk, client_id=house.uuid.uuid4(), body="Hi, I'm Dan")
    assert HelpRequest.objects.get().state == HelpState.WITH_SOMEONE


def test_a_shift_lead_hands_back_for_somebody_who_cannot_and_says_nothing_in_their_name() -> None:
    cleo, lee, case = house.cleo(), house.staff("Lee", Role.SHIFT_LEAD), house.waiting_case()
    talk = claim_case(case_id=case.pk, by=cleo).conversation
    hand_back_case(case_id=case.pk, by=lee, words="not Lee's to say")
    case.refresh_from_db()
    assert case.status == CaseStatus.WAITING
    assert talk is not None
    assert not talk.messages.exists()


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.MODERATOR, Role.YOUNG_PERSON])
def test_nobody_else_hands_back_or_closes(role: Role) -> None:
    cleo, case = house.cleo(), house.waiting_case()
    claim_case(case_id=case.pk, by=cleo)
    who = (
        house.young("Eve")
        if role == Role.YOUNG_PERSON
        else house.staff("Someone", role, on_duty=role == Role.CLINICIAN)
    )
    with pytest.raises(Denied):
        hand_back_case(case_id=case.pk, by=who)
    with pytest.raises(Denied):
        house.close(case, who)
    hand_back_case(case_id=case.pk, by=cleo)
    with pytest.raises(Denied):
        hand_back_case(case_id=case.pk, by=cleo)


# Closing.


def test_closing_needs_an_outcome_and_ends_the_talk_and_the_request() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    talk = claim_case(case_id=case.pk, by=cleo).conversation
    assert talk is not None
    for missing in ("", "fine", "low_risk"):
        with pytest.raises(Invalid, match="outcome_missing"):
            house.close(case, cleo, missing)
    closed = house.close(case, cleo, Outcome.PLAN)
    assert (closed.status, closed.outcome_code) == (CaseStatus.CLOSED, Outcome.PLAN)
    assert closed.closed_by == cleo
    talk.refresh_from_db()
    assert talk.state == ConversationState.CLOSED
    assert HelpRequest.objects.get().state == HelpState.CLOSED
    for reader in (case.person, cleo):
        assert access_conversation(reader, talk.pk)
    with pytest.raises(Denied):
        house.close(case, cleo, Outcome.PLAN)


def test_a_failed_audit_undoes_the_closing() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    claim_case(case_id=case.pk, by=cleo)
    house.break_audit()
    before = world()
    with pytest.raises(IntegrityError), house.transaction.atomic():
        house.close(case, cleo, Outcome.PLAN)
    case.refresh_from_db()
    assert case.status == CaseStatus.WITH_CLINICIAN
    assert world() == before
