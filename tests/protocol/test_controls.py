"""What one phone may ask of a running server, and what the others notice of it: nothing."""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections.abc import Callable

import httpx
import psutil
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from chat.actions.conversations import open_talk
from chat.models import Conversation, HelpRequest, Message, User
from tests.cast import Cast
from tests.conftest import act, cookie_for
from tests.protocol.line import Line
from tests.servers import Site

pytestmark = pytest.mark.servers

Sites = Callable[..., Site]


@pytest.fixture(params=["daphne", pytest.param("uvicorn", marks=pytest.mark.real)])
def each_site(request: pytest.FixtureRequest, live_site: Sites) -> Sites:
    """As ``live_site``, behind each server in turn: what only the server's own ways could break."""
    return lambda **environment: live_site(LANTERN_TEST_SERVER=request.param, **environment)


def cookie(user: User) -> str:
    return act(cookie_for, user)[settings.SESSION_COOKIE_NAME]


def talk_of(user: User) -> int:
    return act(lambda: open_talk(person=user, by=user).pk)


async def test_a_phone_over_its_rate_is_asked_to_slow_down_and_others_notice_nothing(
    live_cast: Cast, live_site: Sites
) -> None:
    site = live_site().start_web()
    talk = talk_of(live_cast.ada)
    hasty = await Line.ready(site.socket_url, cookie(live_cast.ada))
    calm = await Line.ready(site.socket_url, cookie(live_cast.ben))
    for _ in range(30):
        await hasty.say("ping")
    late = str(uuid.uuid4())
    await hasty.say("message.send", client_id=late, conversation=talk, body="too soon")

    refusal = await hasty.take("error")
    while refusal.get("ref") != late:
        refusal = await hasty.take("error")

    assert refusal["code"] == "slow_down"
    assert refusal["permanent"] is False
    await calm.say("ping")
    assert (await calm.take("heads"))["heads"] == {}
    assert act(Message.objects.count) == 0


async def test_a_flood_is_cut_off_and_asking_for_help_still_gets_through(
    live_cast: Cast, live_site: Sites
) -> None:
    site = live_site().start_web()
    line = await Line.ready(site.socket_url, cookie(live_cast.ada))
    for _ in range(40):
        await line.say("ping")
    await line.say("help.request", client_id=str(uuid.uuid4()))
    assert (await line.take("help.accepted"))["help"] == act(lambda: HelpRequest.objects.get().pk)

    before = psutil.Process(site.web.pid).memory_info().rss  # type: ignore[union-attr]
    other = await Line.ready(site.socket_url, cookie(live_cast.ben))
    body = "x" * 4000
    for _ in range(10_000):
        try:
            await other.say("message.edit", message=1, body=body)
        except Exception:  # noqa: BLE001 — it was cut off, as it should be.
            break

    assert await other.end() in {4429, 1006}, "our word, or the reset that overtook it"
    grown = psutil.Process(site.web.pid).memory_info().rss - before  # type: ignore[union-attr]
    assert grown < 5 * 1024 * 1024


async def test_a_frame_too_large_is_refused_and_one_far_too_large_ends_the_socket(
    live_cast: Cast, each_site: Sites
) -> None:
    site = each_site().start_web()
    line = await Line.ready(site.socket_url, cookie(live_cast.ada))

    await line.say("message.edit", message=1, body="x" * 17_000)
    assert (await line.take("error"))["code"] == "frame_too_large"
    await line.say("ping")
    await line.take("heads")

    await line.say("message.edit", message=1, body="x" * 900_000)
    assert await line.end() in {1009, 1006}, "ours, or the server's own limit came first"


@pytest.mark.real
async def test_a_phone_that_does_not_read_is_closed_and_costs_no_memory(
    live_cast: Cast, each_site: Sites
) -> None:
    """Sixty long messages make a quarter of a megabyte; it asks again and again and reads none."""
    site = each_site(SOCKET_FRAMES="1000").start_web()
    thread = act(lambda: live_cast.thread(by=live_cast.ada).pk)
    conversation = act(Conversation.objects.get, pk=thread)
    for _ in range(60):
        act(live_cast.says, live_cast.ada, conversation, "m" * 4000)
    key = cookie(live_cast.ben)
    await (await Line.ready(site.socket_url, key, [(thread, None)])).close()
    web = psutil.Process(site.web.pid)  # type: ignore[union-attr]
    before = web.memory_info().rss
    stuck = await Line.open(site.socket_url, key, max_queue=1)
    stuck.socket.transport.pause_reading()
    tcp: socket.socket = stuck.socket.transport.get_extra_info("socket")
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    began = time.monotonic()
    await stuck.resume(key, [(thread, None)])
    most = before
    while time.monotonic() - began < 30 and any(
        c.status == psutil.CONN_ESTABLISHED and c.raddr and c.raddr.port == tcp.getsockname()[1]
        for c in web.net_connections()
    ):
        try:
            for _ in range(4):
                await stuck.say("conversation.follow", conversation=thread)
        except Exception:  # noqa: BLE001 — closed under our hands: what we wait for.
            break
        most = max(most, web.memory_info().rss)
        await asyncio.sleep(0.5)

    assert time.monotonic() - began < 30
    assert most - before < 12 * 1024 * 1024


async def test_signing_out_closes_the_sockets_of_that_session_within_two_seconds(
    live_cast: Cast, each_site: Sites
) -> None:
    site = each_site().start_web()
    here, there = cookie(live_cast.ada), cookie(live_cast.ada)
    leaving = await Line.ready(site.socket_url, here)
    staying = await Line.ready(site.socket_url, there)

    jar = {settings.SESSION_COOKIE_NAME: here, settings.CSRF_COOKIE_NAME: "c" * 32}
    headers = {"X-CSRFToken": "c" * 32, "Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())}
    async with httpx.AsyncClient(base_url=site.base_url) as browser:
        answer = await browser.post("/sign-out", headers=headers)

    assert answer.status_code == 302
    assert await leaving.end(within=2) == 4401
    await staying.say("ping")
    await staying.take("heads")


async def test_the_next_frame_of_somebody_shut_out_is_refused_though_nobody_rang(
    live_cast: Cast, live_site: Sites
) -> None:
    site = live_site().start_web()
    thread = act(lambda: live_cast.thread(by=live_cast.ada).pk)
    line = await Line.ready(site.socket_url, cookie(live_cast.ben))
    sender = await Line.ready(site.socket_url, cookie(live_cast.ben))
    act(User.objects.filter(pk=live_cast.ben.pk).update, is_active=False)

    await sender.say(
        "message.send", client_id=str(uuid.uuid4()), conversation=thread, body="still me"
    )
    assert (await sender.take("error"))["code"] == "not_found"
    await line.say("conversation.follow", conversation=thread)
    assert await line.end(within=2) == 4403
    assert await sender.end(within=15) == 4403, "found by the sweep"


async def test_a_new_role_and_a_vanished_session_end_sockets_by_the_sweep(
    live_cast: Cast, live_site: Sites
) -> None:
    site = live_site().start_web()
    demoted = await Line.ready(site.socket_url, cookie(live_cast.mo))
    key = cookie(live_cast.cleo)
    gone = await Line.ready(site.socket_url, key)
    act(User.objects.filter(pk=live_cast.mo.pk).update, role="clinician")
    act(Session.objects.filter(session_key=key).delete)
    act(User.objects.filter(pk=live_cast.cleo.pk).update, password="changed")

    assert await demoted.end(within=15) == 4403
    assert await gone.end(within=15) == 4401


async def test_a_stopping_server_answers_what_it_took_and_tells_every_phone_to_come_back(
    live_cast: Cast, each_site: Sites
) -> None:
    site = each_site().start_web()
    talk = talk_of(live_cast.ada)
    key = cookie(live_cast.ada)
    lines = [await Line.ready(site.socket_url, key) for _ in range(15)]
    ids = [str(uuid.uuid4()) for _ in lines]
    for line, client_id in zip(lines, ids, strict=True):
        await line.say("message.send", client_id=client_id, conversation=talk, body="last words")
    site.web.terminate()  # type: ignore[union-attr]

    answers = [(await line.take("message.accepted"))["client_id"] for line in lines]
    codes = await asyncio.gather(*(line.end(within=15) for line in lines))

    assert answers == ids
    assert set(codes) == {1012}
    assert act(Message.objects.count) == 15
    site.web.wait(20)  # type: ignore[union-attr]


async def test_the_newest_socket_of_a_person_stays_and_an_address_has_its_cap(
    live_cast: Cast, live_site: Sites
) -> None:
    site = live_site(SOCKETS_PER_PERSON="2", SOCKETS_PER_ADDRESS="4").start_web()
    key = cookie(live_cast.ada)
    oldest = await Line.ready(site.socket_url, key)
    await Line.ready(site.socket_url, key)
    newest = await Line.ready(site.socket_url, key)
    assert await oldest.end(within=2) == 4409
    await newest.say("ping")
    await newest.take("heads")

    others = [await Line.ready(site.socket_url, cookie(live_cast.ben)) for _ in range(2)]
    refused = await Line.open(site.socket_url, cookie(live_cast.mo))
    assert await refused.end(within=2) == 4429
    await others[0].close()
    await others[1].close()
    await asyncio.sleep(0.5)
    await Line.ready(site.socket_url, cookie(live_cast.mo))


async def test_a_retry_of_a_send_hears_the_same_answer(live_cast: Cast, live_site: Sites) -> None:
    site = live_site().start_web()
    talk = talk_of(live_cast.ada)
    line = await Line.ready(site.socket_url, cookie(live_cast.ada))
    send = {"client_id": str(uuid.uuid4()), "conversation": talk, "body": "once"}
    await line.say("message.send", **send)
    first = await line.take("message.accepted")
    again = await Line.ready(site.socket_url, cookie(live_cast.ada))
    await again.say("message.send", **send)

    assert await again.take("message.accepted") == first
    assert act(Message.objects.count) == 1


async def test_no_compression_is_agreed_on(live_cast: Cast, each_site: Sites) -> None:
    """What is compressed together can be told apart by its length."""
    site = each_site().start_web()
    line = await Line.ready(site.socket_url, cookie(live_cast.ada), compression="deflate")
    assert line.socket.protocol.extensions == []


async def test_operators_can_see_sockets_lag_and_losses(live_cast: Cast, live_site: Sites) -> None:
    site = live_site().start_web()
    await Line.ready(site.socket_url, cookie(live_cast.ada))
    async with httpx.AsyncClient(base_url=site.base_url) as browser:
        text = (await browser.get("/metrics")).text

    assert "lantern_sockets_open 1.0" in text
    for name in ("lantern_loop_lag_seconds_bucket", "lantern_outbox_overflow_total"):
        assert name in text
    for name in ("lantern_doorbell_lost_total", "lantern_doorbell_missed_total"):
        assert name in text
    assert "lantern_frames_refused_total" in text
    assert "python_info" not in text


async def test_a_reference_that_is_no_text_is_not_sent_back(
    live_cast: Cast, live_site: Sites
) -> None:
    """Found by the fuzzer: half a surrogate pair cannot be encoded, and closed the socket."""
    site = live_site().start_web()
    line = await Line.ready(site.socket_url, cookie(live_cast.ada))
    await line.socket.send('{"type": "nothing of ours", "client_id": "\\ud800"}')
    assert (await line.take("error")).get("ref", "") == ""
    await line.say("ping")
    await line.take("heads")


async def test_a_phone_with_a_long_outbox_is_asked_to_wait_and_not_cut_off(
    live_cast: Cast, live_site: Sites
) -> None:
    """Cut off, it would come back with the same outbox, for ever."""
    site = live_site(SOCKET_FRAMES="1000").start_web()
    talk = talk_of(live_cast.ada)
    line = await Line.ready(site.socket_url, cookie(live_cast.ada))
    outbox = {str(uuid.uuid4()) for _ in range(200)}
    while outbox:
        for client_id in outbox:
            await line.say("message.send", client_id=client_id, conversation=talk, body="kept")
        heard = [await line.take("message.accepted", "error", within=30) for _ in outbox]
        assert {frame["code"] for frame in heard if frame["type"] == "error"} <= {"slow_down"}
        outbox -= {frame["client_id"] for frame in heard if frame["type"] == "message.accepted"}

    assert act(Message.objects.count) == 200
