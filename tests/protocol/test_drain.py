"""An orderly end waits for what people asked for, help before all."""

from __future__ import annotations

import asyncio
import threading
import uuid

import pytest
from django.db import connection, transaction

from chat.models import HelpRequest
from chat.realtime import drain
from chat.realtime.arrivals import arrivals
from chat.realtime.standing import read_visitors
from chat.realtime.together import Together
from tests.cast import Cast
from tests.conftest import ON_POSTGRESQL
from tests.protocol.held import HeldOnce
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


def hold_writes(held: threading.Event, release: threading.Event) -> None:
    """As a slow database would: nobody's request for help is written meanwhile."""
    try:
        with transaction.atomic():  # On SQLite this alone keeps every other writer waiting.
            if ON_POSTGRESQL:
                with connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {HelpRequest._meta.db_table} IN EXCLUSIVE MODE")
            held.set()
            release.wait(10)
    finally:
        connection.close()


async def test_a_request_for_help_in_hand_is_answered_before_the_socket_is_closed(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "ANSWER_SECONDS", 8.0)
    held, release = threading.Event(), threading.Event()
    ada = await Inside.ready(live_cast.ada)
    slow = asyncio.create_task(asyncio.to_thread(hold_writes, held, release))
    await asyncio.to_thread(held.wait, 10)

    await ada.say("help.request", client_id=str(uuid.uuid4()))
    ending = asyncio.create_task(drain.drain())
    assert await ada.is_quiet()
    asyncio.get_running_loop().call_later(drain.ARRIVE_SECONDS + 0.5, release.set)

    assert (await ada.take("help.accepted"))["help"]
    assert await ada.ended() == drain.RESTART_CODE
    await ada.close()
    await asyncio.gather(slow, ending)


async def test_whoever_comes_in_while_everybody_is_closed_is_told_to_come_back_too(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "_draining", False)  # And so it is afterwards.
    held, stopped = HeldOnce(read_visitors), asyncio.Event()
    arrivals().visitors = Together(held)
    late = await Inside.open(live_cast.ada)
    await held.has_read()
    drain.begin(stopped.set)
    await stopped.wait()
    held.go_on()
    assert await late.ended() == drain.RESTART_CODE
    await late.close()
