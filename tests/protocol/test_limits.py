"""How much one person may ask of a process, over however many pages of theirs."""

from __future__ import annotations

import gc

import pytest

from chat.realtime import limits
from chat.realtime.limits import FLOOD_CODE, PERSON_FACTOR, Census, SharedRate
from tests.cast import Cast
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


async def answers(inside: Inside, count: int) -> list[str]:
    """What so many pings are answered with."""
    for _ in range(count):
        await inside.say("ping")
    found: list[str] = []
    while len(found) < count:
        frame = await inside.frame()
        if frame["type"] in {"heads", "error"}:
            found.append(frame.get("code", frame["type"]))
    return found


async def test_many_pages_of_one_person_get_through_no_more_than_two(
    live_cast: Cast, settings: object
) -> None:
    settings.SOCKET_FRAMES = 20  # type: ignore[attr-defined]
    pages = [await Inside.ready(live_cast.ada) for _ in range(6)]
    heard = [answer for page in pages for answer in await answers(page, 15)]
    assert heard[:30] == ["heads"] * 30, "two pages notice nothing"
    assert set(heard) == {"heads", "slow_down"}
    back_meanwhile = 10
    assert heard.count("heads") <= PERSON_FACTOR * 20 + back_meanwhile

    ben = await Inside.ready(live_cast.ben)
    assert await answers(ben, 15) == ["heads"] * 15, "a limit is one person's"
    for inside in (*pages, ben):
        await inside.close()


async def test_whoever_hangs_up_and_comes_back_has_no_more_than_before_and_help_all_the_same(
    live_cast: Cast, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SOCKET_FRAMES = 20  # type: ignore[attr-defined]
    monkeypatch.setattr(limits, "PER_SECONDS", 1000.0)  # Nothing comes back meanwhile.
    pages = [await Inside.ready(live_cast.ada) for _ in range(3)]
    for page in pages:
        await answers(page, 15)
        await page.close()
    gc.collect()
    back = await Inside.ready(live_cast.ada)
    assert await answers(back, 5) == ["slow_down"] * 5
    await back.say("help.request", client_id="00000000-0000-4000-8000-000000000001")
    assert await back.take("help.accepted")
    await back.close()


def test_as_many_who_left_are_remembered_as_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "RECENT_PEOPLE", 3)
    for user_id in range(10):
        SharedRate(user_id).let_go()
    assert len(limits._recent) == 3
    monkeypatch.setattr(limits, "PER_SECONDS", -1.0)
    SharedRate(11).let_go()
    assert len(limits._recent) == 0, "who has a full bucket again is forgotten"


async def test_asking_for_help_is_answered_every_time_however_often(live_cast: Cast) -> None:
    ada = await Inside.ready(live_cast.ada)
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(30)]
    for client_id in ids:
        await ada.say("help.request", client_id=client_id)
    answered: dict[str, str] = {}
    while len(answered) < len(ids):
        frame = await ada.frame()
        if frame["type"] == "help.accepted":
            answered[frame["client_id"]] = "accepted"
        elif frame["type"] == "error":
            assert frame["permanent"] is False, "the phone says it again by itself"
            answered[frame["ref"]] = frame["code"]
    assert set(answered) == set(ids)
    assert set(answered.values()) == {"accepted", "slow_down"}
    assert answered[ids[0]] == "accepted"
    await ada.close()


def test_one_house_has_no_more_sockets_for_having_many_addresses(settings: object) -> None:
    settings.SOCKETS_PER_ADDRESS = 2  # type: ignore[attr-defined]
    census = Census()
    house = [f"2001:db8:1:2::{n}" for n in range(1, 4)]
    assert [census.admit(address) for address in house] == [0, 0, FLOOD_CODE]
    assert census.admit("2001:db8:1:3::1") == 0, "next door is another house"
    for address in house[:2]:
        census.dismiss(address)
    assert census.admit("2001:db8:1:2::9") == 0, "whoever left makes room for the others"
