"""A clinician at work in real Chromium: the live list, the talk, the keyboard, no scripts."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chat.models import AuditRow, HelpRequest, User
from chat.states import HelpState
from tests.browser.axe import faults
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site
from tests.triage import house
from triage.actions.cases import claim_case
from triage.actions.duty import go_off_duty
from triage.actions.notes import write_note
from triage.intake import intake_step
from triage.models import Case
from triage.states import CaseStatus

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOON = 8_000
"""Milliseconds in which what happens elsewhere must be on the page."""


def listed(who: User) -> Case:
    """The person asked for help and is on the list."""
    act(house.ask, who)
    act(intake_step)
    return act(Case.objects.open().get, person=who)


def worried_about(who: User, urgency: str, words: str) -> Case:
    """The person wrote something that asks for a case."""
    act(lambda: house.assess(house.post(who, words), urgency))
    act(intake_step)
    return act(Case.objects.open().get, person=who)


def look(page: Page) -> None:
    """As if the tab came to the front: the page asks again at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def names(page: Page) -> list[str]:
    return page.locator("[data-key] .triage-name").all_inner_texts()


def test_somebody_asks_is_seen_at_once_talks_and_is_told_how_it_ends(
    live_cast: Cast,
    site: Site,
    live_site: Callable[..., Site],
    desk: Callable[..., Page],
    phone: Callable[..., Page],
) -> None:
    live_site().start_workers("intake")  # Who asks needs no reader to be listed.
    cleo, ada = desk(site, live_cast.cleo), phone(site, live_cast.ada)
    cleo.goto(reverse("triage-queue"))
    expect(cleo.get_by_text("Nobody is waiting.")).to_be_visible()
    ada.goto(reverse("help"))
    ada.get_by_role("button", name=re.compile("talk", re.I)).first.click()
    expect(cleo.get_by_role("heading", name="Ada is next")).to_be_visible(timeout=SOON)
    expect(cleo.locator("[data-key]")).to_contain_text("They asked to talk with somebody")
    expect(cleo).to_have_title(re.compile(r"^\(1\) "))

    cleo.keyboard.press("t")
    expect(cleo.get_by_text("with you since")).to_be_visible()
    request = act(HelpRequest.objects.get)
    ada.goto(reverse("talk", args=[request.conversation_id]))
    cleo.keyboard.press("w")
    cleo.keyboard.type("Hi Ada, I'm Cleo.")
    cleo.keyboard.press("Enter")
    expect(ada.get_by_text("Hi Ada, I'm Cleo.").first).to_be_visible(timeout=SOON)
    ada.get_by_role("textbox", name="Write a message").fill("hello")
    ada.get_by_role("button", name="Send").click()
    expect(cleo.get_by_text("hello", exact=True)).to_be_visible(timeout=SOON)

    cleo.locator("h1").first.click()
    cleo.keyboard.press("e")
    cleo.get_by_label("We made a plan together for staying safe").check()
    cleo.get_by_role("button", name="Close", exact=True).first.click()
    expect(cleo.get_by_text("The talk with Ada is closed.")).to_be_visible()
    expect(ada.get_by_text("This talk has ended.").first).to_be_visible(timeout=SOON)
    request.refresh_from_db()
    assert request.state == HelpState.CLOSED


def test_nothing_moves_under_the_hand_and_newcomers_say_how_many_they_are(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    listed(live_cast.ben)
    page = desk(site, live_cast.cleo)
    page.goto(reverse("triage-queue"))
    page.locator("[data-key]").hover()
    before = page.locator("[data-key]").bounding_box()
    worried_about(live_cast.ada, "immediate", "words")
    look(page)
    pill = page.get_by_role("button", name="1 new above")
    expect(pill).to_be_visible(timeout=SOON)
    assert names(page) == ["Ben"]
    assert page.locator("[data-key]").bounding_box() == before
    pill.click()
    expect(page.locator("[data-key]")).to_have_count(2)
    assert names(page) == ["Ada", "Ben"]
    page.mouse.move(1200, 800)
    listed(live_cast.sal)
    look(page)
    expect(page.locator("[data-key]")).to_have_count(3, timeout=SOON)


def test_one_gone_and_one_come_is_said_though_they_are_as_many_as_before(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    waiting = [listed(live_cast.ben)]
    page = desk(site, live_cast.dan)
    page.goto(reverse("triage-queue"))
    look(page)
    said = page.locator("[data-said]")
    expect(said).to_have_text("1 waiting", timeout=SOON)
    heard = ""
    for newcomer in (live_cast.ada, live_cast.sal):
        act(claim_case, case_id=waiting[-1].pk, by=live_cast.cleo)
        waiting.append(listed(newcomer))
        look(page)
        page.wait_for_function(
            "heard => document.querySelector('[data-said]').textContent !== heard", arg=heard
        )
        expect(said).to_have_text("1 new, 1 waiting", timeout=SOON)
        heard = said.text_content() or ""


def test_a_page_about_somebody_says_when_a_colleague_was_quicker(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    case = listed(live_cast.ada)
    act(house.go_on_duty, by=live_cast.dan)
    page = desk(site, live_cast.dan)
    page.route("**/triage/rows*", lambda route: route.abort())  # The page has not heard of it yet.
    page.goto(reverse("case", args=[case.pk]))
    button = page.get_by_role("button", name="Be with them")
    expect(button).to_be_visible()
    act(claim_case, case_id=case.pk, by=live_cast.cleo)
    button.click()
    expect(page.get_by_text("Somebody else has just picked this person up.")).to_be_visible()
    case.refresh_from_db()
    assert case.claimed_by == live_cast.cleo


def test_what_they_wrote_stays_folded_until_the_key_is_pressed(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    case = worried_about(live_cast.ada, "immediate", "these are hard words")
    page = desk(site, live_cast.cleo)
    page.goto(reverse("case", args=[case.pk]))
    expect(page.get_by_role("heading", name="What they wrote")).to_be_visible()
    assert "hard words" not in page.content()
    page.keyboard.press("x")
    expect(page.get_by_text("these are hard words")).to_be_visible()
    assert AuditRow.objects.filter(verb="case.words_read", actor_id=live_cast.cleo.pk).exists()
    assert faults(page) == []


def test_the_list_is_walked_and_somebody_is_picked_up_by_keys_alone(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    worried_about(live_cast.ada, "immediate", "words")
    second = listed(live_cast.ben)
    page = desk(site, live_cast.cleo)
    page.goto(reverse("triage-queue"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Take whoever is next")
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Ben")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.get_by_text("with you since")).to_be_visible()
    second.refresh_from_db()
    assert second.claimed_by == live_cast.cleo
    assert act(Case.objects.waiting().count) == 1


def test_with_every_worker_dead_whoever_asks_is_seen_and_reached(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    act(house.WorkerBeat.objects.all().delete)
    act(house.ask, live_cast.sal)
    act(HelpRequest.objects.update, created_at=house.clock.now() - house.dt.timedelta(seconds=9))
    page = desk(site, live_cast.cleo)
    page.goto(reverse("triage-queue"))
    expect(page.get_by_text("The reader is not working.")).to_be_visible()
    expect(page.locator("[data-key]")).to_contain_text("Not sorted yet")
    assert faults(page) == []
    page.get_by_role("button", name="Be with Sal").click()
    expect(page.get_by_text("with you since")).to_be_visible()
    assert act(Case.objects.get).status == CaseStatus.WITH_CLINICIAN


def test_an_empty_rota_is_said_and_ended_by_one_press(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    act(go_off_duty, by=live_cast.cleo)
    listed(live_cast.ada)
    page = desk(site, live_cast.dan)
    page.goto(reverse("triage-queue"))
    expect(page.get_by_text("Nobody is on duty.")).to_be_visible()
    expect(page.get_by_role("button", name="Be with")).to_have_count(0)
    page.locator(".duty").get_by_role("button", name="Go on duty").click()
    expect(page.get_by_text("Nobody is on duty.")).to_have_count(0)
    expect(page.get_by_role("button", name="Be with Ada")).to_be_visible()


def test_a_list_that_cannot_be_renewed_says_how_old_it_is(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    listed(live_cast.ada)
    page = desk(site, live_cast.cleo)
    page.goto(reverse("triage-queue"))
    page.context.set_offline(True)
    look(page)
    expect(page.get_by_text("We can't reach the server.")).to_be_visible(timeout=SOON)
    assert names(page) == ["Ada"]
    page.context.set_offline(False)
    look(page)
    expect(page.get_by_text("We can't reach the server.")).to_be_hidden(timeout=SOON)


def test_a_whole_case_goes_by_plain_forms_without_scripts(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    case = worried_about(live_cast.ada, "urgent", "these are hard words")
    act(house.ask, live_cast.ada)
    act(intake_step)
    page = desk(site, live_cast.cleo, java_script_enabled=False)
    page.goto(reverse("triage-queue"))
    page.get_by_role("button", name="Be with them").click()
    page.get_by_role("button", name="Show what they wrote").click()
    expect(page.get_by_text("these are hard words")).to_be_visible()
    page.goto(reverse("case", args=[case.pk]))
    page.get_by_role("textbox", name="Write a message").fill("I'm here")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("I'm here")).to_be_visible()
    page.locator("[data-hand-back] summary").click()
    page.get_by_role("button", name="Hand back").click()
    expect(page.get_by_text("Ada is first in line again.")).to_be_visible()
    page.get_by_role("button", name="Be with Ada").click()
    page.locator("[data-close] summary").click()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("Pick how it ended.")).to_be_visible()
    page.get_by_label("They chose to end the talk").check()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("The talk with Ada is closed.")).to_be_visible()


def press_close(page: Page) -> None:
    page.get_by_role("button", name="Close", exact=True).first.click()


def test_a_sign_that_an_open_page_has_shown_does_not_hold_up_closing(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    page = desk(site, live_cast.cleo)
    case = listed(live_cast.ada)
    act(claim_case, case_id=case.pk, by=live_cast.cleo)
    page.goto(reverse("case", args=[case.pk]))
    worried_about(live_cast.ada, "immediate", "words")
    look(page)
    why = page.locator("[data-part=why]")
    expect(why).to_contain_text("may be thinking about dying", timeout=SOON)
    page.keyboard.press("e")
    page.get_by_label("They chose to end the talk").check()
    press_close(page)
    expect(page.get_by_text("The talk with Ada is closed.")).to_be_visible()


def test_a_sign_that_an_open_page_has_not_shown_comes_first_and_the_choice_is_kept(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    page = desk(site, live_cast.cleo)
    case = listed(live_cast.ada)
    act(claim_case, case_id=case.pk, by=live_cast.cleo)
    page.route("**/triage/rows*", lambda route: route.abort())
    page.goto(reverse("case", args=[case.pk]))
    page.keyboard.press("e")
    page.get_by_label("They chose to end the talk").check()
    worried_about(live_cast.ada, "immediate", "words")
    press_close(page)
    expect(page.get_by_text("Something more came in a moment ago")).to_be_visible()
    expect(page.locator("[data-part=why]")).to_contain_text("may be thinking about dying")
    expect(page.get_by_label("They chose to end the talk")).to_be_checked()
    press_close(page)
    expect(page.get_by_text("The talk with Ada is closed.")).to_be_visible()


def test_words_that_an_open_page_has_not_drawn_come_first_and_the_choice_is_kept(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    page = desk(site, live_cast.cleo)
    case = listed(live_cast.ada)
    talk = act(claim_case, case_id=case.pk, by=live_cast.cleo).conversation
    page.route_web_socket(re.compile(".*"), lambda _: None)  # It is open, and hears nothing.
    page.goto(reverse("case", args=[case.pk]))
    page.keyboard.press("e")
    page.get_by_label("They chose to end the talk").check()
    act(live_cast.says, live_cast.ada, talk, "wait, I've taken something")
    press_close(page)
    expect(page.get_by_text("They wrote again a moment ago")).to_be_visible()
    expect(page.get_by_text("wait, I've taken something").first).to_be_visible()
    expect(page.get_by_label("They chose to end the talk")).to_be_checked()
    press_close(page)
    expect(page.get_by_text("The talk with Ada is closed.")).to_be_visible()


@pytest.mark.parametrize("shape", ["desk", "phone"])
def test_every_page_and_state_can_be_used_by_everybody(
    live_cast: Cast, site: Site, request: pytest.FixtureRequest, shape: str
) -> None:
    page = request.getfixturevalue(shape)(site, live_cast.cleo)
    page.goto(reverse("triage-queue"))
    assert faults(page, "dark") == []
    waiting = worried_about(live_cast.ada, "immediate", "words")
    held = listed(live_cast.ben)
    act(claim_case, case_id=held.pk, by=live_cast.cleo)
    talk = act(Case.objects.select_related("conversation").get, pk=held.pk).conversation
    act(live_cast.says, live_cast.ben, talk, f"hello {uuid.uuid4().hex[:4]}")
    for url in (
        reverse("triage-queue"),
        reverse("case", args=[waiting.pk]),
        reverse("case", args=[held.pk]),
    ):
        page.goto(url)
        expect(page.locator("h1").first).to_be_visible()
        assert faults(page, "dark") == []
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, url


@pytest.mark.parametrize("shape", ["desk", "phone"])
def test_somebody_whose_clinician_is_gone_is_seen_and_a_colleague_goes_on(
    live_cast: Cast, site: Site, request: pytest.FixtureRequest, shape: str
) -> None:
    case = listed(live_cast.ada)
    talk = act(claim_case, case_id=case.pk, by=live_cast.cleo).conversation
    act(house.go_on_duty, by=live_cast.dan)
    act(User.objects.filter(pk=live_cast.cleo.pk).update, is_active=False)
    page = request.getfixturevalue(shape)(site, live_cast.dan)
    page.goto(reverse("triage-queue"))
    expect(page.get_by_text("1 person may be on their own in a talk.")).to_be_visible()
    expect(page.get_by_role("heading", name="Somebody is needed here")).to_be_visible()
    assert faults(page, "dark") == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("button", name="Take over with Ada").click()
    expect(page.get_by_text("with you since")).to_be_visible()
    expect(page.get_by_text("Hello, I'm Dan. Cleo isn't here just now").first).to_be_visible()
    act(live_cast.says, live_cast.ada, talk, "oh, hello Dan")
    expect(page.get_by_text("oh, hello Dan").first).to_be_visible(timeout=SOON)


@pytest.mark.parametrize("shape", ["desk", "phone"])
def test_how_it_went_before_stays_folded_until_the_key_is_pressed(
    live_cast: Cast, site: Site, request: pytest.FixtureRequest, shape: str
) -> None:
    first = listed(live_cast.ada)
    act(claim_case, case_id=first.pk, by=live_cast.cleo)
    act(write_note, case_id=first.pk, by=live_cast.cleo, body="hides tablets under the bed")
    act(house.close, first, live_cast.cleo)
    case = listed(live_cast.ada)
    act(claim_case, case_id=case.pk, by=live_cast.cleo)
    page = request.getfixturevalue(shape)(site, live_cast.cleo)
    page.goto(reverse("case", args=[case.pk]))
    expect(page.get_by_role("heading", name="When they came before")).to_be_visible()
    assert "hides tablets" not in page.content()
    page.keyboard.press("l")
    expect(page.get_by_text("hides tablets under the bed")).to_be_visible()
    assert AuditRow.objects.filter(verb="case.earlier_read").exists()
    assert faults(page, "dark") == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
