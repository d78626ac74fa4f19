"""Whoever may not go on is cut off, though the ring that said so was lost."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client

from chat.access import access_conversation
from chat.actions.conversations import join_talk, leave_talk, open_talk
from chat.actions.people import start_young_person
from chat.kernel.doorbell import gather_rings, missed_rings, person_topic, ring
from chat.models import Conversation, HelpRequest, Message, Space, User
from chat.realtime import commands, hub, protocol, standing
from chat.realtime.standing import read_standings, read_unseated, standing_of
from tests.cast import Cast
from tests.protocol.held import HeldOnce
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]

SOON = 4.0
"""Two seconds as we promise, and two for a machine that has other things to do."""


def change(user: User, **facts: Any) -> None:
    """In the rows alone: an ordinary update rings for nobody."""
    User.objects.filter(pk=user.pk).update(**facts)


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"is_active": False}, 4403), ({"role": "clinician"}, 4403), ({"password": "new"}, 4401)],
    ids=["ban", "role", "password"],
)
async def test_a_person_who_changed_loses_every_socket_within_two_seconds(
    facts: dict[str, Any], code: int, live_cast: Cast
) -> None:
    sockets = [await Inside.ready(live_cast.mo) for _ in range(2)]
    other = await Inside.ready(live_cast.ben)
    await sync_to_async(change)(live_cast.mo, **facts)
    assert [await socket.ended(within=SOON) for socket in sockets] == [code, code]
    assert await other.lives()
    await other.close()


async def test_a_newer_page_does_not_hide_that_the_older_one_must_end(live_cast: Cast) -> None:
    old = await Inside.ready(live_cast.mo)
    await sync_to_async(change)(live_cast.mo, role="clinician")
    await sync_to_async(live_cast.mo.refresh_from_db)()
    new = await Inside.ready(live_cast.mo)
    assert await old.ended(within=SOON) == 4403
    assert await new.lives()
    await new.close()


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"role": "young_person"}, 4403), ({"password": "new"}, 4401)],
    ids=["role", "password"],
)
async def test_a_handshake_made_before_a_change_does_not_outlive_it(
    facts: dict[str, Any], code: int, live_cast: Cast
) -> None:
    old = await Inside.open(live_cast.mo)
    await old.say("ping")
    await old.take("error")  # Too early; and it is known by now who this is.
    await sync_to_async(change)(live_cast.mo, **facts)
    await sync_to_async(live_cast.mo.refresh_from_db)()
    new = await Inside.ready(live_cast.mo)
    await old.resume()
    assert await old.ended(within=SOON) == code
    assert await new.lives()
    await new.close()


async def test_a_second_phone_that_comes_in_while_sessions_are_looked_at_keeps_its_own(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await Inside.ready(live_cast.ada)
    held = HeldOnce(standing.live_sessions)
    monkeypatch.setattr(standing, "live_sessions", held)
    ring(person_topic(live_cast.ada.pk))
    await held.has_read()
    second = await Inside.ready(live_cast.ada)
    held.go_on()
    await sync_to_async(live_cast.asks_for_help)(live_cast.ada)
    for phone in (first, second):
        # Read between two lines of what is being asked, the first may name the talk alone.
        while not (await phone.take("person.changed")).get("help"):
            continue
        await phone.close()


def by_the_page(session_key: str, address: str) -> None:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session_key
    browser.post(address)


async def test_leaving_ends_every_line_of_that_browser_until_they_carry_on(
    live_cast: Cast,
) -> None:
    here = await Inside.ready(live_cast.ada)
    key = here.session_key
    other_tab = await Inside.open(live_cast.ada, key=key)
    await other_tab.resume()
    await other_tab.take("session.ready")
    elsewhere = await Inside.ready(live_cast.ada)
    await sync_to_async(by_the_page)(key, "/leave")
    assert [await tab.ended(within=SOON) for tab in (here, other_tab)] == [4401, 4401]
    assert await elsewhere.lives()
    assert await (await Inside.open(live_cast.ada, key=key)).ended() == 4401
    await sync_to_async(by_the_page)(key, "/carry-on")
    again = await Inside.open(live_cast.ada, key=key)
    await again.resume()
    await again.take("session.ready")
    for inside in (elsewhere, again):
        await inside.close()


@pytest.mark.parametrize("kind", ["message.send", "help.request", "conversation.follow"])
async def test_the_next_frame_of_a_session_that_ended_is_not_obeyed_though_nobody_rang(
    kind: str, live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SESSION_TRUST_SECONDS", 0.0)
    thread = await sync_to_async(live_cast.thread)(by=live_cast.ben)
    ada = await Inside.ready(live_cast.ada)
    await sync_to_async(Session.objects.filter(session_key=ada.session_key).delete)()
    frames: dict[str, dict[str, Any]] = {
        "message.send": {"conversation": thread.pk, "body": "x", "client_id": str(uuid.uuid4())},
        "help.request": {"client_id": str(uuid.uuid4())},
        "conversation.follow": {"conversation": thread.pk},
    }
    await ada.say(kind, **frames[kind])
    assert await ada.ended() == 4401
    assert not await sync_to_async(Message.objects.filter(author=live_cast.ada).exists)()
    assert not await sync_to_async(HelpRequest.objects.exists)()


def takes_out(cast: Cast, talk: Conversation) -> None:
    leave_talk(talk=talk, user=cast.cleo)


def closes_the_door(cast: Cast, thread: Conversation) -> None:
    Space.objects.filter(pk=cast.space.pk).update(is_open=False)


def becomes_older(cast: Cast, thread: Conversation) -> None:
    change(cast.ben, age_band="18-25")


def a_talk_with_twenty_newer_ones(cast: Cast) -> Conversation:
    """Of which a person's own state names only the newest."""
    talks = []
    for user in [cast.ada, *(_young(f"Person{number}") for number in range(20))]:
        talks.append(open_talk(person=user, by=user))
        join_talk(talk=talks[-1], user=cast.cleo)
    return talks[0]


def _young(nickname: str) -> User:
    return start_young_person(nickname=nickname, age_band="16-17")[0]


@pytest.mark.parametrize(
    ("who", "room", "happens"),
    [
        ("cleo", a_talk_with_twenty_newer_ones, takes_out),
        ("ben", Cast.thread, closes_the_door),
        ("ben", Cast.thread, becomes_older),
    ],
)
async def test_whoever_has_no_seat_any_more_hears_no_more_though_nobody_rang(
    who: str,
    room: Callable[[Cast], Conversation],
    happens: Callable[[Cast, Conversation], None],
    live_cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "PEOPLE_SECONDS", 0.2)
    monkeypatch.setattr(protocol, "HEARTBEAT_SECONDS", 0.1)
    talk = await sync_to_async(room)(live_cast)
    out = await Inside.ready(getattr(live_cast, who), {"conversation": talk.pk})
    lead = await Inside.ready(live_cast.lee, {"conversation": talk.pk})

    def without_a_ring() -> None:
        with gather_rings():
            happens(live_cast, talk)

    await sync_to_async(without_a_ring)()
    async with asyncio.timeout(10):
        while str(talk.pk) in (await out.take("heads"))["heads"]:
            pass
    speaker = live_cast.ada if talk.is_private else live_cast.mo
    await sync_to_async(live_cast.says)(speaker, talk, "between us now")
    await lead.take("conversation.advanced")
    await out.say("ping")
    assert {*await out.kinds(3)} == {"heads"}
    for inside in (out, lead):
        await inside.close()


@pytest.mark.django_db
def test_seats_of_many_are_looked_at_with_two_queries(
    live_cast: Cast, django_assert_num_queries: Any
) -> None:
    rooms = [live_cast.thread(), open_talk(person=live_cast.ada, by=live_cast.ada)]
    people = [live_cast.ada, live_cast.lee]
    seats = [access_conversation(user, room.pk) for user in people for room in rooms]
    with django_assert_num_queries(2):
        assert read_unseated(seats) == set()
    join_talk(talk=rooms[1], user=live_cast.lee)
    assert read_unseated(seats) == {live_cast.lee.pk}, "who may write there now, not only read"


def goes(session_key: str) -> None:
    Session.objects.filter(session_key=session_key).delete()


def leaves(session_key: str) -> None:
    session = SessionStore(session_key)
    session[standing.AWAY] = True
    session.save()


@pytest.mark.parametrize("ends", [goes, leaves])
async def test_a_silent_socket_of_a_session_that_ended_is_closed_by_the_sweep(
    ends: Callable[[str], None], live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SESSION_SECONDS", 0.2)
    ada, ben = await Inside.ready(live_cast.ada), await Inside.ready(live_cast.ben)
    await sync_to_async(ends)(ada.session_key)
    assert await ada.ended(within=SOON) == 4401
    assert await ben.lives()
    await ben.close()


@pytest.mark.django_db
def test_everybody_is_looked_at_with_one_small_query(
    live_cast: Cast, django_assert_num_queries: Any
) -> None:
    people = [live_cast.ada, live_cast.ben, live_cast.sal, live_cast.mo]
    with django_assert_num_queries(1) as asked:
        found = read_standings([user.pk for user in people])
    assert found == {user.pk: standing_of(User.objects.get(pk=user.pk)) for user in people}
    assert "recovery_hash" not in asked.captured_queries[0]["sql"]


async def test_what_no_ring_announced_is_counted_and_what_one_did_is_not(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "STANDING_SECONDS", 0.2)

    mo = await Inside.ready(live_cast.mo)
    before = missed_rings._value.get()
    await sync_to_async(change)(live_cast.mo, is_active=False)
    ring(person_topic(live_cast.mo.pk))
    await mo.ended(within=SOON)
    await asyncio.sleep(0.6)
    assert missed_rings._value.get() == before

    ben = await Inside.ready(live_cast.ben)
    await sync_to_async(change)(live_cast.ben, is_active=False)
    await ben.ended(within=SOON)
    async with asyncio.timeout(SOON):
        while missed_rings._value.get() == before:
            await asyncio.sleep(0.05)
    assert missed_rings._value.get() == before + 1
