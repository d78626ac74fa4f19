"""A young person's way through Lantern, in a real browser on a phone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from chat.actions.messages import hold_message, remove_message
from chat.models import Conversation, HelpRequest, Message
from chat.states import HelpState, Notice
from tests.cast import Cast, settle
from tests.conftest import act
from tests.servers import Site, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

Sites = Callable[..., Site]
Pages = Callable[..., Any]

COMPOSER = "[data-slot=input]"
SEND = ".composer-send"
MARKUP = "<img src=x onerror=\"document.title='run'\"><b>bold</b>"


def write(page: Any, words: str) -> None:
    page.fill(COMPOSER, words)
    page.click(SEND)


def said(page: Any, words: str) -> Any:
    return page.locator(".message", has_text=words)


def come_in(page: Any, nickname: str = "Moth") -> list[str]:
    """Through the front door as somebody new; returns the six words."""
    page.goto("/")
    page.click("text=Come in")
    page.fill("#nickname", nickname)
    page.get_by_label("16 or 17").check(force=True)
    page.get_by_label("I've read this").check()
    page.click("main form button")
    page.wait_for_url("**/phrase")
    return [item.inner_text() for item in page.locator("[data-phrase] li").all()]


def message_of(words: str) -> Message:
    return next(m for m in act(lambda: list(Message.objects.all())) if m.body == words)


def test_the_fourth_screen_is_where_the_first_words_are_written(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site)
    come_in(page)  # The front door, coming in, the six words.
    page.click("text=The quiet corner")
    page.fill("#begin", "Is anybody else up")
    page.click("text=Start a thread")
    expect(said(page, "Is anybody else up")).to_contain_text("waiting to be read")


def test_peers_see_words_once_they_are_read_and_both_without_reloading(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    here = f"/spaces/corner/{thread.pk}"
    ada, ben = phone(site, live_cast.ada), phone(site, live_cast.ben)
    ada.goto(here)
    ben.goto(here)
    write(ben, "Hi, I'm up too")
    expect(said(ben, "up too")).to_contain_text("waiting to be read")
    expect(said(ada, "up too")).to_have_count(0)
    act(settle, message_of("Hi, I'm up too"), publish=True)
    expect(said(ada, "up too")).to_be_visible(timeout=8_000)
    expect(said(ben, "up too")).to_contain_text("published", timeout=8_000)


def test_held_words_are_kept_back_kindly_with_a_door_to_a_person(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    ada = phone(site, live_cast.ada)
    ada.goto(f"/spaces/corner/{thread.pk}")
    write(ada, "I can't do this any more")
    expect(said(ada, "any more")).to_contain_text("waiting")
    message = message_of("I can't do this any more")
    act(hold_message, message=message, by=None, notice=Notice.DOOR)
    row = said(ada, "any more")
    expect(row).to_contain_text("Thank you for telling us", timeout=8_000)
    expect(row).to_contain_text("only you and our team can see this")
    row.get_by_role("button", name="Talk to someone now").click()
    ada.wait_for_url("**/help")
    asked = act(lambda: HelpRequest.objects.get())
    assert asked.about_message_id == message.pk
    ada.click("[data-slot=go]")
    expect(ada.locator(".quoted")).to_contain_text("I can't do this any more")


def test_words_taken_away_disappear_from_a_peers_open_page(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    message = live_cast.says(live_cast.ada, thread, "this will be taken away")
    ben = phone(site, live_cast.ben)
    ben.goto(f"/spaces/corner/{thread.pk}")
    expect(said(ben, "taken away")).to_be_visible()
    act(remove_message, message=message, by=live_cast.mo, notice=Notice.NOT_PUBLISHED)
    expect(said(ben, "taken away")).to_have_count(0, timeout=8_000)


def test_six_words_bring_the_person_back_in_another_browser(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    words = come_in(phone(site), "Wander")
    other = phone(site)
    other.goto("/come-back")
    other.fill("#phrase", ", ".join(words).title())
    other.click("main form button")
    other.wait_for_url("**/spaces")
    other.goto("/me")
    expect(other.get_by_role("heading", name="Wander")).to_be_visible()


def test_help_is_one_tap_from_every_page_and_keeps_its_place(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    page = phone(site, live_cast.ada)
    pages = ("/spaces", "/spaces/corner", f"/spaces/corner/{thread.pk}", "/talk", "/me", "/help")
    boxes = set()
    for address in pages:
        page.goto(address)
        box = page.locator(".top-help").bounding_box()
        boxes.add((box["x"], box["y"], box["width"]))
        page.click(".top-help")
        page.wait_for_url("**/help")
        expect(page.locator("[data-standing]")).to_be_visible()
        expect(page.locator("a[href='tel:999']:visible").first).to_be_visible()
    assert len(boxes) == 1, "Help now moved between pages"
    assert act(HelpRequest.objects.count) == 1


def test_a_place_is_given_up_in_two_taps_and_asked_for_again(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ada)
    page.goto("/spaces")
    page.click(".top-help")
    page.wait_for_url("**/help")
    page.get_by_text("Give up my place").click()
    page.get_by_role("button", name="Yes, give up my place").click()
    expect(page.get_by_role("heading", name="You've given up your place")).to_be_visible()
    expect(page.locator("a[href='tel:999']:visible").first).to_be_visible()
    assert act(lambda: HelpRequest.objects.get().state) == HelpState.CLOSED
    page.get_by_role("button", name="Ask again").click()
    page.wait_for_url("**/help")
    expect(page.locator("[data-standing]")).to_be_visible()
    assert act(HelpRequest.objects.count) == 2


def test_once_somebody_is_here_no_place_can_be_given_up(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    from triage.actions.cases import claim_source
    from triage.actions.duty import go_on_duty
    from triage.sources import source_of_help

    request = live_cast.asks_for_help(live_cast.ada)
    page = phone(site, live_cast.ada)
    page.goto("/help")
    expect(page.get_by_text("Give up my place")).to_be_visible()
    act(go_on_duty, by=live_cast.cleo)
    act(claim_source, source=source_of_help(request), by=live_cast.cleo)
    expect(page.locator("[data-standing]")).to_contain_text("Cleo is here", timeout=8_000)
    expect(page.get_by_text("Give up my place")).to_be_hidden()


def test_somebody_paused_in_the_spaces_is_one_tap_from_help(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.sal)
    page.goto("/spaces/corner")
    expect(page.locator("main")).to_contain_text("posting is paused")
    page.click(".top-help")
    page.wait_for_url("**/help")
    page.click("[data-slot=go]")
    write(page, "I don't know why I am paused")
    expect(said(page, "paused")).to_contain_text("sent")


def test_esc_twice_leaves_for_a_dull_page_and_back_shows_nothing(
    live_site: Sites, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread(words="something private")
    page = phone(live_site(QUICK_EXIT_URL="https://dull.example/").start_web(), live_cast.ada)
    page.route(
        "https://dull.example/**",
        lambda route: route.fulfill(body="<title>Weather</title>Rain", content_type="text/html"),
    )
    page.goto("/spaces")
    page.goto(f"/spaces/corner/{thread.pk}")
    expect(page.locator(".message")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("https://dull.example/**")
    page.go_back()
    expect(page.get_by_role("button", name="Carry on")).to_be_visible()
    assert "something private" not in page.content()
    assert "Ada" not in page.content()
    page.click("text=Carry on")
    page.wait_for_url("**/spaces")


def test_esc_again_and_again_does_not_stop_the_way_out(
    live_site: Sites, live_cast: Cast, phone: Pages
) -> None:
    """Once leaves nobody, also on a page just opened. Whoever is startled presses more than twice,
    and to a browser Esc means "stop loading"."""
    thread = live_cast.thread(words="something private")
    page = phone(live_site(QUICK_EXIT_URL="https://dull.example/").start_web(), live_cast.ada)
    asked: list[str] = []

    def rain(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body="<title>Weather</title>Rain", content_type="text/html")

    page.route("https://dull.example/**", rain)
    page.add_init_script("performance.now = () => 500")
    page.goto(f"/spaces/corner/{thread.pk}")
    expect(page.locator(".message")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("body")).to_be_visible()
    went_on_to_the_browser = page.evaluate(
        """() => [2, 3, 4].map(() => document.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true })))"""
    )
    assert went_on_to_the_browser == [False, False, False]
    page.wait_for_url("https://dull.example/**")
    assert len(asked) == 1, "a second try would have cut off the first"


def test_markup_somebody_writes_is_only_ever_words(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread(words=MARKUP)
    ben = phone(site, live_cast.ben)
    ben.goto(f"/spaces/corner/{thread.pk}")
    act(live_cast.says, live_cast.ada, thread, f"live {MARKUP}")
    expect(ben.locator(".message-body", has_text="live <img")).to_be_visible(timeout=8_000)
    assert ben.locator(".messages img, .messages b").count() == 0
    assert "Lantern" in ben.title()


def test_a_reader_who_looks_back_stays_there_and_is_told_of_new_words(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    for number in range(25):
        live_cast.says(live_cast.ada, thread, f"line {number} of a long evening")
    ben = phone(site, live_cast.ben)
    ben.goto(f"/spaces/corner/{thread.pk}")
    expect(said(ben, "line 24")).to_be_in_viewport()
    scroller = ben.locator("[data-slot=scroll]")
    scroller.evaluate("element => { element.scrollTop = 0 }")
    act(live_cast.says, live_cast.ada, thread, "one more")
    act(live_cast.says, live_cast.ada, thread, "and another")
    pill = ben.locator("[data-slot=pill]")
    expect(pill).to_contain_text("2 new", timeout=8_000)
    assert scroller.evaluate("element => element.scrollTop") == 0
    pill.click()
    expect(said(ben, "and another")).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_earlier_words_come_on_request_and_nothing_jumps(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread(words="the very first")
    for number in range(64):
        live_cast.says(live_cast.ada, thread, f"line {number}")
    ben = phone(site, live_cast.ben)
    ben.goto(f"/spaces/corner/{thread.pk}")
    oldest = ben.locator(".message").first
    words = oldest.locator(".message-body").inner_text()
    ben.locator("[data-slot=scroll]").evaluate("element => { element.scrollTop = 0 }")
    before = said(ben, words).first.bounding_box()["y"]
    ben.click("text=Show earlier messages")
    expect(said(ben, "the very first")).to_have_count(1)
    after = said(ben, words).first.bounding_box()["y"]
    assert abs(after - before) < 4, "the words that were being read moved away"


def test_a_joining_clinician_is_named_and_announced_on_every_page(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    from chat.actions.conversations import join_talk, leave_talk

    talk = live_cast.asks_for_help(live_cast.ada).conversation
    page = phone(site, live_cast.ada)
    page.goto(f"/talk/{talk.pk}")
    about = page.locator("[data-people-words]")
    expect(about).to_contain_text("Nobody has joined yet")
    act(join_talk, talk=talk, user=live_cast.cleo)
    expect(page.locator("[data-people-title]")).to_have_text("Cleo", timeout=8_000)
    expect(page.locator("[data-someone]")).to_be_hidden()
    other = phone(site, live_cast.ada)
    other.goto("/spaces")
    expect(other.locator("[data-someone]")).to_contain_text("Cleo is here to talk with you")
    other.click("[data-someone] a")
    other.wait_for_url(re.compile(rf"/talk/{talk.pk}$"))
    act(leave_talk, talk=talk, user=live_cast.cleo)
    expect(about).to_contain_text("Somebody else from our team is coming", timeout=8_000)


def test_a_draft_is_still_there_after_the_page_was_closed(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{thread.pk}")
    page.fill(COMPOSER, "I was going to say")
    page.wait_for_timeout(200)
    again = page.context.new_page()
    page.close()
    again.goto(f"/spaces/corner/{thread.pk}")
    expect(again.locator(COMPOSER)).to_have_value("I was going to say")
    assert not act(Message.objects.filter(author=live_cast.ben).exists)


def test_words_begun_for_a_thread_survive_and_are_forgotten_once_sent(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ada)
    page.goto("/spaces/corner")
    page.fill("#begin", "A long thought")
    page.wait_for_timeout(200)
    page.reload()
    expect(page.locator("#begin")).to_have_value("A long thought")
    page.click("text=Start a thread")
    page.wait_for_url(re.compile(r"/spaces/corner/\d+"))
    page.goto("/spaces/corner")
    expect(page.locator("#begin")).to_have_value("")
    wait_until(lambda: act(Conversation.objects.count) == 1, within=5, what="one thread")
    assert uuid.UUID(str(act(lambda: Message.objects.get().client_id)))


def test_kept_back_words_can_be_changed_and_are_read_again(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    message = live_cast.says(live_cast.ada, thread, "my number is hidden here", read=False)
    act(hold_message, message=message, by=None, notice=Notice.CONTACT_DETAILS)
    ada = phone(site, live_cast.ada)
    ada.goto(f"/spaces/corner/{thread.pk}")
    row = said(ada, "my number")
    expect(row).to_contain_text("so a person will look at it first")
    row.get_by_role("button", name="Change it").click()
    expect(ada.locator(COMPOSER)).to_have_value("my number is hidden here")
    write(ada, "nothing hidden here")
    expect(said(ada, "nothing hidden")).to_contain_text("waiting to be read", timeout=8_000)
    expect(ada.locator(COMPOSER)).to_have_value("")
    expect(said(ada, "my number")).to_have_count(0)


def test_kept_back_words_can_be_taken_back(site: Site, live_cast: Cast, phone: Pages) -> None:
    thread = live_cast.thread()
    message = live_cast.held(live_cast.ada, thread, "I wish I had not said this")
    ada = phone(site, live_cast.ada)
    ada.goto(f"/spaces/corner/{thread.pk}")
    said(ada, "had not said").get_by_role("button", name="Take it back").click()
    expect(ada.locator(".message-state", has_text="You took this back")).to_be_visible(
        timeout=8_000
    )
    expect(said(ada, "had not said")).to_have_count(0)
    assert act(lambda: Message.objects.get(pk=message.pk).notice) == "withdrawn"
