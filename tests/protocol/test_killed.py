"""The real server, killed at the worst moment: what was accepted is there, once."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable

import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed

from chat.actions.conversations import open_talk
from chat.models import Message, User
from tests.cast import Cast
from tests.conftest import act, cookie_for
from tests.protocol.line import Line
from tests.servers import Site

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]


def key_of(user: User) -> str:
    return act(cookie_for, user)[settings.SESSION_COOKIE_NAME]


async def test_a_web_killed_between_writing_and_answering_doubles_and_loses_nothing(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site(SOCKET_FRAMES="1000").start_web()
    talk = act(lambda: open_talk(person=live_cast.ada, by=live_cast.ada).pk)
    sends = [
        {"client_id": str(uuid.uuid4()), "conversation": talk, "body": f"line {n}"}
        for n in range(60)
    ]
    key = key_of(live_cast.ada)
    line = await Line.ready(site.socket_url, key)
    for send in sends:
        await line.say("message.send", **send)
    first = await line.take("message.accepted", within=30)
    await asyncio.to_thread(site.kill_web)
    acknowledged = {first["client_id"]}
    with contextlib.suppress(ConnectionClosed, TimeoutError):
        while True:
            acknowledged.add((await line.take("message.accepted", within=2))["client_id"])
    stored = act(lambda: {str(m.client_id): m.pk for m in Message.objects.all()})
    assert acknowledged <= set(stored), "what was acknowledged is in the database"

    await asyncio.to_thread(site.start_web)
    line = await Line.ready(site.socket_url, key)
    again = {}
    for send in sends:
        await line.say("message.send", **send)
        answer = await line.take("message.accepted")
        again[answer["client_id"]] = answer["message"]["id"]
    assert {client_id: again[client_id] for client_id in stored} == stored
    assert act(Message.objects.count) == len(sends)
    await line.close()


async def test_after_a_restart_a_phone_catches_up_from_where_it_was(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site().start_web()
    thread = act(live_cast.thread)
    key = key_of(live_cast.ben)
    line = await Line.ready(site.socket_url, key, [(thread.pk, None)])
    await asyncio.to_thread(site.kill_web)
    act(live_cast.says, live_cast.ada, thread, "while it was down")
    await asyncio.to_thread(site.start_web)
    line = await Line.open(site.socket_url, key)
    await line.resume(key, [(thread.pk, 2)])
    missed = await line.take("conversation.advanced")
    assert {e["message"]["body"] for e in missed["events"]} == {"while it was down"}
    await line.close()


async def test_an_orderly_stop_tells_every_phone_to_come_back(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site().start_web()
    lines = [
        await Line.ready(site.socket_url, key_of(who)) for who in (live_cast.ada, live_cast.ben)
    ]
    stopping = asyncio.create_task(asyncio.to_thread(site.stop_web))
    assert [await line.end() for line in lines] == [1012, 1012]
    await stopping


@pytest.mark.real
async def test_two_web_processes_share_what_is_said(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    one, other = live_site().start_web(), live_site().start_web()
    talk = act(lambda: open_talk(person=live_cast.ada, by=live_cast.ada).pk)
    here = await Line.ready(one.socket_url, key_of(live_cast.ada), [(talk, None)])
    there = await Line.ready(other.socket_url, key_of(live_cast.ada), [(talk, None)])
    await here.say("message.send", client_id=str(uuid.uuid4()), conversation=talk, body="both?")
    frame = await there.take("conversation.advanced", within=2)
    assert frame["events"][-1]["message"]["body"] == "both?"
    for line in (here, there):
        await line.close()
