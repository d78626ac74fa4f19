"""What goes down one socket and comes up from it: in order, in one piece, and never held up."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat.kernel.errors import Busy, DomainError
from chat.models import User
from chat.realtime import commands, protocol
from chat.realtime.connection import Connection, corked
from chat.realtime.inbox import Inbox, Told
from chat.realtime.wire import DaphneWire, Encoded
from tests.cast import Cast
from tests.protocol.inside import Inside


def ping() -> protocol.Ping:
    return protocol.Ping()


class Phone:
    """An ASGI ``send`` that keeps what it is given."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def send(self, message: dict[str, Any]) -> None:
        self.got.append(message["text"])


def test_frames_joined_are_the_frames_one_behind_the_other():
    frames = [Encoded("a"), Encoded("ä" * 200), Encoded("z" * 70_000)]

    assert Encoded.joined(frames).framed() == b"".join(frame.framed() for frame in frames)


@pytest.mark.django_db
async def test_corked_frames_go_out_at_the_end_in_order_and_each_as_itself_on_any_server():
    phone, other = Phone(), Phone()
    one = Connection(User(nickname="ada"), "", phone.send)
    two = Connection(User(nickname="ben"), "", other.send)

    with corked():
        one.push("first")
        two.push("for ben")
        with corked():
            one.push("second")
        held = [*phone.got, *other.got]

    assert held == []
    assert (phone.got, other.got) == (["first", "second"], ["for ben"])
    one.push("third")
    assert phone.got == ["first", "second", "third"]


async def test_what_came_before_we_listened_is_heard_first_and_the_goodbye_is_received():
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    socket = SimpleNamespace(application_queue=queue)
    said = [{"type": "websocket.receive", "text": text} for text in ("one", "two")]
    queue.put_nowait(said[0])
    heard: list[dict[str, Any]] = []

    DaphneWire(socket).hear(heard.append)
    socket.application_queue.put_nowait(said[1])
    socket.application_queue.put_nowait({"type": "websocket.disconnect", "code": 1000})

    assert heard == said
    assert (await queue.get())["type"] == "websocket.disconnect"
    assert queue.empty()


class Desk:
    """Takes frames without a task, and is done with each when the test says so."""

    def __init__(self) -> None:
        self.begun: list[Told] = []
        self.refused: list[str] = []
        self.inbox = Inbox(self._obey, self._refuse, self._begin)

    async def _obey(self, frame: protocol.AnyClientFrame) -> None:
        raise AssertionError("it was begun, and is obeyed as well")

    def _refuse(self, code: str, ref: str, permanent: bool) -> None:
        self.refused.append(code)

    def _begin(self, frame: protocol.AnyClientFrame, told: Told) -> bool:
        self.begun.append(told)
        return True


def test_a_frame_begun_keeps_the_next_one_waiting_until_it_is_answered():
    desk = Desk()
    desk.inbox.put(ping())
    desk.inbox.put(ping())

    assert len(desk.begun) == 1
    desk.begun[0](Busy())
    assert (len(desk.begun), desk.refused) == (2, ["busy"])
    desk.begun[1](None)
    assert not desk.inbox.is_working


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("bell")
async def test_a_send_whose_answer_breaks_is_refused_and_the_next_one_is_answered(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await sync_to_async(live_cast.thread)(by=live_cast.ben)
    ben = await Inside.ready(live_cast.ben)

    async def say() -> None:
        send = {"client_id": str(uuid.uuid4()), "conversation": thread.pk, "body": "hello"}
        await ben.say("message.send", **send)

    with monkeypatch.context() as broken:
        broken.setattr(commands, "accepted", lambda message: message.no_such_thing)
        await say()
        assert (await ben.take("error"))["code"] == "internal"
    await say()
    await ben.take("message.accepted")
    await ben.close()


def test_a_frame_that_cannot_be_begun_is_refused_and_the_next_one_is_taken():
    refused: list[str] = []

    async def obey(frame: protocol.AnyClientFrame) -> None:
        raise AssertionError

    def begin(frame: protocol.AnyClientFrame, told: Told) -> bool:
        raise (Busy() if not refused else ValueError("not ours"))

    inbox = Inbox(obey, lambda code, _ref, _permanent: refused.append(code), begin)
    inbox.put(ping())
    inbox.put(ping())

    assert refused == ["busy", "internal"]
    assert not inbox.is_working


async def test_after_a_frame_that_has_to_wait_the_line_goes_on():
    obeyed: list[protocol.AnyClientFrame] = []

    async def obey(frame: protocol.AnyClientFrame) -> None:
        await asyncio.sleep(0)
        obeyed.append(frame)
        if len(obeyed) == 1:
            raise DomainError("first")

    refused: list[str] = []
    inbox = Inbox(obey, lambda code, _ref, _permanent: refused.append(code), lambda *_: False)
    for _ in range(3):
        inbox.put(ping())
    async with asyncio.timeout(5):
        while inbox.is_working:
            await asyncio.sleep(0)

    assert len(obeyed) == 3
    assert refused == ["first"]
