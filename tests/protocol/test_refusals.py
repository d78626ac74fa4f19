"""Whatever arrives on a socket, the answer is a frame with a stable code, and the socket lives."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat.actions.conversations import leave_talk, open_talk
from chat.models import Message, User
from chat.realtime import consumer
from chat.realtime.tickets import make_ticket
from chat.words import REFUSALS
from tests.cast import Cast
from tests.protocol.inside import HOST, Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]

ID = str(uuid.uuid4())


def send_with(**more: Any) -> str:
    frame = {"type": "message.send", "client_id": ID, "conversation": 1, "body": "hello", **more}
    return json.dumps(frame)


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "bytes": (b"\x00\x01", "frame_not_text"),
    "nothing": ("", "frame_not_json"),
    "half a frame": ('{"type":"ping"', "frame_not_json"),
    "two frames": ('{"type":"ping"}{"type":"ping"}', "frame_not_json"),
    "a comment": ('{"type":"ping"} // hello', "frame_not_json"),
    "a key twice": ('{"type":"ping","type":"ping"}', "frame_not_json"),
    "a key twice with a blank": ('{"type":"ping","type" :"ping"}', "frame_not_json"),
    "a key twice in escapes": (
        '{"type":"message.withdraw","message":1,"\\u006dessage":2}',
        "frame_not_json",
    ),
    "a key twice and words": (
        '{"type":"message.edit","message":1,"body":"so: {","body":"so"}',
        "frame_not_json",
    ),
    "not a number": (
        '{"type":"conversation.follow","conversation":NaN}',
        "frame_not_json",
    ),
    "without end": (
        '{"type":"conversation.follow","conversation":Infinity}',
        "frame_not_json",
    ),
    "half a character": (
        '{"type":"message.edit","message":1,"body":"\\ud800"}',
        "frame_not_json",
    ),
    "very deep": ("[" * 5000 + "]" * 5000, "frame_not_json"),
    "deep inside a frame": (
        '{"type":"session.resume","ticket":"x","follow":' + "[" * 300 + "]" * 300 + "}",
        "frame_not_json",
    ),
    "nine deep": (
        '{"type":"session.resume","ticket":"x","follow":' + "[" * 8 + "]" * 8 + "}",
        "frame_not_json",
    ),
    "an open string full of escapes": (
        '{"type":"message.edit","message":1,"body":"[[[[[[[[[' + '\\"' * 8000,
        "frame_not_json",
    ),
    "a number": ("7", "frame_unknown"),
    "a list": ("[]", "frame_unknown"),
    "null": ("null", "frame_unknown"),
    "no type": ("{}", "frame_unknown"),
    "an unknown type": ('{"type":"message.publish","message":1}', "frame_unknown"),
    "a server's type": ('{"type":"queue.changed"}', "frame_unknown"),
    "a field missing": ('{"type":"message.withdraw"}', "frame_unknown"),
    "an id below one": ('{"type":"message.withdraw","message":0}', "frame_unknown"),
    "an id past all ids": (
        '{"type":"message.withdraw","message":9223372036854775808}',
        "frame_unknown",
    ),
    "an id in halves": ('{"type":"message.withdraw","message":1.5}', "frame_unknown"),
    "an id as text": ('{"type":"message.withdraw","message":"1"}', "frame_unknown"),
    "no UUID": (send_with(client_id="one"), "frame_unknown"),
    "far too many words": (send_with(body="x" * 8001), "not_found"),
    "more bytes than a frame has": (
        '{"type":"message.edit","message":1,"body":"' + "é" * 8000 + "ab" * 200 + '"}',
        "frame_too_large",
    ),
}


async def test_brackets_that_somebody_draws_with_are_words(live_cast: Cast) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ada = await Inside.ready(live_cast.ada)
    await ada.raw(send_with(conversation=thread.pk, body='["' * 300))
    assert (await ada.take("message.accepted"))["message"]["body"] == '["' * 300
    await ada.close()


@pytest.mark.parametrize("what", ["x" * 70_000, b"\0" * 70_000], ids=["text", "bytes"])
async def test_far_too_much_at_once_ends_the_socket(what: str | bytes, live_cast: Cast) -> None:
    ada = await Inside.ready(live_cast.ada)
    await ada.raw(what)
    assert await ada.ended() == 1009


FORGED = ("author", "user", "role", "seq", "state", "position", "at", "notice", "machine_reading")


@pytest.mark.parametrize("what", BROKEN)
async def test_the_socket_outlives(what: str, live_cast: Cast) -> None:
    text, code = BROKEN[what]
    ada = await Inside.ready(live_cast.ada)
    await ada.raw(text)
    refusal = await ada.take("error")
    assert (refusal["code"], refusal.get("permanent", True)) == (code, True)
    assert refusal["text"] == str(REFUSALS[code])
    assert await ada.lives()
    await ada.close()


async def test_a_frame_can_set_nothing_that_is_ours_to_set(live_cast: Cast) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ada = await Inside.ready(live_cast.ada)
    for field in FORGED:
        await ada.raw(send_with(conversation=thread.pk, **{field: 1}))
        assert (await ada.take("error"))["code"] == "frame_unknown", field
    assert await sync_to_async(Message.objects.filter(client_id=ID).count)() == 0
    await ada.close()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "message_empty"),
        ("   ", "message_empty"),
        ("a\x00b", "message_has_nul"),
        ("x" * 4001, "message_too_long"),
        ("x" * 12_000, "message_too_long"),
    ],
)
async def test_words_we_cannot_keep_are_refused_under_their_own_id(
    body: str, code: str, live_cast: Cast
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ada = await Inside.ready(live_cast.ada)
    await ada.raw(send_with(conversation=thread.pk, body=body))
    refusal = await ada.take("error")
    assert (refusal["code"], refusal["ref"]) == (code, ID)
    assert await ada.lives()
    await ada.close()


async def test_absent_and_forbidden_conversations_are_refused_alike(live_cast: Cast) -> None:
    talk = await sync_to_async(open_talk)(person=live_cast.ada, by=live_cast.ada)
    eve = await Inside.ready(live_cast.eve)
    answers = []
    for conversation in (talk.pk, talk.pk + 1000):
        await eve.say("conversation.follow", conversation=conversation)
        answers.append(await eve.take("error"))
        await eve.say(
            "message.send", client_id=str(uuid.uuid4()), conversation=conversation, body="hi"
        )
        refusal = await eve.take("error")
        answers.append({**refusal, "ref": ""})
    assert len({json.dumps({**answer, "ref": ""}) for answer in answers}) == 1
    await eve.close()


async def test_every_frame_is_checked_again_against_what_holds_now(live_cast: Cast) -> None:
    talk = await sync_to_async(open_talk)(person=live_cast.ada, by=live_cast.ada)
    ada = await Inside.ready(live_cast.ada, {"conversation": talk.pk})
    await sync_to_async(leave_talk)(talk=talk, user=live_cast.ada)
    await ada.raw(send_with(conversation=talk.pk))
    assert (await ada.take("error"))["code"] == "not_found"
    await ada.close()


async def test_an_account_that_is_shut_out_loses_its_socket_with_the_next_frame(
    live_cast: Cast,
) -> None:
    thread = await sync_to_async(live_cast.thread)()
    ben = await Inside.ready(live_cast.ben)
    await sync_to_async(User.objects.filter(pk=live_cast.ben.pk).update)(is_active=False)
    await ben.say("conversation.follow", conversation=thread.pk)
    assert await ben.ended() == 4403


# Before a phone has shown its ticket.


async def test_nothing_is_obeyed_before_the_ticket_was_shown(live_cast: Cast) -> None:
    ada = await Inside.open(live_cast.ada)
    await ada.raw(send_with())
    assert (await ada.take("error"))["code"] == "not_resumed"
    await ada.resume()
    await ada.take("session.ready")
    await ada.resume()
    assert (await ada.take("error"))["code"] == "frame_unknown", "once is enough"
    await ada.close()


@pytest.mark.parametrize("ticket", ["", "nonsense", "another's"])
async def test_a_ticket_of_nobody_or_of_another_session_ends_the_socket(
    ticket: str, live_cast: Cast
) -> None:
    ada, ben = await Inside.open(live_cast.ada), await Inside.open(live_cast.ben)
    shown = make_ticket(ben.session_key) if ticket == "another's" else ticket
    await ada.say("session.resume", ticket=shown)
    assert (await ada.take("error"))["code"] == "ticket_invalid"
    assert await ada.ended() == 4401
    await ben.close()


async def test_a_socket_without_a_session_is_told_to_sign_in(db: None) -> None:
    nobody = await Inside.open(None)
    assert nobody.accepted, "accepted first: a browser hides the code of a refused handshake"
    assert await nobody.ended() == 4401


async def test_a_phone_whose_ticket_is_late_is_told_to_come_again_not_that_its_session_is_over(
    live_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RESUME_WITHIN_SECONDS", 0.2)
    ada = await Inside.open(live_cast.ada)
    assert await ada.ended(within=5) == 1013


# Where the page came from.

OURS = "https://lantern.example"


@pytest.mark.parametrize(
    "origin",
    [
        "http://lantern.example",
        "https://lantern.example:8443",
        "https://lantern.example.evil.example",
        "https://evil.example/lantern.example",
        "https://sub.lantern.example",
        "https://LANTERN.example ",
        "null",
        "",
        None,
    ],
)
async def test_a_foreign_page_gets_no_socket(
    origin: str | None, live_cast: Cast, settings: Any
) -> None:
    settings.ALLOWED_ORIGINS = [OURS]
    ada = await Inside.open(live_cast.ada, origin=origin)
    assert not ada.accepted
    assert ada.code == 4403


async def test_our_own_page_gets_one(live_cast: Cast, settings: Any) -> None:
    settings.ALLOWED_ORIGINS = [OURS]
    ada = await Inside.open(live_cast.ada, origin=OURS)
    assert ada.accepted
    await ada.close()


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        (f"http://{HOST}", True),
        (f"https://{HOST}", True),
        (f"http://{HOST}:81", False),
        ("http://other.example", False),
        (f"ftp://{HOST}", False),
        ("null", False),
        (None, False),
    ],
)
async def test_without_a_list_the_pages_own_host_counts(
    origin: str | None, accepted: bool, live_cast: Cast
) -> None:
    ada = await Inside.open(live_cast.ada, origin=origin)
    assert ada.accepted is accepted
    await ada.close()


async def test_in_production_no_list_means_nobody(live_cast: Cast, settings: Any) -> None:
    settings.PRODUCTION = True
    ada = await Inside.open(live_cast.ada)
    assert not ada.accepted
