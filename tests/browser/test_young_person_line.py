"""The phone's line: dead zones, restarts, refusals. Nothing written is lost, nothing doubled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from chat.actions.messages import remove_message
from chat.kernel import clock
from chat.models import HelpRequest, Message, User
from chat.states import Notice
from tests.browser.test_young_person import said, write
from tests.cast import Cast
from tests.conftest import act, cookie_for
from tests.servers import Site, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

Pages = Callable[..., Any]

AT_ONCE = "Math.random = () => 0.02;"
"""Short waits between tries, so that a test does not sleep through the jitter."""

NO_SOCKETS = """
window.WebSocket = class {
  constructor() { this.readyState = 3; setTimeout(() => this.onclose?.({ code: 1006 }), 5); }
  close() {}
};
"""


FULL = """
IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
"""


def sign_in_again(page: Any, site: Site, who: User) -> None:
    """As if they had come back with their six words."""
    cookies = act(cookie_for, who).items()
    page.context.add_cookies([{"name": n, "value": v, "url": site.base_url} for n, v in cookies])


def bodies(author: User) -> list[str]:
    return act(lambda: [m.body for m in Message.objects.filter(author=author).order_by("pk")])


@pytest.fixture
def ben(site: Site, live_cast: Cast, phone: Pages) -> tuple[Any, Site]:
    """Ben's phone in a thread, with a line up."""
    thread = live_cast.thread()
    page = phone(site, live_cast.ben)
    page.add_init_script(AT_ONCE)
    page.goto(f"/spaces/corner/{thread.pk}")
    write(page, "the line is up")
    expect(said(page, "the line is up")).to_contain_text("waiting to be read")
    return page, site


def test_words_written_in_a_dead_zone_go_out_once_on_the_other_side(
    ben: tuple[Any, Site], live_cast: Cast
) -> None:
    page, _ = ben
    page.context.set_offline(True)
    expect(page.locator("[data-connection]")).to_contain_text("Your words are safe")
    write(page, "from the tunnel")
    expect(said(page, "tunnel")).to_contain_text("waiting for signal")
    page.context.set_offline(False)
    expect(said(page, "tunnel")).to_contain_text("waiting to be read", timeout=15_000)
    expect(page.locator("[data-connection]")).to_be_hidden()
    assert bodies(live_cast.ben) == ["the line is up", "from the tunnel"]


def test_a_full_phone_promises_nothing_and_says_to_copy_before_a_reload(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ben)
    page.add_init_script(AT_ONCE + FULL)
    page.goto(f"/spaces/corner/{live_cast.thread().pk}")
    write(page, "the line is up")
    expect(said(page, "the line is up")).to_contain_text("waiting to be read")
    site.kill_web()  # Or the old socket, which outlives a moment offline, takes the words yet.
    page.context.set_offline(True)
    line = page.locator("[data-connection]")
    expect(line).to_contain_text("Your words are safe")
    write(page, "from the tunnel")
    expect(line).to_contain_text("Keep this page open")
    act(Session.objects.all().delete)
    site.start_web()
    page.context.set_offline(False)
    expect(line).to_contain_text("Copy anything that's not sent yet", timeout=20_000)
    expect(said(page, "tunnel")).to_contain_text("not sent yet")


def test_words_outlive_the_server_and_the_page(ben: tuple[Any, Site], live_cast: Cast) -> None:
    page, site = ben
    address = page.url
    site.kill_web()
    write(page, "into the dark")
    expect(said(page, "into the dark")).to_contain_text("sending")
    page.wait_for_timeout(300)
    again = page.context.new_page()
    page.close()
    site.start_web()
    again.add_init_script(AT_ONCE)
    again.goto(address)
    expect(said(again, "into the dark")).to_contain_text("waiting to be read", timeout=20_000)
    expect(said(again, "into the dark")).to_have_count(1)
    again.wait_for_timeout(500)
    again.reload()
    expect(said(again, "into the dark")).to_have_count(1)
    assert bodies(live_cast.ben) == ["the line is up", "into the dark"]


def test_a_restart_of_the_server_is_hardly_noticed(ben: tuple[Any, Site], live_cast: Cast) -> None:
    page, site = ben
    site.stop_web()
    site.start_web()
    write(page, "still here")
    expect(said(page, "still here")).to_contain_text("waiting to be read", timeout=20_000)
    assert bodies(live_cast.ben)[-1] == "still here"


def test_what_was_taken_away_meanwhile_is_gone_after_a_dead_zone(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    message = live_cast.says(live_cast.ada, thread, "gone by then")
    page = phone(site, live_cast.ben)
    page.add_init_script(AT_ONCE)
    page.goto(f"/spaces/corner/{thread.pk}")
    expect(said(page, "gone by then")).to_be_visible()
    page.context.set_offline(True)
    act(remove_message, message=message, by=live_cast.mo, notice=Notice.NOT_PUBLISHED)
    act(live_cast.says, live_cast.ada, thread, "said meanwhile")
    page.context.set_offline(False)
    expect(said(page, "said meanwhile")).to_be_visible(timeout=15_000)
    expect(said(page, "gone by then")).to_have_count(0)


def test_a_refusal_is_said_under_the_words_and_a_retry_goes_out_as_new(
    ben: tuple[Any, Site], live_cast: Cast
) -> None:
    page, _ = ben
    mine = User.objects.filter(pk=live_cast.ben.pk)
    act(mine.update, suspended_until=clock.now() + dt.timedelta(hours=1))
    write(page, "can you hear me")
    row = said(page, "can you hear me")
    expect(row).to_contain_text("Help now still works", timeout=8_000)
    expect(row.get_by_role("button", name="not sent, tap to retry")).to_be_visible()
    act(mine.update, suspended_until=None)
    row.get_by_role("button", name="not sent, tap to retry").click()
    expect(said(page, "can you hear me")).to_contain_text("waiting to be read", timeout=8_000)
    assert bodies(live_cast.ben).count("can you hear me") == 1


def test_words_that_cannot_go_out_can_be_changed(ben: tuple[Any, Site], live_cast: Cast) -> None:
    page, _ = ben
    mine = User.objects.filter(pk=live_cast.ben.pk)
    act(mine.update, suspended_until=clock.now() + dt.timedelta(hours=1))
    write(page, "first try")
    said(page, "first try").get_by_role("button", name="change it").click(timeout=8_000)
    expect(page.locator("[data-slot=input]")).to_have_value("first try")
    expect(said(page, "first try")).to_have_count(0)


def test_where_no_socket_holds_plain_https_carries_both_ways(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    page = phone(site, live_cast.ben)
    page.add_init_script(AT_ONCE + NO_SOCKETS)
    page.goto(f"/spaces/corner/{thread.pk}")
    expect(page.locator("[data-connection]")).to_contain_text("get through", timeout=15_000)
    write(page, "by the slow road")
    expect(said(page, "slow road")).to_contain_text("waiting to be read", timeout=15_000)
    act(live_cast.says, live_cast.ada, thread, "I can read you")
    expect(said(page, "I can read you")).to_be_visible(timeout=15_000)
    assert bodies(live_cast.ben) == ["by the slow road"]


def test_kept_back_words_are_changed_and_taken_back_without_a_socket(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    first = live_cast.held(live_cast.ada, thread, "kept back at first")
    live_cast.held(live_cast.ada, thread, "wish I had not")
    page = phone(site, live_cast.ada)
    page.add_init_script(AT_ONCE + NO_SOCKETS)
    page.goto(f"/spaces/corner/{thread.pk}")
    expect(page.locator("[data-connection]")).to_contain_text("get through", timeout=15_000)
    said(page, "kept back at first").get_by_role("button", name="Change it").click()
    write(page, "changed by the slow road")
    expect(said(page, "changed by")).to_contain_text("waiting to be read", timeout=8_000)
    expect(page.locator("[data-slot=input]")).to_have_value("")
    said(page, "wish I had not").get_by_role("button", name="Take it back").click()
    expect(said(page, "wish I had not")).to_have_count(0, timeout=8_000)
    assert act(lambda: Message.objects.get(pk=first.pk).body) == "changed by the slow road"


def test_a_refused_change_is_said_beside_the_message_and_the_words_stay(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    message = live_cast.held(live_cast.ada, thread, "kept back at first")
    page = phone(site, live_cast.ada)
    page.goto(f"/spaces/corner/{thread.pk}")
    row = said(page, "kept back at first")
    row.get_by_role("button", name="Change it").click()
    field = page.locator("[data-slot=input]")
    field.evaluate("element => element.removeAttribute('maxlength')")
    long = "and then " * 600
    write(page, long)
    expect(row).to_contain_text("in two parts", timeout=8_000)
    expect(page.locator("[data-slot=changing]")).to_contain_text("in two parts")
    expect(field).to_have_value(long)
    page.context.set_offline(True)
    write(page, "shorter")
    expect(row).to_contain_text("Nothing is lost")
    expect(field).to_have_value("shorter")
    page.context.set_offline(False)
    page.click(".composer-send")
    expect(said(page, "shorter")).to_contain_text("waiting to be read", timeout=15_000)
    expect(said(page, "shorter")).not_to_contain_text("Nothing is lost")
    assert act(lambda: Message.objects.get(pk=message.pk).revision) == 2


def test_a_skeleton_stands_for_earlier_words_until_they_come(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread(words="the very first")
    for number in range(64):
        live_cast.says(live_cast.ada, thread, f"line {number}")
    page = phone(site, live_cast.ben)
    held: list[Any] = []
    page.route("**/before/*", lambda route: held.append(route))
    page.goto(f"/spaces/corner/{thread.pk}")
    button = page.get_by_role("button", name="Show earlier messages")
    button.click()
    skeleton = page.locator("[data-slot=loading]")
    expect(skeleton).to_be_visible()
    expect(button).to_be_hidden()
    act(live_cast.says, live_cast.ada, thread, "said meanwhile")
    expect(said(page, "said meanwhile")).to_have_count(1, timeout=8_000)
    expect(button).to_be_hidden()
    held[0].continue_()
    expect(said(page, "the very first")).to_have_count(1)
    expect(skeleton).to_be_hidden()


def test_an_old_message_of_ones_own_that_is_removed_hides_nothing_behind_it(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread(words="the very first")
    mine = live_cast.says(live_cast.ben, thread, "mine, long ago")
    live_cast.says_all(live_cast.ada, thread, [f"line {number}" for number in range(70)])
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{thread.pk}")
    expect(said(page, "line 69")).to_have_count(1)
    act(remove_message, message=mine, by=live_cast.mo, notice=Notice.NOT_PUBLISHED)
    act(live_cast.says, live_cast.ada, thread, "said afterwards")
    expect(said(page, "said afterwards")).to_have_count(1, timeout=8_000)
    expect(said(page, "mine, long ago")).to_have_count(0)

    page.get_by_role("button", name="Show earlier messages").click()
    for words in ("the very first", "mine, long ago", "line 0", "line 9"):
        expect(said(page, words)).to_have_count(1)


def test_help_asked_for_without_signal_shows_numbers_and_goes_out_later(
    ben: tuple[Any, Site], live_cast: Cast
) -> None:
    page, _ = ben
    page.context.set_offline(True)
    page.click(".top-help")
    sheet = page.locator("[data-offline-help]")
    expect(sheet).to_contain_text("We've kept that you want to talk")
    expect(sheet.locator("a[href='tel:999']")).to_be_visible()
    page.context.set_offline(False)
    page.wait_for_url("**/help", timeout=20_000)
    expect(page.locator("[data-standing]")).to_be_visible()
    assert act(HelpRequest.objects.filter(person=live_cast.ben).count) == 1


def test_kept_help_goes_out_over_https_with_what_it_is_about(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    held = live_cast.held(live_cast.ada, thread, "I cannot go on")
    page = phone(site, live_cast.ada)
    page.add_init_script(AT_ONCE + NO_SOCKETS)
    page.goto(f"/spaces/corner/{thread.pk}")
    page.context.set_offline(True)
    form = page.locator("form[data-help]").first
    form.evaluate(
        """(form, about) => {
          const field = document.createElement("input");
          Object.assign(field, { type: "hidden", name: "about_message", value: about });
          form.append(field);
        }""",
        held.pk,
    )
    page.click(".top-help")
    expect(page.locator("[data-offline-help]")).to_contain_text("We've kept that you want to talk")
    page.context.set_offline(False)
    page.wait_for_url("**/help", timeout=20_000)
    assert act(lambda: HelpRequest.objects.get().about_message_id) == held.pk


@pytest.mark.parametrize("sockets", ["", NO_SOCKETS], ids=["socket", "https"])
def test_help_kept_past_the_end_of_the_session_is_never_taken_for_sent(
    site: Site, live_cast: Cast, phone: Pages, sockets: str
) -> None:
    page = phone(site, live_cast.ben)
    page.add_init_script(AT_ONCE + sockets)
    page.goto("/spaces/corner")
    site.kill_web()
    page.context.set_offline(True)
    page.click(".top-help")
    sheet = page.locator("[data-offline-help]")
    expect(sheet.get_by_text("the moment your phone finds a signal")).to_be_visible()
    act(Session.objects.all().delete)
    site.start_web()
    page.context.set_offline(False)
    expect(sheet.get_by_text("It hasn't reached us yet")).to_be_visible(timeout=20_000)
    expect(sheet.get_by_text("the moment your phone finds a signal")).to_be_hidden()
    expect(sheet.get_by_text("the moment the line is back")).to_be_hidden()
    expect(sheet.locator("a[href='tel:999']")).to_be_visible()
    assert not act(HelpRequest.objects.exists)
    sign_in_again(page, site, live_cast.ben)
    page.goto("/spaces")
    wait_until(lambda: act(HelpRequest.objects.exists), within=20, what="the kept ask")


def test_words_of_a_page_from_before_the_last_sign_in_wait_until_it_is_loaded_anew(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ben)
    page.add_init_script(AT_ONCE + NO_SOCKETS)
    page.goto(f"/spaces/corner/{live_cast.thread().pk}")
    write(page, "by the slow way")
    expect(said(page, "slow way")).to_contain_text("waiting to be read", timeout=20_000)
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)  # Signing in brings another.
    write(page, "from an old form")
    expect(said(page, "old form")).to_contain_text("not sent yet", timeout=10_000)
    expect(page.locator("[data-connection]")).to_contain_text("Reload it to carry on")
    page.locator("[data-connection] a").click()
    expect(said(page, "old form")).to_contain_text("waiting to be read", timeout=20_000)
    assert bodies(live_cast.ben) == ["by the slow way", "from an old form"]


def test_without_signal_a_page_with_the_numbers_opens(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
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
    page.goto("/talk")
    expect(page.get_by_role("heading", name="No signal right now")).to_be_visible()
    expect(page.locator("a[href='tel:116123']")).to_be_visible()
    assert "Ada" not in page.content()


def test_two_phones_of_one_person_show_the_same(site: Site, live_cast: Cast, phone: Pages) -> None:
    talk = live_cast.asks_for_help(live_cast.ada).conversation
    one, other = phone(site, live_cast.ada), phone(site, live_cast.ada)
    one.goto(f"/talk/{talk.pk}")
    other.goto(f"/talk/{talk.pk}")
    write(one, "written on one")
    expect(said(other, "written on one")).to_be_visible(timeout=8_000)
    expect(said(other, "written on one")).to_have_count(1)
