"""Closing: whoever closes has seen every sign in the case, and nothing goes down with it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chat.access import Closed
from chat.actions.messages import edit_message, mark_reading
from chat.actions.sending import send_message
from chat.kernel import clock
from chat.kernel.errors import Stale
from chat.models import HelpRequest, Message, User
from chat.states import HelpState, MachineReading
from moderation.models import Assessment
from tests.triage import house
from triage.access import access_case
from triage.actions.cases import claim_case, close_case
from triage.intake import intake_step
from triage.models import Case
from triage.states import CaseStatus, Outcome

pytestmark = pytest.mark.django_db

IMMEDIATE: dict[str, Any] = {
    **house.REASON,
    "code": "intent_or_plan",
    "label": "intent_or_plan",
    "words": "The writer may be about to hurt themselves",
}


def with_ada() -> tuple[User, User, Case]:
    """Cleo is with Ada for something that was soon."""
    cleo, ada = house.cleo(), house.young()
    house.assess(house.post(ada), "soon")
    intake_step()
    return cleo, ada, claim_case(case_id=Case.objects.get().pk, by=cleo)


def as_drawn(case: Case, by: User) -> dict[str, int]:
    """What a page that is drawn now knows of the case."""
    now = access_case(by, case.pk)
    assert now.conversation is not None
    return {"case_id": case.pk, "shown": now.newest_sign, "head": now.conversation.last_seq}


def says(who: User, case: Case, body: str) -> Message:
    assert case.conversation is not None
    return send_message(
        by=who, conversation_id=case.conversation.pk, client_id=house.uuid.uuid4(), body=body
    )


def goes_on_elsewhere(ada: User) -> None:
    house.assess(house.post(ada), "immediate", [IMMEDIATE])
    intake_step()


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def fields(page: str) -> dict[str, str]:
    """What the form for closing sends along by itself."""
    inputs = re.findall(r'<input type="hidden" [^>]*(?:form="close-form"|data-head-of)[^>]*>', page)
    found = [re.search(r'name="([^"]+)" value="([^"]*)"', each) for each in inputs]
    return {match[1]: match[2] for match in found if match}


def test_a_sign_that_came_after_the_page_was_drawn_keeps_the_case_open() -> None:
    cleo, ada, case = with_ada()
    drawn = as_drawn(case, cleo)
    goes_on_elsewhere(ada)
    with pytest.raises(Stale, match="asked_again"):
        close_case(by=cleo, outcome_code=Outcome.STEADIER, **drawn)
    case.refresh_from_db()
    assert (case.status, case.claimed_by) == (CaseStatus.WITH_CLINICIAN, cleo)
    assert case.conversation is not None
    assert case.conversation.is_open
    assert house.close(case, cleo).status == CaseStatus.CLOSED


def test_a_sign_that_went_on_after_the_page_was_drawn_keeps_the_case_open() -> None:
    cleo, _, case = with_ada()
    drawn = as_drawn(case, cleo)
    with house.later(minutes=1):
        now = clock.now()
        Assessment.objects.update(
            urgency="immediate", reasons=[IMMEDIATE], created_at=now, due_at=now
        )
        intake_step()
        with pytest.raises(Stale, match="asked_again"):
            close_case(by=cleo, outcome_code=Outcome.STEADIER, **drawn)
        assert house.close(case, cleo).status == CaseStatus.CLOSED


def test_more_of_what_the_page_shows_already_does_not_keep_the_case_open() -> None:
    cleo, _, case = with_ada()
    drawn = as_drawn(case, cleo)
    with house.later(minutes=1):
        now = clock.now()
        Assessment.objects.update(created_at=now, due_at=now)
        intake_step()
        close_case(by=cleo, outcome_code=Outcome.STEADIER, **drawn)
    case.refresh_from_db()
    assert case.status == CaseStatus.CLOSED


def test_a_request_that_was_taken_in_a_moment_ago_is_not_buried_by_closing() -> None:
    cleo, ada, case = with_ada()
    drawn = as_drawn(case, cleo)
    request = house.ask(ada)
    intake_step()
    with pytest.raises(Stale, match="asked_again"):
        close_case(by=cleo, outcome_code=Outcome.STEADIER, **drawn)
    request.refresh_from_db()
    assert request.state == HelpState.WITH_SOMEONE


def test_a_request_that_nobody_has_taken_in_yet_is_not_buried_either() -> None:
    cleo, ada, case = with_ada()
    request = house.ask(ada)
    with pytest.raises(Stale, match="asked_again"):
        house.close(case, cleo)
    request.refresh_from_db()
    assert request.state == HelpState.WITH_SOMEONE
    house.close(case, cleo)
    assert HelpRequest.objects.get().state == HelpState.CLOSED


def test_words_that_the_page_had_not_drawn_keep_the_talk_open_and_come_first() -> None:
    cleo, ada, case = with_ada()
    client = Client()
    client.force_login(cleo)
    drawn = fields(text(client.get(reverse("case", args=[case.pk]))))
    says(ada, case, "wait, I've taken something")
    close = reverse("case-close", args=[case.pk])

    back = client.post(close, {"outcome": Outcome.PLAN, **drawn})
    page = text(back)
    assert back.status_code == 409
    assert "They wrote again a moment ago, so this is still open." in page
    assert "wait, I&#x27;ve taken something" in page
    assert re.search(r'value="plan" required checked', page)
    case.refresh_from_db()
    assert case.status == CaseStatus.WITH_CLINICIAN
    says(ada, case, "are you there?")  # The talk is open: she is still heard.

    assert client.post(close, {"outcome": Outcome.PLAN, **fields(page)}).status_code == 409
    page = text(client.get(reverse("case", args=[case.pk])))
    client.post(close, {"outcome": Outcome.PLAN, **fields(page)})
    case.refresh_from_db()
    assert (case.status, case.outcome_code) == (CaseStatus.CLOSED, Outcome.PLAN)
    with pytest.raises(Closed):
        says(ada, case, "one more thing")


def test_words_that_were_changed_since_keep_the_talk_open_too() -> None:
    cleo, ada, case = with_ada()
    said = says(ada, case, "I took two")
    drawn = as_drawn(case, cleo)
    edit_message(by=ada, message_id=said.pk, body="I took twenty")
    with pytest.raises(Stale, match="wrote_again"):
        close_case(by=cleo, outcome_code=Outcome.STEADIER, **drawn)


def test_what_we_wrote_ourselves_and_what_a_machine_read_hold_nothing_up() -> None:
    cleo, ada, case = with_ada()
    said = says(ada, case, "thank you, bye")
    drawn = as_drawn(case, cleo)
    says(cleo, case, "Take care, Ada.")
    mark_reading(messages=[said], reading=MachineReading.READ)
    closed = close_case(by=cleo, outcome_code=Outcome.STEADIER, **drawn)
    assert closed.status == CaseStatus.CLOSED


def test_without_scripts_the_page_comes_back_with_the_new_sign_and_the_choice_kept() -> None:
    cleo, ada, case = with_ada()
    client = Client()
    client.force_login(cleo)
    drawn = fields(text(client.get(reverse("case", args=[case.pk]))))
    goes_on_elsewhere(ada)
    close = reverse("case-close", args=[case.pk])

    back = client.post(close, {"outcome": Outcome.PLAN, **drawn})
    page = text(back)
    assert back.status_code == 409
    assert "Something more came in a moment ago" in page
    assert IMMEDIATE["words"] in page
    assert re.search(r'value="plan" required checked', page)
    assert page.count(" checked") == 1
    assert re.search(r'id="close" data-close open', page)

    client.post(close, {"outcome": Outcome.PLAN, **fields(page)})
    case.refresh_from_db()
    assert (case.status, case.outcome_code) == (CaseStatus.CLOSED, Outcome.PLAN)


def test_a_press_that_does_not_say_what_its_page_showed_is_asked_once_more() -> None:
    cleo, _, case = with_ada()
    client = Client()
    client.force_login(cleo)
    close = reverse("case-close", args=[case.pk])
    assert client.post(close, {"outcome": Outcome.PLAN}).status_code == 409
    case.refresh_from_db()
    assert case.status == CaseStatus.WITH_CLINICIAN


def test_a_page_that_is_open_learns_of_the_sign_with_the_sign_itself() -> None:
    """The two are in one part, so that a script can swap neither in without the other."""
    cleo, ada, case = with_ada()
    client = Client()
    client.force_login(cleo)
    goes_on_elsewhere(ada)
    rows = text(client.get(reverse("triage-rows"), {"case": case.pk}))
    why = rows.split('data-part="why"')[1].split('data-part="timeline"')[0]
    assert IMMEDIATE["words"] in why
    newest = access_case(cleo, case.pk).newest_sign
    assert fields(why) == fields(rows) == {"shown": str(newest)}
