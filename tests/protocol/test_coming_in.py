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
from chat.actions.messages import remove_message
from chat.kernel.doorbell import conversation_topic, doorbell
from chat.models import Conversation, ConversationEvent
from chat.realtime import feed, protocol
from chat.realtime.arrivals import arrivals
from chat.realtime.catching_up import Found, Look, look_for_all
from chat.realtime.together import Together
from chat.states import Notice
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


async def held_at_the_door(cast: Cast, who: str, thread: Conversation) -> tuple[Inside, Looks]:
    """Somebody whose first look has been read, and is not answered yet."""
    looks = Looks()
    arrivals().looks = Together(looks)
    inside = await Inside.open(getattr(cast, who))
    await inside.resume({"conversation": thread.pk})
    await asyncio.to_thread(looks.has_read.wait, 10)
    return inside, looks


async def others_hear(sal: Inside, thread: Conversation) -> int:
    """Ring, and wait until who sits there already has it all; gives the head."""
    head = await Conversation.objects.values_list("last_seq", flat=True).aget(pk=thread.pk)
    doorbell().rung(conversation_topic(thread.pk), head)
    while (await sal.take("conversation.advanced"))["head"] < head:
        pass
    return head


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
    inside, looks = await held_at_the_door(live_cast, who, thread)

    def others_write() -> None:
        live_cast.says(live_cast.ada, thread, "nobody read this yet", read=False)
        live_cast.says(live_cast.ada, thread, "written meanwhile")

    await sync_to_async(others_write)()
    head = await others_hear(sal, thread)
    looks.may_end.set()
    frames = await frames_until_ready(inside)

    assert looks.asked == 1
    phone = Phone()
    for frame in frames:
        if frame["type"].startswith("conversation."):
            assert phone.take(frame), "a gap"
    fresh = Phone()
    seat = await sync_to_async(access_conversation)(getattr(live_cast, who), thread.pk)
    snapshot = await sync_to_async(feed.snapshot)(seat)
    fresh.take(json.loads(protocol.encode(snapshot)))
    assert phone.screen() == fresh.screen()
    assert phone.head == fresh.head == head
    for socket in (sal, inside):
        await socket.close()


async def test_words_that_came_and_were_removed_while_somebody_came_in_are_not_sent_to_them(
    live_cast: Cast,
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    sal = await Inside.ready(live_cast.sal, {"conversation": thread.pk})
    inside, looks = await held_at_the_door(live_cast, "ben", thread)
    words = "where somebody lives"
    message = await sync_to_async(live_cast.says)(live_cast.ada, thread, words)
    await others_hear(sal, thread)
    notice = Notice.NOT_PUBLISHED
    await sync_to_async(remove_message)(message=message, by=live_cast.mo, notice=notice)
    head = await others_hear(sal, thread)
    looks.may_end.set()
    frames = await frames_until_ready(inside)

    assert looks.asked == 1
    assert frames[-2]["head"] == head
    assert words not in json.dumps(frames)
    for socket in (sal, inside):
        await socket.close()


class Reads:
    """Beside the real read of a room: keeps the first one waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_read = threading.Event()
        self.may_end = threading.Event()
        self._real = feed.events_of
        monkeypatch.setattr(feed, "events_of", self)

    def __call__(self, *args: Any, **kwargs: Any) -> list[ConversationEvent]:
        events = self._real(*args, **kwargs)
        self.has_read.set()
        self.may_end.wait(10)
        return events


async def test_a_read_begun_for_others_leaves_no_hole_for_whoever_looked_before_it(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    sal = await Inside.ready(live_cast.sal, {"conversation": thread.pk})
    ben, looks = await held_at_the_door(live_cast, "ben", thread)
    await sync_to_async(live_cast.says)(live_cast.ada, thread, "after the look")
    await others_hear(sal, thread)
    reads = Reads(monkeypatch)
    await sync_to_async(live_cast.says)(live_cast.ada, thread, "after the read began")
    head = await Conversation.objects.values_list("last_seq", flat=True).aget(pk=thread.pk)
    doorbell().rung(conversation_topic(thread.pk), head)
    await asyncio.to_thread(reads.has_read.wait, 10)
    await sal.say("conversation.unfollow", conversation=thread.pk)
    assert await sal.lives()

    looks.may_end.set()
    phone = Phone()
    for frame in await frames_until_ready(ben):
        if frame["type"].startswith("conversation."):
            assert phone.take(frame), "a gap"
    reads.may_end.set()
    while phone.head < head:
        assert phone.take(await ben.take("conversation.advanced")), "a gap"

    assert words_on(phone)[-2:] == ["after the look", "after the read began"]
    for socket in (sal, ben):
        await socket.close()


def words_on(phone: Phone) -> list[str]:
    return [message["body"] for message in phone.screen()["messages"]]


async def test_a_first_look_is_two_questions_however_many_messages_there_are(
    live_cast: Cast, django_assert_num_queries: Any
) -> None:
    def look() -> None:
        thread = live_cast.thread(by=live_cast.ada)
        live_cast.says_all(live_cast.ada, thread, [f"line {number}" for number in range(5)])
        with django_assert_num_queries(2):
            look_for_all([Look(live_cast.ben, thread.pk, None)])

    await sync_to_async(look)()
