"""Every page for every hand and eye: axe, keyboard, small screens, large text."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import expect

from chat.actions.messages import hold_message, remove_message
from chat.states import Notice
from tests.browser.axe import faults
from tests.browser.test_young_person import said
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

Pages = Callable[..., Any]

OPEN = ("/", "/start", "/come-back", "/how-it-works", "/help", "/offline", "/nothing-here")
OPEN += ("/staff/sign-in",)
SIZES = "all => all.map(one => [one.innerText, one.getBoundingClientRect().height])"


def own_pages(cast: Cast) -> list[str]:
    """Everything Ada can open, with words in every state."""
    thread = cast.thread(words="A thread\nwith two lines")
    cast.says(cast.ben, thread, "an answer")
    cast.says(cast.ada, thread, "not read yet", read=False)
    message = cast.says(cast.ada, thread, "a hard thing", read=False)
    hold_message(message=message, by=None, notice=Notice.DOOR)
    cast.held(cast.ada, thread, "kept back")
    talk = cast.asks_for_help(cast.ada).conversation
    cast.says(cast.ada, talk, "hello")
    here = ["/spaces", "/spaces/corner", "/talk", "/me", "/help", "/phrase"]
    return [*here, f"/spaces/corner/{thread.pk}", f"/talk/{talk.pk}"]


def test_axe_finds_nothing_on_any_page(site: Site, live_cast: Cast, phone: Pages) -> None:
    stranger, ada = phone(site), phone(site, live_cast.ada)
    found = {}
    for page, addresses in ((stranger, OPEN), (ada, own_pages(live_cast))):
        for address in addresses:
            page.goto(address)
            page.wait_for_timeout(150)
            found[address] = faults(page, "dark", "contrast")
    assert found == {address: [] for address in found}


def test_axe_finds_nothing_in_refused_forms(site: Site, live_cast: Cast, phone: Pages) -> None:
    page = phone(site)
    for address in ("/start", "/come-back", "/help"):
        page.goto(address)
        page.click("main form button")
        expect(page.locator(".field-error").first).to_be_visible()
        assert faults(page) == []


def test_nothing_runs_off_a_small_screen_even_with_large_text(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    too_wide = []
    for user, addresses in ((None, OPEN), (live_cast.ada, own_pages(live_cast))):
        page = phone(site, user)
        for address in addresses:
            page.goto(address)
            for width, text in product((320, 390), ("100%", "200%")):
                page.set_viewport_size({"width": width, "height": 640})
                page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide != width:
                    too_wide.append(f"{address} is {wide} px wide at {width} px and {text}")
    assert too_wide == []


def test_every_target_is_large_enough_for_a_thumb(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ada)
    small = {}
    for address in own_pages(live_cast):
        page.goto(address)
        targets = page.locator("button:visible, nav a:visible, .top a:visible")
        for words, height in targets.evaluate_all(SIZES):
            if height < 36:
                small[address] = words
    assert small == {}


def test_the_keyboard_reaches_and_sends(site: Site, live_cast: Cast, desk: Pages) -> None:
    thread = live_cast.thread()
    page = desk(site, live_cast.ben)
    page.goto(f"/spaces/corner/{thread.pk}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("[data-slot=input]").focus()
    page.keyboard.type("first line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    expect(said(page, "first line")).to_contain_text("second line")
    expect(page.locator("[data-slot=input]")).to_be_focused()
    expect(page.locator("[data-slot=input]")).to_have_value("")


def test_new_words_are_said_to_a_screen_reader_politely(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{thread.pk}")
    page.wait_for_timeout(500)
    act(live_cast.says, live_cast.ada, thread, "can you hear this")
    spoken = page.locator("[data-slot=said]")
    expect(spoken).to_have_text("Ada wrote: can you hear this", timeout=8_000)
    assert spoken.get_attribute("aria-live") == "polite"


def test_words_taken_away_are_not_left_to_a_screen_reader(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{thread.pk}")
    expect(page.locator("html.js .message")).to_have_count(1)
    message = act(live_cast.says, live_cast.ada, thread, "this will be taken away")
    spoken = page.locator("[data-slot=said]")
    expect(spoken).to_have_text("Ada wrote: this will be taken away", timeout=8_000)
    act(remove_message, message=message, by=live_cast.mo, notice=Notice.NOT_PUBLISHED)
    expect(said(page, "taken away")).to_have_count(0, timeout=8_000)
    expect(spoken).to_be_empty()


def test_send_stays_under_the_thumb_when_the_bar_goes_away(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    """The places hide while somebody writes; a tap on Send must land where it was aimed."""
    thread = live_cast.thread()
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{thread.pk}")
    page.tap("[data-slot=input]")
    page.keyboard.type("under the thumb")
    page.tap(".composer-send")
    expect(said(page, "under the thumb")).to_be_visible()
    bottom = page.locator(".composer").evaluate("e => e.getBoundingClientRect().bottom")
    assert bottom <= page.viewport_size["height"]
