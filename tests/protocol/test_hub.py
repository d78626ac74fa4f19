"""One hub for a process: what is heard once is read once and encoded once, however many listen."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from chat.kernel.doorbell import conversation_topic, doorbell, gather_rings
from chat.models import Conversation, ConversationEvent
from chat.realtime import connection as connections
from chat.realtime import drawing, feed, protocol
from chat.realtime import writer as writers
from chat.realtime.connection import RESYNC_CODE, Connection
from chat.realtime.hub import ELSEWHERE_CODE, hub
from chat.realtime.limits import BUSY_CODE, census
from chat.realtime.wire import Encoded
from tests.cast import Cast
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


class Reads:
    """Stands beside the real read of the feed: counts it, and can keep it waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.queries: list[int] = []
        self.under_way = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()
        self._real: Callable[..., list[ConversationEvent]] = feed.events_of
        monkeypatch.setattr(feed, "events_of", self)

    def __call__(self, *args: Any, **kwargs: Any) -> list[ConversationEvent]:
        with CaptureQueriesContext(database) as asked:
            events = self._real(*args, **kwargs)
        self.queries.append(len(asked))
        self.under_way.set()
        self.may_end.wait(10)
        return events


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


async def say(cast: Cast, thread: Conversation, words: str) -> int:
    """Somebody's published words, without a ring; returns the new head."""

    def act() -> int:
        with gather_rings():
            cast.says(cast.ada, thread, words)
        return Conversation.objects.values_list("last_seq", flat=True).get(pk=thread.pk)

    return await sync_to_async(act)()


async def words_until(inside: Inside, last: str) -> list[str]:
    """The words that arrive, in order and each once, up to and with these.

    (Words that wait and are then published are two changes.)
    """
    found: dict[str, None] = {}
    while last not in found:
        for event in (await inside.take("conversation.advanced"))["events"]:
            if event.get("message"):
                found[event["message"]["body"]] = None
    return list(found)


async def test_a_hundred_rings_during_one_read_cause_one_more(
    live_cast: Cast, reads: Reads
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    topic = conversation_topic(thread.pk)
    ben = await Inside.ready(live_cast.ben, {"conversation": thread.pk})
    reads.may_end.clear()
    doorbell().rung(topic, await say(live_cast, thread, "first"))
    await asyncio.to_thread(reads.under_way.wait, 10)

    for number in range(4):
        head = await say(live_cast, thread, f"meanwhile {number}")
        for _ in range(25):
            doorbell().rung(topic, head)
    reads.may_end.set()

    heard = await words_until(ben, "meanwhile 3")
    assert heard == ["first", *(f"meanwhile {number}" for number in range(4))]
    assert await ben.is_quiet()
    assert len(reads.queries) == 2
    await ben.close()


async def test_one_ring_is_one_read_for_any_number_of_sockets(
    live_cast: Cast, reads: Reads
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    topic = conversation_topic(thread.pk)
    sockets = [await Inside.ready(live_cast.ben, {"conversation": thread.pk})]
    doorbell().rung(topic, await say(live_cast, thread, "to one"))
    await words_until(sockets[0], "to one")
    for who in (live_cast.ada, live_cast.mo, live_cast.ben, live_cast.cleo):
        sockets.append(await Inside.ready(who, {"conversation": thread.pk}))
    doorbell().rung(topic, await say(live_cast, thread, "to all"))
    for socket in sockets:
        await words_until(socket, "to all")
        await socket.close()
    assert len(reads.queries) == 2
    assert reads.queries[0] == reads.queries[1], "and it costs as many queries for five as for one"


async def test_a_ring_in_the_moment_a_reading_ends_is_read_at_once(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.realtime.rooms.READERS", 1)
    monkeypatch.setattr("chat.realtime.hub.SWEEP_SECONDS", 60.0)
    rooms = [await sync_to_async(live_cast.thread)() for _ in range(2)]
    ben = await Inside.ready(live_cast.ben, *({"conversation": room.pk} for room in rooms))
    heads = [await say(live_cast, room, "hello") for room in rooms]
    for room, head in zip(rooms, heads, strict=True):
        # The second time right behind the frame: whoever sent it looks for more and finds none.
        doorbell().rung(conversation_topic(room.pk), head)
        assert (await ben.take("conversation.advanced"))["conversation"] == room.pk
    await ben.close()


class Undrawable:
    """Stands beside the real drawing, which fails ``times`` times for these very words."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, words: str, *, times: int) -> None:
        self._words, self._times = words, times
        self._real: Callable[..., protocol.Part | None] = drawing._drawn
        monkeypatch.setattr(drawing, "_drawn", self)

    def __call__(self, event: ConversationEvent, *reader: Any) -> protocol.Part | None:
        if self._times and event.message is not None and event.message.body == self._words:
            self._times -= 1
            raise ValueError(self._words)
        return self._real(event, *reader)


async def test_words_that_could_not_be_drawn_at_once_are_accepted_and_arrive(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ada = await Inside.ready(live_cast.ada)
    mo = await Inside.ready(live_cast.mo, {"conversation": thread.pk})
    Undrawable(monkeypatch, "are you there", times=1)
    send = {"client_id": str(uuid.uuid4()), "conversation": thread.pk, "body": "are you there"}
    await ada.say("message.send", **send)
    assert (await ada.take("message.accepted"))["client_id"] == send["client_id"]
    assert await words_until(mo, "are you there")
    assert "ValueError" in caplog.text
    assert "are you there" not in caplog.text
    for inside in (ada, mo):
        await inside.close()


async def test_a_room_that_cannot_be_drawn_holds_up_no_other_and_is_asked_again(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.realtime.rooms.READERS", 1)
    monkeypatch.setattr("chat.realtime.hub.SWEEP_SECONDS", 60.0)
    rooms = [await sync_to_async(live_cast.thread)() for _ in range(2)]
    ben = await Inside.ready(live_cast.ben, *({"conversation": room.pk} for room in rooms))
    Undrawable(monkeypatch, "hello", times=1)
    heads = [
        await say(live_cast, room, words)
        for room, words in zip(rooms, ("hello", "and here"), strict=True)
    ]
    for room, head in zip(rooms, heads, strict=True):
        doorbell().rung(conversation_topic(room.pk), head)
    assert await words_until(ben, "and here") == ["and here"]
    doorbell().rung(conversation_topic(rooms[0].pk), heads[0])
    assert await words_until(ben, "hello") == ["hello"]
    await ben.close()


async def test_each_frame_is_encoded_once_for_each_audience(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: dict[int, list[Encoded]] = defaultdict(list)
    encoded: list[protocol.ServerFrame] = []
    pass_on, encode = Connection.pass_on, protocol.encode

    def beside_pass_on(self: Connection, frame: Encoded) -> None:
        if '"conversation.advanced"' in frame.text:
            handed[self.user.pk].append(frame)
        pass_on(self, frame)

    def beside_encode(frame: protocol.ServerFrame) -> str:
        if isinstance(frame, protocol.ConversationAdvanced):
            encoded.append(frame)
        return encode(frame)

    thread = await sync_to_async(live_cast.thread)()
    everybody = [live_cast.ada, *[live_cast.ben] * 3, live_cast.sal, live_cast.mo, live_cast.cleo]
    sockets = [await Inside.ready(who, {"conversation": thread.pk}) for who in everybody]
    head = await say(live_cast, thread, "hello all")
    monkeypatch.setattr(Connection, "pass_on", beside_pass_on)
    monkeypatch.setattr(protocol, "encode", beside_encode)
    doorbell().rung(conversation_topic(thread.pk), head)
    for socket in sockets:
        await words_until(socket, "hello all")
        await socket.close()

    frames = {id(frame) for mine in handed.values() for frame in mine}
    assert sum(map(len, handed.values())) == len(everybody)
    assert len(frames) == len(encoded) == 3, "the author's, her peers', and the team's"
    assert len({id(frame) for frame in handed[live_cast.ben.pk] + handed[live_cast.sal.pk]}) == 1


async def test_a_phone_that_does_not_read_is_closed_and_catches_up_by_seq(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "OUTBOX_FRAMES", 4)
    thread = await sync_to_async(live_cast.thread)()
    taken: list[str] = []
    closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def takes_two_frames_and_no_more(event: dict[str, Any]) -> None:
        if event["type"] == "websocket.close":
            closed.set_result(event["code"])
        elif len(taken) < 2:
            taken.append(event["text"])
        else:
            await asyncio.Event().wait()

    stuck = Connection(live_cast.ben, "a session", takes_two_frames_and_no_more)
    hub().enter(stuck)
    await hub().tell(stuck)
    await hub().rooms.follow(stuck, thread.pk, None)
    ben = await Inside.ready(live_cast.ben, {"conversation": thread.pk})
    snapshot = json.loads(taken[-1])
    said = [f"line {number}" for number in range(8)]
    for words in said:
        doorbell().rung(conversation_topic(thread.pk), await say(live_cast, thread, words))
        await words_until(ben, words)

    assert await asyncio.wait_for(closed, 10) == RESYNC_CODE
    hub().leave(stuck)
    again = await Inside.open(live_cast.ben)
    await again.resume({"conversation": thread.pk, "after": snapshot["head"]})
    assert await words_until(again, said[-1]) == said
    for inside in (ben, again):
        await inside.close()


async def test_as_many_of_a_persons_sockets_end_as_are_too_many_though_none_has_heard_it_yet(
    live_cast: Cast, settings: Any
) -> None:
    settings.SOCKETS_PER_PERSON = 2
    first, second, third, fourth = [await Inside.ready(live_cast.ben) for _ in range(4)]
    assert [await first.ended(), await second.ended()] == [ELSEWHERE_CODE] * 2
    assert await third.lives()
    assert await fourth.lives()
    for inside in (first, second, third, fourth):
        await inside.close()


async def test_a_full_process_says_so_and_has_room_again_when_somebody_leaves(
    live_cast: Cast, settings: Any
) -> None:
    settings.SOCKETS_PER_PROCESS = census._all + 2
    here = [await Inside.ready(live_cast.ada) for _ in range(2)]
    late = await Inside.open(live_cast.ben)
    assert await late.ended() == BUSY_CODE
    await late.close()
    await here[0].close()
    ben = await Inside.ready(live_cast.ben)
    assert await here[1].lives()
    for inside in (ben, here[1]):
        await inside.close()


async def test_with_too_many_sends_waiting_the_answer_is_busy_and_later_the_same_send_is_taken(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ada = await Inside.ready(live_cast.ada)
    send = {"client_id": str(uuid.uuid4()), "conversation": thread.pk, "body": "still here"}
    with monkeypatch.context() as full:
        full.setattr(writers, "WAITING_LIMIT", 0)
        await ada.say("message.send", **send)
        refusal = await ada.take("error")
    assert (refusal["code"], refusal["ref"]) == ("busy", send["client_id"])
    assert refusal["permanent"] is False
    await ada.say("message.send", **send)
    assert (await ada.take("message.accepted"))["client_id"] == send["client_id"]
    await ada.close()
