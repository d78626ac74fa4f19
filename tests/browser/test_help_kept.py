"""Help asked for where no network answers, though the phone believes that it has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import WebSocketRoute, expect

from chat.models import HelpRequest
from chat.states import HelpState
from tests.browser.test_young_person_line import AT_ONCE, NO_SOCKETS
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site, wait_until
from triage.actions.cases import claim_source, give_up_place
from triage.actions.duty import go_on_duty
from triage.sources import source_of_help

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

Pages = Callable[..., Any]

ONLINE = "navigator.onLine"


def asks(state: HelpState) -> int:
    return act(HelpRequest.objects.filter(state=state).count)


def test_help_pressed_on_a_dead_network_is_kept_and_goes_out_by_itself(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ada)
    page.add_init_script(AT_ONCE)
    page.goto("/spaces")
    site.kill_web()
    expect(page.locator("[data-connection]")).to_be_visible(timeout=15_000)
    assert page.evaluate(ONLINE)
    page.click(".top-help")
    sheet = page.locator("[data-offline-help]")
    expect(sheet.get_by_role("heading", name="We can't get through right now")).to_be_visible()
    expect(sheet.get_by_text("We've kept that you want to talk. We keep trying")).to_be_visible()
    expect(sheet.locator("a[href='tel:999']")).to_be_visible()
    site.start_web()
    page.wait_for_url("**/help", timeout=30_000)
    expect(page.locator("[data-standing]")).to_be_visible()
    assert asks(HelpState.WAITING) == 1


def test_help_that_meets_a_network_found_dead_too_late_goes_out_with_the_next_page(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ada, service_workers="block")
    heard: list[str | bytes] = []

    def deaf(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        line.on_message(lambda said: None if "help." in str(said) else server.send(said))

        def pass_on(said: str | bytes) -> None:
            heard.append(said)
            line.send(said)

        server.on_message(pass_on)

    page.route_web_socket("**/socket", deaf)
    page.goto("/spaces")
    wait_until(lambda: page.evaluate("1") and bool(heard), within=10, what="the line")
    page.route("**/help", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda asked: asked.url.endswith("/help")):
        page.click(".top-help")
    assert not act(HelpRequest.objects.exists)
    other = page.context.new_page()
    other.goto("/spaces")
    wait_until(lambda: asks(HelpState.WAITING) == 1, within=20, what="the ask")


def test_whoever_asks_a_second_time_from_the_same_open_page_has_a_place_again(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ada)
    page.add_init_script(AT_ONCE)
    page.goto(f"/spaces/corner/{live_cast.thread().pk}")
    for times in (1, 2):
        page.context.set_offline(True)
        page.click(".top-help")
        page.get_by_role("button", name="Close").click()
        page.context.set_offline(False)
        wait_until(lambda: asks(HelpState.WAITING) == 1, within=20, what="a place in line")
        assert act(HelpRequest.objects.count) == times
        act(give_up_place, by=live_cast.ada)


def test_whoever_waits_through_a_dead_network_is_told_who_came_meanwhile(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    asked = live_cast.asks_for_help(live_cast.ada)
    page = phone(site, live_cast.ada)
    page.clock.install()
    page.add_init_script(AT_ONCE + NO_SOCKETS)
    page.goto("/help")
    wait_until(
        lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"),
        within=10,
        what="the offline page's keeper",
    )
    site.kill_web()
    assert page.evaluate(ONLINE)
    unanswered: list[str] = []
    page.on("requestfailed", lambda request: unanswered.append(request.url))

    def asks_again() -> bool:
        page.clock.fast_forward(20_000)
        return sum(address.endswith("/help") for address in unanswered) >= 2

    wait_until(asks_again, within=20, what="a page that tries again")
    expect(page.locator("[data-standing]")).to_be_visible()

    act(go_on_duty, by=live_cast.cleo)
    act(claim_source, source=source_of_help(asked), by=live_cast.cleo)
    site.start_web()
    page.clock.fast_forward(20_000)
    expect(page.locator("[data-standing]")).to_contain_text("Cleo is here", timeout=30_000)
