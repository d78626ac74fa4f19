"""What stands under one's own words: why they did not go out, and the door to a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from chat.actions.conversations import close_conversation
from chat.actions.messages import hold_message
from chat.states import Notice
from tests.browser.test_young_person import message_of, said, write
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.django_db(transaction=True)]

Pages = Callable[..., Any]


def test_words_that_would_be_refused_again_are_changed_first(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{live_cast.thread().pk}")
    field = page.locator("[data-slot=input]")
    field.evaluate("element => element.removeAttribute('maxlength')")
    long = ("and then " * 600).strip()
    write(page, long)
    row = said(page, "and then")
    expect(row).to_contain_text("Not sent. That's longer than we can take", timeout=8_000)
    expect(row.get_by_role("button", name="tap to retry")).to_have_count(0)
    row.get_by_role("button", name="Change it").click()
    expect(field).to_have_value(re.compile("^and then"))
    assert field.input_value() == long
    page.context.set_offline(True)
    write(page, "into the dark")
    expect(said(page, "into the dark")).to_contain_text("waiting for signal")
    page.context.set_offline(False)
    expect(said(page, "into the dark")).to_contain_text("waiting to be read", timeout=15_000)


def test_the_door_to_a_person_stands_once_right_under_the_last_words(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    page = phone(site, live_cast.ada)
    page.goto(f"/spaces/corner/{live_cast.thread().pk}")
    for words in ("I can't do this any more", "there is no point"):
        write(page, words)
        expect(said(page, words)).to_contain_text("waiting to be read")
        act(hold_message, message=message_of(words), by=None, notice=Notice.DOOR)
    door = page.get_by_role("button", name="Talk to someone now")
    expect(said(page, "no point").locator("a[href='tel:999']")).to_be_visible(timeout=8_000)
    expect(door).to_have_count(1)
    door_box = door.bounding_box()
    change = said(page, "no point").get_by_role("button", name="Change it").bounding_box()
    assert door_box["height"] >= 48
    assert door_box["width"] > 200
    assert door_box["y"] + door_box["height"] < change["y"]
    page.reload()
    expect(door).to_have_count(1)


def test_words_for_a_talk_that_closed_meanwhile_stay_where_they_can_be_read(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    talk = live_cast.asks_for_help(live_cast.ada).conversation
    page = phone(site, live_cast.ada)
    page.goto(f"/talk/{talk.pk}")
    write(page, "the line is up")
    expect(said(page, "the line is up")).to_contain_text("sent")
    page.context.set_offline(True)
    write(page, "written in the tunnel")
    field = page.locator("[data-slot=input]")
    field.fill("and half a thought")
    act(close_conversation, conversation=talk, by=live_cast.cleo)
    page.context.set_offline(False)
    row = said(page, "written in the tunnel")
    expect(row).to_contain_text("This talk has ended", timeout=20_000)
    expect(page.locator("[data-slot=no-more]")).to_contain_text("Your words are still here")
    expect(row.get_by_role("button", name="Change it")).to_be_hidden()
    expect(field).to_have_value("and half a thought")
    expect(field).to_be_visible()
    expect(page.locator(".composer-send")).to_be_disabled()
    field.fill("")
    field.blur()
    expect(field).to_be_hidden()


def test_words_that_come_back_stay_apart_from_a_message_being_changed(
    site: Site, live_cast: Cast, phone: Pages
) -> None:
    thread = live_cast.thread()
    kept_back = live_cast.held(live_cast.ben, thread, "kept back at first")
    page = phone(site, live_cast.ben)
    page.goto(f"/spaces/corner/{thread.pk}")
    field = page.locator("[data-slot=input]")
    field.evaluate("element => element.removeAttribute('maxlength')")
    long = ("and then " * 600).strip()
    write(page, long)
    expect(said(page, "and then")).to_contain_text("Not sent", timeout=8_000)
    said(page, "kept back at first").get_by_role("button", name="Change it").click()
    expect(field).to_have_value("kept back at first")
    said(page, "and then").get_by_role("button", name="Change it").click()
    expect(page.locator("[data-slot=changing]")).to_be_hidden()
    expect(field).to_have_value(long)
    page.reload()
    expect(field).to_have_value(long)
    expect(said(page, "and then")).to_have_count(0)
    kept_back.refresh_from_db()
    assert kept_back.body == "kept back at first"
