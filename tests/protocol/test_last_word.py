"""What people are told about themselves never goes back: the newest reading has the last word."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async

from chat.kernel.doorbell import person_topic, ring
from chat.realtime.arrivals import arrivals, read_states
from chat.realtime.hub import hub
from chat.realtime.together import Together
from tests.cast import Cast
from tests.protocol.held import HeldOnce, others_have_had_their_turn
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


def hold_the_next_state() -> HeldOnce:
    held = HeldOnce(read_states)
    arrivals().states = Together(held)
    return held


async def test_what_is_read_at_the_door_is_not_told_behind_what_a_ring_told_since(
    live_cast: Cast,
) -> None:
    held = hold_the_next_state()
    ada = await Inside.open(live_cast.ada)
    await ada.resume()
    await held.has_read()
    await sync_to_async(live_cast.asks_for_help)(live_cast.ada)
    assert (await ada.take("person.changed"))["help"]

    held.go_on()
    kinds = [(await ada.frame())["type"]]
    while kinds[-1] != "session.ready":
        kinds.append((await ada.frame())["type"])
    assert "person.changed" not in kinds, "she knows the newest already"
    assert await ada.lives()
    await ada.close()


async def test_of_two_rings_the_second_has_the_last_word(live_cast: Cast) -> None:
    ada = await Inside.ready(live_cast.ada)
    held = hold_the_next_state()
    ring(person_topic(live_cast.ada.pk))
    await held.has_read()
    await sync_to_async(live_cast.asks_for_help)(live_cast.ada)
    await others_have_had_their_turn()

    held.go_on()
    assert (await ada.take("person.changed"))["help"]
    assert await ada.is_quiet(), "and nothing older comes behind it"
    await ada.close()


async def test_whoever_leaves_while_they_are_looked_at_leaves_nothing_behind(
    live_cast: Cast,
) -> None:
    ada = await Inside.ready(live_cast.ada)
    held = hold_the_next_state()
    ring(person_topic(live_cast.ada.pk))
    await held.has_read()
    await ada.close()

    held.go_on()
    await others_have_had_their_turn()
    assert live_cast.ada.pk not in hub()._people
    assert live_cast.ada.pk not in hub()._marks
    assert live_cast.ada.pk not in hub()._standings
