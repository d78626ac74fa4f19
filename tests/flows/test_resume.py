"""A phone that was away, for a second or for days, shows what a phone shows that never left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chat.actions.messages import edit_message, remove_message, withdraw_message
from chat.models import Message
from chat.realtime.feed import PAGE, REPLAY_LIMIT
from chat.states import Notice
from tests.cast import Cast
from tests.flows.phone import LivePhone
from tests.servers import Site

pytestmark = [pytest.mark.servers]

Phones = Callable[..., LivePhone]


def check_alike(away: LivePhone, stayed: LivePhone, thread: int) -> None:
    away.wait(lambda: away.screens[thread].head >= stayed.screens[thread].head, "the newest")
    newest = away.screen(thread)["messages"]
    whole = stayed.screen(thread)["messages"]
    assert newest == whole[-len(newest) :]
    assert len(newest) >= min(len(whole), PAGE), "at least a page of it"


@pytest.mark.parametrize("missed", [1, 40, REPLAY_LIMIT + 20], ids=["1 s", "10 min", "24 h"])
def test_after_an_absence_the_screen_is_the_same(
    missed: int, site: Site, live_cast: Cast, hand_phone: Phones
) -> None:
    thread = live_cast.thread()
    stayed = hand_phone(site, live_cast.ben, thread.pk)
    away = hand_phone(site, live_cast.ben, thread.pk)
    live_cast.says(live_cast.ada, thread, "the last they both saw")
    for phone in (away, stayed):
        phone.sees(thread.pk, "the last they both saw")
    away.cut()
    kept = away.send(thread.pk, "written while the line was down")
    live_cast.says_all(live_cast.ada, thread, [f"missed {n}" for n in range(missed)])
    stayed.sees(thread.pk, f"missed {missed - 1}")

    away.open()
    assert away.answer(kept)["type"] == "message.accepted"
    stayed.sees(thread.pk, "written while the line was down", state="published")
    check_alike(away, stayed, thread.pk)


def test_what_was_removed_taken_back_or_changed_meanwhile_is_so_on_return(
    site: Site, live_cast: Cast, hand_phone: Phones
) -> None:
    thread = live_cast.thread()
    removed, taken_back, changed = (
        live_cast.says(live_cast.ada, thread, words) for words in ("removed", "taken back", "old")
    )
    away = hand_phone(site, live_cast.ben, thread.pk)
    for words in ("removed", "taken back", "old"):
        away.sees(thread.pk, words)
    away.cut()
    remove_message(message=removed, by=live_cast.mo, notice=Notice.NOT_PUBLISHED)
    withdraw_message(by=live_cast.ada, message_id=taken_back.pk)
    edit_message(by=live_cast.ada, message_id=changed.pk, body="new")
    stayed = hand_phone(site, live_cast.ben, thread.pk)
    stayed.sees(thread.pk, "new", state="published")

    came_before = len(away.frames)
    away.open()
    away.sees(thread.pk, "new", state="published")
    check_alike(away, stayed, thread.pk)
    for words in ("removed", "taken back", "old"):
        assert not away.shows(thread.pk, words)
    told = str(away.frames[came_before:])
    assert "'removed'" not in told.replace("'state': 'removed'", "")
    assert "taken back" not in told, "what is gone is not sent again, not even to be hidden"


def test_somebody_thrown_out_while_away_is_sent_nothing_on_return(
    site: Site, live_cast: Cast, hand_phone: Phones
) -> None:
    thread = live_cast.thread()
    away = hand_phone(site, live_cast.ben, thread.pk)
    away.cut()
    live_cast.says(live_cast.ada, thread, "after he had gone")
    live_cast.space.age_bands = "|16-17|"
    live_cast.space.save(update_fields=["age_bands"])
    away.open()
    assert any(f["type"] == "error" and f["code"] == "not_found" for f in away.frames)
    assert not away.shows(thread.pk, "after he had gone")
    assert Message.objects.filter(conversation=thread).count() == 2
