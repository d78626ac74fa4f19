"""A ring is only a doorbell: whatever is lost on the way costs time and nothing else."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from chat.kernel.db import run_db
from chat.kernel.doorbell import conversation_topic, doorbell, gather_rings, missed_rings
from chat.realtime import hub as hubs
from chat.realtime.hub import SWEEP_SECONDS, hub
from tests.cast import Cast
from tests.conftest import ON_POSTGRESQL
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


async def test_a_lost_subscription_is_made_up_for_by_the_next_sweep(live_cast: Cast) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ben = await Inside.ready(live_cast.ben, {"conversation": thread.pk})
    doorbell().forget(conversation_topic(thread.pk), hub().rooms.heard)
    await sync_to_async(live_cast.says)(live_cast.ada, thread, "did you hear")
    began = time.monotonic()
    frame = await ben.take("conversation.advanced", within=SWEEP_SECONDS + 4)
    assert {e["message"]["body"] for e in frame["events"]} == {"did you hear"}
    assert time.monotonic() - began < SWEEP_SECONDS + 2
    await ben.close()


async def test_a_ring_that_nobody_heard_is_counted_and_one_that_was_heard_is_not(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "SWEEP_SECONDS", 0.2)
    thread = await sync_to_async(live_cast.thread)()
    ben = await Inside.ready(live_cast.ben, {"conversation": thread.pk})
    before = missed_rings._value.get()
    await sync_to_async(live_cast.says)(live_cast.ada, thread, "one")
    await ben.take("conversation.advanced")
    await asyncio.sleep(0.6)
    assert missed_rings._value.get() == before

    def say_without_ringing() -> None:
        with gather_rings():
            live_cast.says(live_cast.ada, thread, "two")

    await sync_to_async(say_without_ringing)()
    await ben.take("conversation.advanced")
    async with asyncio.timeout(4):
        while missed_rings._value.get() == before:
            await asyncio.sleep(0.05)
    await ben.close()


async def test_what_is_rolled_back_is_heard_by_nobody(live_cast: Cast) -> None:
    thread = await sync_to_async(live_cast.thread)()
    heard: list[int] = []
    doorbell().listen(conversation_topic(thread.pk), lambda topic, head: heard.append(head))

    def say_and_undo() -> None:
        with transaction.atomic():
            live_cast.says(live_cast.ada, thread, "never mind")
            transaction.set_rollback(True)

    await run_db(say_and_undo)
    await asyncio.sleep(0.2)
    assert heard == []
    await run_db(live_cast.says, live_cast.ada, thread, "this one counts")
    await asyncio.sleep(0.2)
    assert heard, "the same words, committed, are heard"


async def test_twenty_slow_queries_do_not_stand_in_one_line() -> None:
    def slow() -> None:
        if ON_POSTGRESQL:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.1)")
        else:
            threading.Event().wait(0.1)

    await asyncio.gather(*(run_db(connection.ensure_connection) for _ in range(20)))
    began = time.monotonic()
    await asyncio.gather(*(run_db(slow) for _ in range(20)))
    assert time.monotonic() - began <= 0.5


async def test_a_slow_query_of_one_person_does_not_delay_another(live_cast: Cast) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ada = await Inside.ready(live_cast.ada, {"conversation": thread.pk})
    slow = asyncio.create_task(run_db(threading.Event().wait, 1.5))
    began = time.monotonic()
    assert await ada.lives()
    await ada.say("conversation.follow", conversation=thread.pk)
    await ada.take("conversation.snapshot")
    assert time.monotonic() - began < 0.5
    await slow
    await ada.close()
