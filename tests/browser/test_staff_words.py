"""Words that a clinician types in real Chromium: no page is drawn anew over them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Dialog, Page, expect

from tests.browser.axe import faults
from tests.browser.test_clinician import SOON, listed, look
from tests.cast import PASSWORD, Cast
from tests.conftest import act
from tests.servers import Site
from triage.actions.cases import claim_case
from triage.models import Case, CaseNote
from triage.states import CaseStatus

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOTE = "A note for colleagues"


def with_ada(cast: Cast, site: Site, desk: Callable[..., Page]) -> tuple[Page, Case]:
    """Cleo is with Ada, and has her page open."""
    case = listed(cast.ada)
    act(claim_case, case_id=case.pk, by=cast.cleo)
    page = desk(site, cast.cleo)
    page.goto(reverse("case", args=[case.pk]))
    return page, case


def kept() -> list[str]:
    return act(lambda: [note.body for note in CaseNote.objects.order_by("pk")])


def test_a_session_that_ends_takes_no_half_written_note_with_it(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    page, _ = with_ada(live_cast, site, desk)
    page.get_by_label(NOTE).fill("likes the sea")
    act(Session.objects.all().delete)
    look(page)
    said = page.get_by_text("You are signed out")
    expect(said).to_be_visible(timeout=SOON)
    expect(page.get_by_label(NOTE)).to_have_value("likes the sea")
    expect(page.get_by_text("We can't reach the server.")).to_be_hidden()
    assert faults(page) == []
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again in a new tab").click()
    door = opened.value
    door.get_by_label("Name").fill(live_cast.cleo.username)
    door.get_by_label("Password").fill(PASSWORD)
    door.get_by_role("button", name="Sign in").click()
    expect(door.get_by_role("heading", name="Waiting")).to_be_visible()
    look(page)
    expect(said).to_be_hidden(timeout=SOON)
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".triage-note")).to_have_text("likes the sea")
    assert kept() == ["likes the sea"]


def test_signed_out_with_nothing_written_the_page_goes_to_the_door_and_back(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    page, case = with_ada(live_cast, site, desk)
    act(Session.objects.all().delete)
    look(page)
    page.get_by_label("Name").fill(live_cast.cleo.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    assert page.url.endswith(reverse("case", args=[case.pk]))


@pytest.mark.parametrize("way", ["hand back", "close"])
def test_a_note_that_is_still_in_its_field_is_kept_by_handing_back_and_by_closing(
    live_cast: Cast, site: Site, desk: Callable[..., Page], way: str
) -> None:
    page, case = with_ada(live_cast, site, desk)
    page.get_by_label(NOTE).fill("likes the sea\nand a dog")
    page.locator("h1").first.click()
    if way == "close":
        page.keyboard.press("e")
        page.get_by_label("They chose to end the talk").check()
        page.get_by_role("button", name="Close", exact=True).first.click()
        expect(page.get_by_text("The talk with Ada is closed.")).to_be_visible()
    else:
        page.keyboard.press("b")
        page.get_by_role("button", name="Hand back").click()
        expect(page.get_by_text("Ada is first in line again.")).to_be_visible()
    assert kept() == ["likes the sea\nand a dog"]
    case.refresh_from_db()
    assert case.status != CaseStatus.WITH_CLINICIAN


def test_the_browser_asks_before_a_note_goes_with_its_page(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    page, _ = with_ada(live_cast, site, desk)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label(NOTE).fill("likes the sea")
    with page.expect_event("dialog"):
        page.evaluate("location.assign('/triage/')")
    expect(page.get_by_label(NOTE)).to_have_value("likes the sea")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".triage-note")).to_have_text("likes the sea")
    page.goto(reverse("triage-queue"))
    assert (kept(), asked) == (["likes the sea"], ["beforeunload"])
