"""A page whose scripts are off, or did not come: real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_young_person import Pages, come_in, said, write
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def test_the_whole_way_works_without_scripts(site: Site, live_cast: Cast, phone: Pages) -> None:
    thread = live_cast.thread()
    page = phone(site, java_script_enabled=False)
    come_in(page, "Plain")
    page.goto(f"/spaces/corner/{thread.pk}")
    write(page, "Hello without scripts")
    expect(said(page, "without scripts")).to_contain_text("waiting to be read")
    page.click(".top-help")
    page.wait_for_url("**/help")
    expect(page.locator("[data-standing]")).to_contain_text("keep your place")
    page.click("[data-slot=go]")
    write(page, "Hello to whoever comes")
    expect(said(page, "whoever comes")).to_contain_text("sent")


def test_a_page_whose_scripts_do_not_come_still_sends_and_leads_to_what_is_new(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    """One module that is missing stops all that need it, and scripts are on: no ``noscript``."""
    thread = live_cast.thread()
    here = f"/spaces/corner/{thread.pk}"
    page, whole = phone(site, live_cast.ada), phone(site, live_cast.ben)
    page.route("**/chat/js/live*.js", lambda route: route.fulfill(status=404))
    page.goto(here)
    write(page, "Hello by a plain form")
    expect(said(page, "plain form")).to_contain_text("waiting to be read")
    act(live_cast.says, live_cast.ben, thread, "Hello back")
    page.get_by_role("link", name="See what's new").click()
    expect(said(page, "Hello back")).to_be_visible()
    whole.goto(here)
    write(whole, "And hello by script")
    expect(said(whole, "by script")).to_contain_text("waiting to be read")
    expect(whole.locator(".conversation-again")).to_be_hidden()
