"""Leave from the pages that stand alone, where no session is asked and perhaps no signal is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.cast import Cast
from tests.servers import Site, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

Sites = Callable[..., Site]
Pages = Callable[..., Any]

EXIT = "https://dull.example/"


def rain(route: Route) -> None:
    route.fulfill(body="<title>Weather</title>Rain", content_type="text/html")


def test_a_page_that_is_not_there_lets_people_leave(
    live_site: Sites, live_cast: Cast, phone: Pages
) -> None:
    site = live_site(QUICK_EXIT_URL=EXIT).start_web()
    for person in (None, live_cast.ada):
        page = phone(site, person)
        page.route(f"{EXIT}**", rain)
        page.goto("/nothing-here")
        page.click(".top-leave")
        page.wait_for_url(f"{EXIT}**")
        page.goto("/nothing-here")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.wait_for_url(f"{EXIT}**")


def test_leaving_empties_every_page_of_this_browser(
    live_site: Sites, live_cast: Cast, phone: Pages
) -> None:
    site = live_site(QUICK_EXIT_URL=EXIT).start_web()
    talk = live_cast.asks_for_help(live_cast.ada).conversation_id
    here = phone(site, live_cast.ada)
    here.context.route(f"{EXIT}**", rain)
    there = here.context.new_page()
    for page in (here, there):
        page.goto(f"/talk/{talk}")
    here.click(".top-leave", no_wait_after=True)
    expect(there).to_have_title("Weather", timeout=2_000)
    for page in (here, there):
        page.wait_for_url(f"{EXIT}**")
    there.goto(f"/talk/{talk}")
    expect(there.get_by_role("button", name="Carry on")).to_be_visible()


def test_without_signal_leaving_empties_the_page(
    live_site: Sites, live_cast: Cast, phone: Pages
) -> None:
    site = live_site(QUICK_EXIT_URL=EXIT).start_web()
    page = phone(site, live_cast.ada)
    page.goto("/spaces")
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    wait_until(
        lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"),
        within=10,
        what="the offline page's keeper",
    )
    page.context.set_offline(True)
    site.kill_web()  # The keeper fetches by a road of its own, which is cut a moment later.
    page.goto("/talk")
    expect(page.get_by_role("heading", name="No signal right now")).to_be_visible()
    page.click(".top-leave", no_wait_after=True)
    expect(page.get_by_text("No signal right now")).to_be_hidden()
