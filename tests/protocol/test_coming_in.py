"""Coming into a room where others write: asked once, nothing missed, each sees what is theirs."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat.access import access_conversation
from chat.kernel.doorbell import conversation_topic, doorbell
from chat.models import Conversation
from chat.realtime import feed, protocol
from chat.realtime.arrivals import arrivals
from chat.realtime.catching_up import Found, Look, look_for_all
from chat.realtime.together import Together
from tests.cast import Cast
from tests.protocol.inside import Inside
from tests.protocol.phone import Phone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


class Looks:
    """Beside the real first look of those who come in: counts it, and can keep it waiting."""

    def __init__(self) -> None:
        self.asked = 0
        self.has_read = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, looks: Sequence[Look]) -> list[Found | None]:
        self.asked += len(looks)
        found = look_for_all(looks)
        self.has_read.set()
        self.may_end.wait(10)
        return found


async def frames_until_ready(inside: Inside) -> list[dict[str, Any]]:
    found = [await inside.frame()]
    while found[-1]["type"] != "session.ready":
        found.append(await inside.frame())
    return found


@pytest.mark.parametrize("who", ["ada", "ben", "mo"])
async def test_whoever_comes_in_while_others_write_asks_once_and_misses_nothing(
    live_cast: Cast, who: str
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    sal = await Inside.ready(live_cast.sal, {"conversation": thread.pk})
    looks = Looks()
    arrivals().looks = Together(looks)
    newcomer = getattr(live_cast, who)
    inside = await Inside.open(newcomer)
    await inside.resume({"conversation": thread.pk})
    await asyncio.to_thread(looks.has_read.wait, 10)

    def others_write() -> int:
        live_cast.says(live_cast.ada, thread, "nobody read this yet", read=False)
        live_cast.says(live_cast.ada, thread, "written meanwhile")
        return Conversation.objects.values_list("last_seq", flat=True).get(pk=thread.pk)

    head = await sync_to_async(others_write)()
    doorbell().rung(conversation_topic(thread.pk), head)
    while (await sal.take("conversation.advanced"))["head"] < head:
        pass
    looks.may_end.set()
    frames = await frames_until_ready(inside)

    assert looks.asked == 1
    phone = Phone()
    for frame in frames:
        if frame["type"].startswith("conversation."):
            assert phone.take(frame), "a gap"
    fresh = Phone()
    seat = await sync_to_async(access_conversation)(newcomer, thread.pk)
    snapshot = await sync_to_async(feed.snapshot)(seat)
    fresh.take(json.loads(protocol.encode(snapshot)))
    assert phone.screen() == fresh.screen()
    assert phone.head == fresh.head == head
    for socket in (sal, inside):
        await socket.close()
