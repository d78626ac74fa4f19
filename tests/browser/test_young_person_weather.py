"""Bad weather: posts that meet nothing or a no, a very slow line, answers late and out of order."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.browser.test_young_person import said, write
from tests.browser.test_young_person_line import AT_ONCE, NO_SOCKETS, bodies
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

Pages = Callable[..., Any]

SLOW = {"offline": False, "latency": 700, "downloadThroughput": 6_000, "uploadThroughput": 3_000}
"""A phone at the edge of a village: milliseconds, and bytes a second."""

LIVE = {"message.accepted", "conversation.advanced"}

BEGUN = "It is the nights that are hard"


def begin(page: Any, words: str) -> None:
    page.fill("#begin", words)
    page.click("text=Start a thread")


def test_a_thread_begun_without_signal_is_still_in_the_field_and_goes_out_once(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ben)
    page.goto("/spaces/corner")
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    wait_until(
        lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"),
        within=10,
        what="the offline page's keeper",
    )
    page.context.set_offline(True)
    begin(page, BEGUN)
    expect(page.get_by_text("a new thread waits where you began it")).to_be_visible()
    page.context.set_offline(False)
    page.click("text=Try again")
    expect(page.locator("#begin")).to_have_value(BEGUN)
    page.click("text=Start a thread")
    expect(said(page, BEGUN)).to_be_visible()
    wait_until(
        lambda: page.evaluate("sessionStorage.getItem('lantern-posted')") is None,
        within=10,
        what="the draft let go",
    )
    page.goto("/spaces/corner")
    expect(page.locator("html.js #begin")).to_have_value("")
    assert bodies(live_cast.ben) == [BEGUN]


@pytest.mark.parametrize("status", [403, 500])
def test_a_thread_that_is_not_taken_leaves_its_words_in_the_field(
    site: Site, live_cast: Cast, phone: Pages, status: int
) -> None:
    page = phone(site, live_cast.ben, service_workers="block")
    page.goto("/spaces/corner")
    page.route(
        "**/spaces/corner",
        lambda route: (
            route.fulfill(status=status, body="no")
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    begin(page, BEGUN)
    expect(page.locator("body")).to_have_text("no")
    page.goto("/spaces/corner")
    expect(page.locator("#begin")).to_have_value(BEGUN)


def test_a_thread_whose_answer_was_lost_is_not_begun_twice(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ben, service_workers="block")
    page.goto("/spaces/corner")

    def arrives_and_the_answer_does_not(route: Any) -> None:
        route.fetch(max_redirects=0)
        route.fulfill(status=502, body="lost")

    page.route(
        "**/spaces/corner",
        lambda route: (
            arrives_and_the_answer_does_not(route)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    begin(page, BEGUN)
    expect(page.locator("body")).to_have_text("lost")
    page.unroute("**/spaces/corner")
    page.goto("/spaces/corner")
    expect(page.locator("#begin")).to_have_value(BEGUN)
    page.click("text=Start a thread")
    expect(said(page, BEGUN)).to_be_visible()
    assert bodies(live_cast.ben) == [BEGUN]
    page.goto("/spaces/corner")
    begin(page, "Something else")
    expect(said(page, "Something else")).to_be_visible()
    assert bodies(live_cast.ben) == [BEGUN, "Something else"]


def shown(page: Any) -> list[str]:
    """The words on the screen, in their order."""
    texts: list[str] = page.locator(".message [data-slot=body]").all_inner_texts()
    return texts


def are_in(page: Any, author: Any, count: int) -> bool:
    """Whether so many of his messages are accepted. Asking the page lets its frames through."""
    page.evaluate("1")
    return len(bodies(author)) == count


class Swapped:
    """Between the server and the page: holds each live frame until the next, and swaps the two."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.swaps = 0
        self.is_calm = False

    def take(self, line: WebSocketRoute) -> None:
        self.line = line
        line.connect_to_server().on_message(self.pass_on)

    def pass_on(self, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode()
        if self.is_calm or json.loads(text)["type"] not in LIVE:
            self.line.send(text)
            return
        self.held.insert(0, text)
        if len(self.held) == 2:
            self.swaps += 1
            self.let_go()

    def let_go(self) -> None:
        frames, self.held = self.held, []
        for frame in frames:
            self.line.send(frame)

    def calms_down(self) -> None:
        self.is_calm = True
        self.let_go()


def test_frames_that_arrive_late_and_swapped_lose_and_double_nothing(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread(words="the first")
    page = phone(site, live_cast.ben)
    weather = Swapped()
    page.route_web_socket("**/socket", weather.take)
    page.goto(f"/spaces/corner/{thread.pk}")
    expected = ["the first"]
    for number in range(3):
        write(page, f"mine {number}")
        expect(said(page, f"mine {number}")).to_have_count(1)
        # The page shows his own words at once: hers come second only when his are in.
        wait_until(partial(are_in, page, live_cast.ben, number + 1), within=20, what="his words")
        act(live_cast.says, live_cast.ada, thread, f"hers {number}")
        expected += [f"mine {number}", f"hers {number}"]
    expect(said(page, "hers 0")).to_have_count(1, timeout=15_000)
    weather.calms_down()
    expect(said(page, "hers 2")).to_have_count(1, timeout=15_000)
    for number in range(3):
        row = said(page, f"mine {number}")
        expect(row).to_contain_text("waiting to be read", timeout=15_000)
    assert weather.swaps >= 2
    assert shown(page) == expected
    page.reload()
    expect(page.locator("html.js .message")).to_have_count(len(expected))
    assert shown(page) == expected


def test_answers_by_https_that_arrive_late_lose_and_double_nothing(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread(words="the first")
    page = phone(site, live_cast.ben, service_workers="block")
    page.add_init_script(AT_ONCE + NO_SOCKETS)
    held: list[tuple[Route, Any]] = []
    is_late = True
    page.route(
        "**/send",
        lambda route: held.append((route, route.fetch())) if is_late else route.continue_(),
    )
    page.goto(f"/spaces/corner/{thread.pk}")
    expect(page.locator("[data-connection]")).to_contain_text("get through", timeout=15_000)
    write(page, "earlier words")
    write(page, "later words")
    wait_until(lambda: page.evaluate("1") and bool(held), within=20, what="the first post")
    act(live_cast.says, live_cast.ada, thread, "said meanwhile")
    expect(said(page, "said meanwhile")).to_have_count(1, timeout=20_000)
    is_late = False
    for route, answer in held:
        route.fulfill(response=answer)
    for words in ("earlier words", "later words"):
        expect(said(page, words)).to_contain_text("waiting to be read", timeout=20_000)
    assert bodies(live_cast.ben) == ["earlier words", "later words"]
    assert shown(page) == ["the first", "earlier words", "said meanwhile", "later words"]


def test_on_a_very_slow_line_words_arrive_once_and_in_order(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread(words="the first")
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{thread.pk}")
    write(page, "mine 0")
    expect(said(page, "mine 0")).to_contain_text("waiting to be read")
    phone_line = page.context.new_cdp_session(page)
    phone_line.send("Network.enable")
    phone_line.send("Network.emulateNetworkConditions", SLOW)
    for number in (1, 2, 3):
        write(page, f"mine {number}")
    act(live_cast.says, live_cast.ada, thread, "said meanwhile")
    for number in (1, 2, 3):
        row = said(page, f"mine {number}")
        expect(row).to_contain_text("waiting to be read", timeout=30_000)
        expect(row).to_have_count(1)
    expect(said(page, "said meanwhile")).to_have_count(1, timeout=30_000)
    mine = [f"mine {number}" for number in range(4)]
    assert bodies(live_cast.ben) == mine
    assert [words for words in shown(page) if words in mine] == mine


def test_a_page_that_steps_back_for_others_says_so_and_carries_on_when_asked(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    page = phone(site, live_cast.ben)
    lines: list[WebSocketRoute] = []

    def take(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    page.route_web_socket("**/socket", take)
    page.goto(f"/spaces/corner/{thread.pk}")
    write(page, "the line is up")
    expect(said(page, "the line is up")).to_contain_text("waiting to be read", timeout=15_000)
    lines[0].close(code=4409)
    expect(page.locator("[data-connection]")).to_contain_text("this one is resting")
    write(page, "said all the same")
    expect(said(page, "said all the same")).to_contain_text("waiting to be read", timeout=15_000)
    assert len(lines) == 1
    page.get_by_role("button", name="Carry on here").click()
    expect(page.locator("[data-connection]")).to_be_hidden(timeout=15_000)
    assert len(lines) == 2
