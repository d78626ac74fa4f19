"""A phone follows all that it asked for, or its line ends: never half of it, and nothing said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from chat.kernel import db as kernel_db
from chat.kernel.db import run_db
from chat.kernel.doorbell import doorbell, person_topic
from chat.models import HelpRequest
from chat.realtime.connection import RESYNC_CODE
from tests.cast import Cast
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


@contextmanager
def one_free_thread() -> Iterator[None]:
    """Only one thread for the database: who asks first is answered first."""
    go_on = threading.Event()
    for _ in range(kernel_db.POOL_SIZE - 1):
        kernel_db._pool.submit(go_on.wait, 20)
    try:
        yield
    finally:
        go_on.set()


async def test_a_conversation_followed_while_the_person_is_looked_at_again_stays_followed(
    live_cast: Cast,
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ada = await Inside.ready(live_cast.ada)

    async def look_again() -> None:
        for _ in range(6):
            doorbell().rung(person_topic(live_cast.ada.pk), 0)
            await run_db(int)

    with one_free_thread():
        await look_again()
        await ada.say("conversation.follow", conversation=thread.pk)
        await look_again()
        await ada.take("conversation.snapshot")
    await run_db(live_cast.says, live_cast.ben, thread, "still here")

    frame = await ada.take("conversation.advanced")
    assert {event["message"]["body"] for event in frame["events"]} == {"still here"}
    await ada.close()


async def test_a_phone_whose_session_could_not_begin_is_sent_to_try_again(
    live_cast: Cast,
) -> None:
    table = HelpRequest._meta.db_table

    def rename(old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{old}" RENAME TO "{new}"')

    ada = await Inside.open(live_cast.ada)
    await sync_to_async(rename)(table, "away")
    try:
        await ada.resume()
        assert await ada.ended() == RESYNC_CODE, "not a line that answers pings and is never ready"
    finally:
        await sync_to_async(rename)("away", table)
    await (await Inside.ready(live_cast.ada)).close()
