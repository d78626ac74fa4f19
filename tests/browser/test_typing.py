"""Seeing that somebody is writing, in two real browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chat.models import User
from tests.browser.test_young_person import COMPOSER, write
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site, wait_until
from tests.triage import house
from triage.actions.cases import claim_case
from triage.intake import intake_step
from triage.models import Case

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

RUNS_OUT = 9_000
"""Milliseconds: six seconds from the last telling, and some for a slow machine."""


def with_somebody(who: User, by: User) -> Case:
    act(house.ask, who)
    act(intake_step)
    case = act(Case.objects.open().get, person=who)
    act(claim_case, case_id=case.pk, by=by)
    return act(Case.objects.get, pk=case.pk)


def test_both_see_the_other_write_nothing_moves_and_a_killed_web_leaves_nobody_writing(
    site: Site,
    live_cast: Cast,
    phone: Callable[..., Page],
    desk: Callable[..., Page],
) -> None:
    case = with_somebody(live_cast.ada, live_cast.cleo)
    ada, cleo = phone(site, live_cast.ada), desk(site, live_cast.cleo)
    ada.goto(reverse("talk", args=[case.conversation_id]))
    cleo.goto(reverse("case", args=[case.pk]))
    line = "[data-slot=typing]"
    place = cleo.locator(COMPOSER).bounding_box()

    ada.locator(COMPOSER).press_sequentially("I do not kn", delay=30)
    expect(cleo.locator(line)).to_have_text("Ada is writing")
    expect(ada.locator(line)).to_be_empty()
    assert cleo.locator(COMPOSER).bounding_box() == place
    write(ada, "I do not know")
    expect(cleo.get_by_text("I do not know", exact=True)).to_be_visible()
    expect(cleo.locator(line)).to_be_empty(timeout=2_000)

    cleo.locator(COMPOSER).press_sequentially("Take", delay=30)
    expect(ada.locator(line)).to_have_text("Cleo is writing")
    site.kill_web()
    expect(ada.locator(line)).to_be_empty(timeout=RUNS_OUT)


def test_in_a_space_nobody_is_shown_writing(
    site: Site, live_cast: Cast, phone: Callable[..., Page]
) -> None:
    said: list[str] = []
    page = phone(site, live_cast.ada)
    page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda frame: said.append(str(frame))),
    )
    page.goto(f"/spaces/corner/{live_cast.thread().pk}")
    page.locator(COMPOSER).press_sequentially("hello", delay=30)
    write(page, "hello you")
    expect(page.get_by_text("hello you", exact=True)).to_be_visible()
    # The words are on the page at once, and on the line a moment later.
    wait_until(
        lambda: page.evaluate("1") and any("message.send" in frame for frame in said),
        within=20,
        what="the words on the line",
    )
    assert not any("typing" in frame for frame in said)
    assert page.locator("[data-slot=typing]").count() == 0
