"""The whole of it in real browsers: a stranger comes in, writes, and is met by a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.cast import PASSWORD, Cast
from tests.conftest import act
from tests.flows.phone import SOON
from tests.servers import Site
from triage.models import Case

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.timeout(300)]

Pages = Callable[..., Page]

LATER = SOON * 1000
WORRYING = "I don't want to be alive any more and I have a plan for tonight"


def sign_in(page: Page, username: str) -> Page:
    page.goto("/staff/sign-in")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("form button")
    page.wait_for_url(re.compile("/(moderation|triage)/$"))
    return page


def come_in(page: Page) -> list[str]:
    """The front door, who reads what, and six words; returns them."""
    page.goto("/")
    expect(page.get_by_role("heading", name="Before you come in")).to_be_visible()
    page.get_by_role("link", name="Come in", exact=True).click()
    page.fill("#nickname", "Sparrow")
    page.get_by_label("16 or 17").check(force=True)
    page.get_by_label("I've read this").check()
    page.locator("main form button").click()
    page.wait_for_url("**/phrase")
    words = page.locator("[data-phrase] li").all_inner_texts()
    page.get_by_role("button", name="I've got them").click()
    return words


def write(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Write a message").fill(words)
    page.get_by_role("button", name="Send").click()


def message(page: Page, words: str) -> Any:
    return page.locator(".message", has_text=words)


def test_a_stranger_comes_in_writes_and_is_met_by_a_person(
    site: Site, live_cast: Cast, phone: Pages, desk: Pages
) -> None:
    thread = act(live_cast.thread, by=live_cast.ben, words="2am club")
    mo, cleo = sign_in(desk(site), "mo"), sign_in(desk(site), "cleo")
    ben, sparrow = phone(site, live_cast.ben), phone(site)
    ben.goto(f"/spaces/{live_cast.space.slug}/{thread.pk}")

    six_words = come_in(sparrow)
    sparrow.get_by_text("The quiet corner").click()
    sparrow.get_by_role("link", name=re.compile("2am club")).click()
    write(sparrow, "hello, new here")
    expect(message(ben, "hello, new here")).to_be_visible(timeout=LATER)
    write(ben, "hi Sparrow. kettle's on")
    expect(message(sparrow, "kettle's on")).to_be_visible(timeout=LATER)

    write(sparrow, WORRYING)
    expect(sparrow.get_by_text("Thank you for telling us")).to_be_visible(timeout=LATER)
    expect(mo.locator("[data-row]")).to_contain_text("Danger", timeout=LATER)
    expect(cleo.get_by_role("heading", name="Sparrow is next")).to_be_visible(timeout=LATER)
    expect(message(ben, WORRYING)).to_have_count(0)
    message(sparrow, WORRYING).get_by_role("button", name="Talk to someone now").click()
    expect(sparrow.get_by_role("link", name=re.compile("999")).first).to_be_visible()

    cleo.get_by_role("button", name="Be with them").click()
    expect(cleo.get_by_text("with you since")).to_be_visible()
    expect(sparrow.get_by_role("heading", name="Cleo is here.")).to_be_visible(timeout=LATER)
    sparrow.get_by_role("link", name="Carry on").click()
    expect(sparrow.get_by_text(WORRYING)).to_be_visible()
    cleo.get_by_role("button", name=re.compile("Show what they wrote")).click()
    expect(cleo.get_by_text(WORRYING).first).to_be_visible()
    write(cleo, "Hi Sparrow, I'm Cleo. I read what you wrote.")
    expect(message(sparrow, "I'm Cleo")).to_be_visible(timeout=LATER)
    write(sparrow, "you came")
    expect(message(cleo, "you came")).to_be_visible(timeout=LATER)

    again = phone(site)
    again.goto("/come-back")
    again.fill("#phrase", " ".join(six_words))
    again.get_by_role("button", name="Come back in").click()
    again.goto("/talk")
    expect(again.get_by_role("heading", name="Cleo is here.")).to_be_visible()
    again.get_by_role("link", name="Carry on").click()
    expect(message(again, "you came")).to_be_visible()

    cleo.locator("[data-close] summary").click()
    cleo.get_by_label("We made a plan together for staying safe").check()
    cleo.get_by_role("button", name="Close", exact=True).first.click()
    for page in (sparrow, again):
        expect(page.get_by_text("This talk has ended.").first).to_be_visible(timeout=LATER)
    case = act(Case.objects.select_related("claimed_by", "person").get)
    assert (case.person.nickname, case.claimed_by, case.outcome_code) == (
        "Sparrow",
        live_cast.cleo,
        "plan",
    )
