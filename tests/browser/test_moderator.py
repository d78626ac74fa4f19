"""A moderator at work in real Chromium: the live list, the keyboard, and what others see of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chat.models import Conversation, Message, WorkerBeat
from moderation.actions.handover import hand_to_clinician
from moderation.actions.reviews import claim_review
from moderation.models import Review
from moderation.screening import screening_step
from tests.browser.axe import faults
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("phrase_reader"),
]

DANGEROUS = "I am going to kill myself tonight"
RUDE = "you muppet, nobody asked you"
SOON = 6_000
"""Milliseconds in which what happens elsewhere must be on the page."""


@pytest.fixture
def thread(live_cast: Cast) -> Conversation:
    return act(live_cast.thread, by=live_cast.mo, words="How was today?")


def held(cast: Cast, thread: Conversation, words: str) -> Review:
    message = act(cast.says, cast.ada, thread, words, read=False)
    act(screening_step)
    return act(lambda: Review.objects.get(message=message))


def press(page: Page, *keys: str) -> None:
    """Press keys once the page listens to them."""
    page.wait_for_selector("[data-ready]")
    for key in keys:
        page.keyboard.press(key)


def test_a_post_goes_to_the_moderator_and_its_fate_to_everybody_without_reload(
    live_cast: Cast,
    thread: Conversation,
    live_site: Callable[..., Site],
    desk: Callable[..., Page],
    phone: Callable[..., Page],
) -> None:
    site = live_site().start()
    WorkerBeat.objects.all().delete()
    wait_until(lambda: WorkerBeat.objects.exists(), within=120, what="the reader")
    mo = desk(site, live_cast.mo)
    ada, ben = phone(site, live_cast.ada), phone(site, live_cast.ben)
    mo.goto(reverse("moderation-queue"))
    for page in (ada, ben):
        page.goto(reverse("thread", args=[live_cast.space.slug, thread.pk]))
        expect(page.get_by_text("How was today?").first).to_be_visible()
    expect(mo.get_by_role("heading", name="Nothing is waiting")).to_be_visible()

    act(live_cast.says, live_cast.ada, thread, DANGEROUS, read=False)
    row = mo.locator("[data-row]")
    expect(row).to_contain_text("Danger", timeout=SOON)
    expect(row).not_to_contain_text("kill")
    expect(ada.get_by_text("Thank you for telling us")).to_be_visible(timeout=SOON)
    expect(ben.get_by_text(DANGEROUS)).to_have_count(0)

    expect(mo.get_by_role("button", name="Take the next one")).to_be_visible()
    press(mo, "t")
    expect(mo.get_by_text("You have this one until").first).to_be_visible()
    expect(mo.get_by_text("I am going to")).not_to_be_visible()
    press(mo, "x")
    expect(mo.get_by_text("I am going to")).to_be_visible()
    press(mo, "p")
    expect(mo.get_by_text("Peers will see it. Because:")).to_be_visible()
    press(mo, "2")
    press(mo, "Enter")
    expect(mo.get_by_text("You published this")).to_be_visible()

    expect(ben.get_by_text(DANGEROUS, exact=True)).to_be_visible(timeout=SOON)
    expect(ada.get_by_text("If you'd like to talk with someone")).to_be_visible(timeout=SOON)


def test_no_single_key_does_anything_to_a_message(
    live_cast: Cast, thread: Conversation, site: Site, desk: Callable[..., Page]
) -> None:
    review = held(live_cast, thread, RUDE)
    act(claim_review, by=live_cast.mo, review_id=review.pk)
    mo = desk(site, live_cast.mo)
    mo.goto(reverse("review", args=[review.pk]))
    for key in "jkxprn?":
        press(mo, key)
        press(mo, "Escape")
    press(mo, "r")
    press(mo, "Enter")  # No rule chosen: the form itself asks for one.
    mo.wait_for_timeout(300)
    assert act(lambda: Message.objects.get(pk=review.message_id).state) == "held"
    press(mo, "3")
    press(mo, "Enter")
    expect(mo.get_by_text("You removed this")).to_be_visible()
    assert act(lambda: Review.objects.get(pk=review.pk).clause) == "be_kind"


def test_nothing_is_published_with_its_words_folded(
    live_cast: Cast, thread: Conversation, site: Site, desk: Callable[..., Page]
) -> None:
    review = held(live_cast, thread, "tonight is the last night")
    act(claim_review, by=live_cast.mo, review_id=review.pk)
    mo = desk(site, live_cast.mo)
    mo.goto(reverse("review", args=[review.pk]))
    expect(mo.get_by_text("the last night")).not_to_be_visible()
    press(mo, "p", "1")
    expect(mo.get_by_text("the last night")).to_be_visible()
    press(mo, "x", "Enter")
    expect(mo.get_by_text("the last night")).to_be_visible()
    assert act(lambda: Message.objects.get(pk=review.message_id).state) == "held"
    press(mo, "Enter")
    expect(mo.get_by_text("You published this")).to_be_visible()


@pytest.mark.parametrize("shape", ["desk", "phone"])
def test_an_open_choice_follows_its_own_button_and_the_other_keeps_its_distance(
    live_cast: Cast,
    thread: Conversation,
    site: Site,
    request: pytest.FixtureRequest,
    shape: str,
) -> None:
    review = held(live_cast, thread, RUDE)
    act(claim_review, by=live_cast.mo, review_id=review.pk)
    mo = request.getfixturevalue(shape)(site, live_cast.mo)
    mo.goto(reverse("review", args=[review.pk]))
    for key, chosen, other in (("p", "publish", "remove"), ("r", "remove", "publish")):
        press(mo, key)
        button, form = f"[data-decision={chosen}] summary", f"[data-decision={chosen}] form"
        (top, bottom), (form_top, form_bottom) = edges(mo, button), edges(mo, form)
        assert bottom > top
        assert 0 <= form_top - bottom < 24
        other_top, other_bottom = edges(mo, f"[data-decision={other}] summary")
        assert other_top - form_bottom >= 24 or top - other_bottom >= 24
        press(mo, "Escape")


def edges(page: Page, selector: str) -> tuple[float, float]:
    """Top and bottom of something that is in view, in CSS pixels."""
    box = page.locator(selector).bounding_box()
    assert box is not None, selector
    return box["y"], box["y"] + box["height"]


def test_a_claim_is_seen_by_a_colleague_at_once(
    live_cast: Cast, thread: Conversation, site: Site, desk: Callable[..., Page]
) -> None:
    review = held(live_cast, thread, RUDE)
    mo, lee = desk(site, live_cast.mo), desk(site, live_cast.lee)
    lee.goto(reverse("review", args=[review.pk]))
    mo.goto(reverse("review", args=[review.pk]))
    lee.wait_for_function("document.querySelector('[data-connection]').hidden")
    mo.wait_for_load_state("networkidle")
    lee.wait_for_load_state("networkidle")
    press(mo, "c")
    expect(mo.get_by_text("You have this one until").first).to_be_visible()
    expect(lee.locator("[data-row]")).to_contain_text("Mo has it", timeout=2_000)
    expect(lee.get_by_text("This changed a moment ago.")).to_be_visible()
    press(lee, "c")
    expect(lee.get_by_role("alert")).to_contain_text("Mo has this one until")


def test_what_is_new_above_waits_until_it_is_asked_for(
    live_cast: Cast, thread: Conversation, site: Site, desk: Callable[..., Page]
) -> None:
    held(live_cast, thread, RUDE)
    mo = desk(site, live_cast.mo)
    mo.goto(reverse("moderation-queue"))
    press(mo, "j")
    first = mo.locator("[data-row] a").first
    expect(first).to_be_focused()
    before = first.bounding_box()
    held(live_cast, thread, "tonight is the last night")
    mo.evaluate("dispatchEvent(new Event('online'))")  # As after a tunnel: look again now.
    new_above = mo.get_by_role("button", name="1 new above")
    expect(new_above).to_be_visible()
    expect(mo.locator("[data-row]")).to_have_count(1)
    after = first.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 1
    press(mo, "n")
    expect(mo.locator("[data-row]").first).to_contain_text("Danger")
    expect(mo.locator("[data-row]")).to_have_count(2)


def test_what_rises_to_danger_is_offered_at_its_new_place_though_nothing_new_came(
    live_cast: Cast, thread: Conversation, site: Site, desk: Callable[..., Page]
) -> None:
    held(live_cast, thread, RUDE)
    worse = held(live_cast, thread, f"{RUDE} at all")
    mo = desk(site, live_cast.mo)
    mo.goto(reverse("review", args=[worse.pk]))
    press(mo, "j")
    rows = mo.locator("[data-row]")
    expect(rows.nth(1)).to_have_attribute("data-row", f"review-{worse.pk}")
    act(claim_review, by=live_cast.lee, review_id=worse.pk)
    act(hand_to_clinician, by=live_cast.lee, review_id=worse.pk, revision=1)
    mo.evaluate("dispatchEvent(new Event('online'))")
    changed = mo.get_by_role("button", name="The order has changed")
    expect(changed).to_be_visible(timeout=SOON)
    expect(mo.locator("[data-said]")).to_have_text("The order has changed")
    expect(rows.nth(1)).to_contain_text("Danger")
    press(mo, "n")
    expect(rows.first).to_have_attribute("data-row", f"review-{worse.pk}")
    expect(changed).to_be_hidden()
    press(mo, "x")
    expect(mo.locator("[data-words] mark")).to_be_visible()


def test_a_lost_connection_is_said_and_goes_away_by_itself(
    live_cast: Cast, thread: Conversation, site: Site, desk: Callable[..., Page]
) -> None:
    held(live_cast, thread, RUDE)
    mo = desk(site, live_cast.mo)
    mo.goto(reverse("moderation-queue"))
    old = mo.get_by_text("so this list may be old")
    expect(old).to_be_hidden()
    mo.context.set_offline(True)
    expect(old).to_be_visible(timeout=SOON)
    expect(mo.locator("[data-row]")).to_have_count(1)
    mo.context.set_offline(False)
    expect(old).to_be_hidden(timeout=SOON)


def test_it_all_works_without_scripts(
    live_cast: Cast, thread: Conversation, site: Site, phone: Callable[..., Page]
) -> None:
    held(live_cast, thread, RUDE)
    mo = phone(site, live_cast.mo, java_script_enabled=False)
    mo.goto(reverse("moderation-queue"))
    mo.get_by_role("link", name="It may insult somebody").click()
    mo.get_by_role("button", name="Claim it").click()
    mo.locator("[data-words] summary").click()
    expect(mo.locator("[data-words] mark")).to_be_visible()
    mo.locator("[data-decision=remove] summary").click()
    mo.get_by_label("Be kind to people here").check()
    mo.get_by_role("button", name="Remove it").click()
    expect(mo.get_by_text("You removed this")).to_be_visible()


@pytest.mark.parametrize("shape", ["desk", "phone"])
def test_every_state_of_the_pages_is_accessible(
    live_cast: Cast,
    thread: Conversation,
    site: Site,
    request: pytest.FixtureRequest,
    shape: str,
) -> None:
    make: Callable[..., Any] = request.getfixturevalue(shape)
    mo = make(site, live_cast.mo)
    mo.goto(reverse("moderation-queue"))
    assert faults(mo, "dark") == []  # Nothing waits.
    mine = held(live_cast, thread, RUDE)
    taken = held(live_cast, thread, "tonight is the last night")
    act(claim_review, by=live_cast.lee, review_id=taken.pk)
    act(WorkerBeat.objects.all().delete)
    mo.goto(reverse("moderation-queue"))
    assert faults(mo, "dark") == []  # Two wait, and the reader sleeps.
    mo.goto(reverse("review", args=[taken.pk]))
    assert faults(mo, "dark") == []  # A colleague has it.
    mo.goto(reverse("review", args=[mine.pk]))
    press(mo, "x")
    assert faults(mo, "dark") == []  # Free, words open.
    mo.get_by_role("button", name="Claim it").click()
    press(mo, "r")
    expect(mo.get_by_text("Only the author and our team will see it")).to_be_visible()
    assert faults(mo, "dark") == []  # Mine, choosing a rule.
    if shape == "desk":
        press(mo, "Escape")
        press(mo, "?")
        assert faults(mo, "dark") == []  # The sheet of keys.
