"""What every staff page has around it: the top with its places, and the line about the network."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site
from triage.actions.duty import go_on_duty

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROW_PX = 24
"""Middles of what stands in one row are closer together than this, in CSS pixels."""


def rows(page: Page, selector: str) -> int:
    """In how many rows these parts stand."""
    boxes = [part.bounding_box() for part in page.locator(selector).all() if part.is_visible()]
    middles = sorted(box["y"] + box["height"] / 2 for box in boxes if box)
    assert middles, selector
    return 1 + sum(b - a > ROW_PX for a, b in pairwise(middles))


@pytest.mark.parametrize("on_duty", [False, True])
def test_on_a_phone_the_top_of_a_shift_lead_is_two_rows(
    live_cast: Cast, site: Site, phone: Callable[..., Page], on_duty: bool
) -> None:
    if on_duty:
        act(go_on_duty, by=live_cast.lee)
    lee = phone(site, live_cast.lee)
    for name in ("triage-queue", "moderation-queue", "machine"):
        lee.goto(reverse(name))
        assert rows(lee, ".staff-nav a") == 1
        assert rows(lee, ".staff-name, .staff-side button, .staff-person") == 1
        assert rows(lee, ".staff-top a, .staff-top button, .staff-person") == 2
        assert lee.evaluate("document.documentElement.scrollWidth") == 390
        expect(lee.get_by_role("link", name="Lantern")).to_be_visible()


def test_offline_staff_are_told_that_what_they_see_may_be_old(
    live_cast: Cast, site: Site, desk: Callable[..., Page]
) -> None:
    cleo = desk(site, live_cast.cleo)
    cleo.goto(reverse("triage-queue"))
    cleo.wait_for_load_state("networkidle")
    cleo.context.set_offline(True)
    line = cleo.locator("[data-connection]")
    expect(line).to_contain_text("what you see here may be old")
    expect(line).not_to_contain_text("Your words are safe")
