"""What lies on a phone: unsent words, sealed under a key that only a living session brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from chat.models import Message, User
from tests.browser.test_young_person import COMPOSER, said, write
from tests.browser.test_young_person_line import AT_ONCE, bodies
from tests.cast import Cast
from tests.conftest import act, cookie_for
from tests.servers import Site, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

Pages = Callable[..., Any]

EVERYTHING = """
async () => {
  const asked = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const look = async () => {
    let [rows, found] = [0, ""];
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name));
      for (const shelf of database.objectStoreNames) {
        const store = database.transaction(shelf).objectStore(shelf);
        for (const { nonce, sealed, ...rest } of await asked(store.getAll())) {
          rows += 1;
          found += JSON.stringify(rest) + new TextDecoder("latin1").decode(sealed);
        }
      }
      database.close();
    }
    return { rows, found };
  };
  const late = new Promise((done) => setTimeout(done, 3000, { rows: -1, found: "" }));
  return Promise.race([look(), late]);
}
"""
"""All rows of all shelves in the browser, as somebody who takes the phone apart would find them.
-1 rows where the browser does not answer: Chromium's shelves now and then keep one page waiting.
"""

KEY_IN_PAGE = 'document.documentElement.outerHTML.includes("shelf-key")'


def kept(page: Any) -> Any:
    """What lies in the browser of ``page``, seen from an empty page of the same site.

    The empty page comes without the network: there may be none, and whether the service worker
    already answers for it depends on how fast the machine is.
    """
    empty = page.evaluate("location.origin") + "/empty"
    for _ in range(5):
        looker = page.context.new_page()
        looker.route("**/empty", lambda asked: asked.fulfill(body="", content_type="text/html"))
        try:
            looker.goto(empty)
            seen = looker.evaluate(EVERYTHING)
        finally:
            looker.close()
        if seen["rows"] >= 0:
            return seen
    raise AssertionError("the browser's shelves do not answer")


def sign_in(page: Any, site: Site, user: User) -> None:
    page.context.clear_cookies()
    cookies = act(cookie_for, user).items()
    page.context.add_cookies([{"name": n, "value": v, "url": site.base_url} for n, v in cookies])


def test_unsent_words_wait_sealed_for_the_same_person_and_for_nobody_else(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = f"/spaces/corner/{live_cast.thread().pk}"
    page = phone(site, live_cast.ben)
    page.add_init_script(AT_ONCE)
    page.goto(thread)
    write(page, "the line is up")
    expect(said(page, "the line is up")).to_contain_text("waiting to be read")
    page.context.set_offline(True)
    write(page, "written without signal")
    page.fill(COMPOSER, "and half a thought")
    wait_until(lambda: kept(page)["rows"] == 2, within=20, what="what is kept")
    found = kept(page)["found"]
    assert not page.evaluate(KEY_IN_PAGE)
    for words in ("written", "signal", "thought", "sending"):
        assert words not in found

    act(Session.objects.all().delete)
    page.goto("about:blank")
    page.context.set_offline(False)
    sign_in(page, site, live_cast.ada)
    page.goto(thread)
    write(page, "somebody else")
    expect(said(page, "somebody else")).to_contain_text("waiting to be read")
    expect(page.locator(COMPOSER)).to_have_value("")
    assert bodies(live_cast.ben) == ["the line is up"]
    assert bodies(live_cast.ada)[-1] == "somebody else"

    sign_in(page, site, live_cast.ben)
    page.goto(thread)
    expect(said(page, "without signal")).to_contain_text("waiting to be read", timeout=15_000)
    expect(page.locator(COMPOSER)).to_have_value("and half a thought")
    assert bodies(live_cast.ben) == ["the line is up", "written without signal"]
    assert act(Message.objects.filter(author=live_cast.ada).count) == 2


def test_signing_out_leaves_nothing_though_the_browser_clears_nothing(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{live_cast.thread().pk}")
    page.fill(COMPOSER, "a thought for later")
    wait_until(lambda: kept(page)["rows"] == 1, within=5, what="the draft")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(COMPOSER)).to_have_value("a thought for later")
    page.goto("/me")
    page.route("**/sign-out", lambda route: route.fulfill(status=204))
    page.get_by_text("Go from this device for good").click()
    page.get_by_role("button", name="Sign me out").click()
    wait_until(lambda: kept(other)["rows"] == 0, within=20, what="an empty shelf")

    other.fill(COMPOSER, "typed on a page that was still open")
    other.wait_for_timeout(300)
    assert kept(other)["rows"] == 0


def test_a_sign_out_that_does_not_get_through_takes_no_words_and_says_so(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{live_cast.thread().pk}")
    page.fill(COMPOSER, "a thought for later")
    wait_until(lambda: kept(page)["rows"] == 1, within=5, what="the draft")
    other = page.context.new_page()
    other.goto("/me")
    other.get_by_text("Go from this device for good").click()
    page.context.set_offline(True)
    other.get_by_role("button", name="Sign me out").click()
    expect(other.get_by_text("You're still signed in")).to_be_visible()
    assert kept(page)["rows"] == 1
    page.fill(COMPOSER, "a thought for later, and one more")
    page.context.set_offline(False)
    page.reload()
    expect(page.locator(COMPOSER)).to_have_value("a thought for later, and one more")

    other.get_by_role("button", name="Sign me out").click()
    other.wait_for_url("**/")
    wait_until(lambda: kept(page)["rows"] == 0, within=20, what="an empty shelf")
    expect(page.locator("[data-connection]")).to_contain_text("Reload it to carry on")
    assert not act(Session.objects.exists)


def test_after_leave_a_page_brings_no_key(site: Site, live_cast: Cast, phone: Pages) -> None:
    page = phone(site, live_cast.ben)
    brought = 'meta[name="shelf-key"]'
    assert page.request.get("/spaces").text().count('name="shelf-key"') == 1
    page.goto("/spaces")
    expect(page.locator(brought)).to_have_count(0)
    page.route("**/weather", lambda route: route.abort())
    page.click(".top-leave")
    page.wait_for_timeout(600)
    assert "shelf-key" not in page.request.get("/").text()


def test_two_tabs_of_one_talk_take_no_words_from_each_other(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    here = phone(site, live_cast.ben)
    here.goto(f"/spaces/corner/{live_cast.thread().pk}")
    there = here.context.new_page()
    there.goto(here.url)
    expect(there.locator("html.js")).to_be_attached()
    fill_until_kept(here, "a long thought")
    fill_until_kept(there, "hello")
    expect(there.locator(COMPOSER)).to_have_value("a long thought\nhello")
    here.click("[data-slot=send]")
    expect(said(here, "a long thought")).to_contain_text("waiting to be read")
    expect(here.locator(COMPOSER)).to_have_value("a long thought\nhello")
    there.reload()
    expect(there.locator(COMPOSER)).to_have_value("a long thought\nhello")


def fill_until_kept(page: Any, words: str) -> None:
    """Type, and wait until what lies on the phone, which nobody can read, is something else."""
    before = page.evaluate(EVERYTHING)
    page.fill(COMPOSER, words)
    wait_until(lambda: page.evaluate(EVERYTHING) != before, within=10, what="words kept")
