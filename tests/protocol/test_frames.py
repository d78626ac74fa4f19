"""Every frame a phone may send, and what comes back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat.actions.conversations import close_conversation, join_talk, open_talk
from chat.actions.messages import publish_message, remove_message
from chat.models import Conversation, HelpRequest, Message
from chat.realtime.feed import PAGE, REPLAY_LIMIT
from chat.states import Notice
from tests.cast import Cast
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Use an action beside the running loop."""
    return sync_to_async(function, thread_sensitive=True)(*args, **kwargs)


@pytest.fixture
async def thread(live_cast: Cast) -> Any:
    return await call(live_cast.thread)


async def test_resuming_answers_with_the_person_the_follows_and_then_ready(
    live_cast: Cast, thread: Conversation
) -> None:
    ada = await Inside.open(live_cast.ada)
    await ada.resume({"conversation": thread.pk})
    snapshot, person = await ada.both("conversation.snapshot", "person.changed")
    ready = await ada.frame()
    assert ready["type"] == "session.ready"
    assert person["talks"] == []
    assert (snapshot["conversation"], snapshot["head"], snapshot["may_post"]) == (
        thread.pk,
        2,
        True,
    )
    assert [m["body"] for m in snapshot["messages"]] == ["Hello from the corner"]
    assert ready["person"]["nickname"] == "Ada"
    await ada.close()


async def test_a_follow_that_is_refused_does_not_end_the_others(
    live_cast: Cast, thread: Conversation
) -> None:
    talk = await call(open_talk, person=live_cast.ada, by=live_cast.ada)
    ben = await Inside.open(live_cast.ben)
    await ben.resume({"conversation": talk.pk}, {"conversation": thread.pk})
    refusal, snapshot = await ben.both("error", "conversation.snapshot")
    await ben.take("session.ready")
    assert (refusal["code"], refusal["ref"]) == ("not_found", f"conversation:{talk.pk}")
    assert snapshot["conversation"] == thread.pk
    await ben.close()


async def test_a_message_is_accepted_and_only_its_author_and_staff_see_it_waiting(
    live_cast: Cast, thread: Conversation
) -> None:
    sockets = [
        await Inside.ready(who, {"conversation": thread.pk})
        for who in (live_cast.ada, live_cast.ben, live_cast.mo)
    ]
    ada, ben, mo = sockets
    client_id = str(uuid.uuid4())
    await ada.say("message.send", client_id=client_id, conversation=thread.pk, body="is it on")

    accepted = await ada.take("message.accepted")
    assert (accepted["client_id"], accepted["reading"]) == (client_id, "machine")
    assert accepted["message"]["state"] == "pending"
    seen = (await mo.take("conversation.advanced"))["events"][-1]
    assert (seen["kind"], seen["message"]["body"]) == ("message.waiting", "is it on")
    assert await ben.is_quiet()

    message = await call(Message.objects.get, client_id=client_id)
    await call(publish_message, message=message, by=None)
    shown = (await ben.take("conversation.advanced"))["events"]
    assert [(e["kind"], e["message"]["body"]) for e in shown] == [("message.published", "is it on")]
    assert "client_id" not in shown[0]["message"], "another's ids are nobody's business"
    for socket in sockets:
        await socket.close()


async def test_the_same_send_again_gets_the_same_answer(
    live_cast: Cast, thread: Conversation
) -> None:
    ada = await Inside.ready(live_cast.ada)
    send = {"client_id": str(uuid.uuid4()), "conversation": thread.pk, "body": "once"}
    answers = []
    for _ in range(3):
        await ada.say("message.send", **send)
        answers.append(await ada.take("message.accepted"))
    assert answers[0] == answers[1] == answers[2]

    await ada.say("message.send", **{**send, "body": "other words"})
    refusal = await ada.take("error")
    assert (refusal["code"], refusal["ref"]) == ("client_id_reused", send["client_id"])
    assert refusal.get("permanent", True)
    await ada.close()


async def test_words_are_changed_and_taken_back(live_cast: Cast, thread: Conversation) -> None:
    message = await call(live_cast.says, live_cast.ada, thread, "first words")
    ada = await Inside.ready(live_cast.ada, {"conversation": thread.pk})
    ben = await Inside.ready(live_cast.ben, {"conversation": thread.pk})

    await ada.say("message.edit", message=message.pk, body="better words")
    edited = (await ada.take("conversation.advanced"))["events"][-1]
    assert (edited["message"]["body"], edited["message"]["revision"]) == ("better words", 2)
    gone = (await ben.take("conversation.advanced"))["events"][-1]
    assert gone["message_id"] == message.pk
    assert "message" not in gone, "unread words are not for peers"

    await ada.say("message.withdraw", message=message.pk)
    taken_back = (await ada.take("conversation.advanced"))["events"][-1]["message"]
    assert (taken_back["notice"], taken_back["body"]) == ("withdrawn", "")
    for socket in (ada, ben):
        await socket.close()


async def test_nobody_changes_the_words_of_another(live_cast: Cast, thread: Conversation) -> None:
    message = await call(live_cast.says, live_cast.ada, thread, "mine")
    for who in (live_cast.ben, live_cast.mo):
        socket = await Inside.ready(who)
        for kind, more in (("message.edit", {"body": "yours"}), ("message.withdraw", {})):
            await socket.say(kind, message=message.pk, **more)
            assert (await socket.take("error"))["code"] == "not_found"
        await socket.close()
    fresh = await call(Message.objects.get, pk=message.pk)
    assert (fresh.body, fresh.state) == ("mine", "published")


async def test_asking_for_help_gives_a_place_and_somewhere_to_write(live_cast: Cast) -> None:
    ada = await Inside.ready(live_cast.ada)
    client_id = str(uuid.uuid4())
    await ada.say("help.request", client_id=client_id)
    accepted = await ada.take("help.accepted")
    assert accepted["client_id"] == client_id
    await ada.say("help.request", client_id=str(uuid.uuid4()))
    again = await ada.take("help.accepted")
    assert (again["help"], again["conversation"]) == (accepted["help"], accepted["conversation"])

    send = {"client_id": str(uuid.uuid4()), "conversation": accepted["conversation"]}
    await ada.say("message.send", **send, body="I am here")
    assert (await ada.take("message.accepted"))["message"]["state"] == "published"
    await ada.close()


async def test_a_paused_person_may_ask_for_help_and_not_post(
    live_cast: Cast, thread: Conversation
) -> None:
    sal = await Inside.ready(live_cast.sal)
    await sal.say(
        "message.send", client_id=str(uuid.uuid4()), conversation=thread.pk, body="let me"
    )
    assert (await sal.take("error"))["code"] == "posting_paused"
    await sal.say("help.request", client_id=str(uuid.uuid4()))
    await sal.take("help.accepted")
    assert await call(HelpRequest.objects.filter(person=live_cast.sal).count) == 1
    await sal.close()


@pytest.mark.parametrize("colleague", ["mo", "cleo"])
async def test_staff_who_ask_for_help_are_refused_and_stand_in_no_line(
    live_cast: Cast, colleague: str
) -> None:
    socket = await Inside.ready(getattr(live_cast, colleague))
    client_id = str(uuid.uuid4())
    await socket.say("help.request", client_id=client_id)
    refusal = await socket.take("error")
    assert (refusal["code"], refusal["ref"]) == ("not_found", client_id)
    assert await call(HelpRequest.objects.count) == 0
    await socket.close()


async def test_somebody_joining_and_the_end_of_a_talk_are_seen_live(live_cast: Cast) -> None:
    talk = await call(open_talk, person=live_cast.ada, by=live_cast.ada)
    ada = await Inside.ready(live_cast.ada, {"conversation": talk.pk})
    await call(join_talk, talk=talk, user=live_cast.cleo)
    joined = (await ada.take("conversation.advanced"))["events"][-1]
    assert (joined["kind"], joined["person"]["nickname"]) == ("person.joined", "Cleo")
    await call(close_conversation, conversation=talk, by=live_cast.cleo)
    closed = (await ada.take("conversation.advanced"))["events"][-1]
    assert closed["kind"] == "conversation.closed"

    await ada.say("message.send", client_id=str(uuid.uuid4()), conversation=talk.pk, body="wait")
    assert (await ada.take("error"))["code"] == "conversation_closed"
    await ada.close()


async def test_after_unfollowing_nothing_more_comes(live_cast: Cast, thread: Conversation) -> None:
    ben = await Inside.ready(live_cast.ben, {"conversation": thread.pk})
    await ben.say("conversation.unfollow", conversation=thread.pk)
    assert await ben.lives()
    await call(live_cast.says, live_cast.ada, thread, "into the void")
    assert await ben.is_quiet()
    await ben.close()


async def test_a_phone_that_was_away_gets_what_it_missed_and_nothing_that_is_gone(
    live_cast: Cast, thread: Conversation
) -> None:
    ben = await Inside.ready(live_cast.ben, {"conversation": thread.pk})
    await ben.close()
    await call(live_cast.says, live_cast.ada, thread, "while you were out")
    removed = await call(live_cast.says, live_cast.ada, thread, "soon gone")
    await call(remove_message, message=removed, by=live_cast.mo, notice=Notice.NOT_PUBLISHED)

    ben = await Inside.open(live_cast.ben)
    await ben.resume({"conversation": thread.pk, "after": 2})
    missed = await ben.take("conversation.advanced")
    assert missed["after"] == 2
    bodies = {e["message"]["body"] for e in missed["events"] if e.get("message")}
    assert bodies == {"while you were out"}
    assert {e["message_id"] for e in missed["events"] if not e.get("message")} == {removed.pk}
    await ben.close()


async def test_a_phone_far_behind_or_from_another_world_gets_the_whole_page(
    live_cast: Cast, thread: Conversation
) -> None:
    def write_much() -> None:
        for turn in range(REPLAY_LIMIT // 2 + 5):
            live_cast.says(live_cast.ada, thread, f"line {turn}")

    await call(write_much)
    for after in (1, 10**9):
        ben = await Inside.open(live_cast.ben)
        await ben.resume({"conversation": thread.pk, "after": after})
        snapshot = await ben.take("conversation.snapshot")
        assert len(snapshot["messages"]) == PAGE
        assert snapshot["earlier"]
        await ben.close()


@pytest.mark.parametrize("who", ["ada", "mo"])
async def test_many_words_that_wait_to_be_read_hide_none_that_are_published(
    live_cast: Cast, thread: Conversation, who: str
) -> None:
    """In front of a page without one the next change to an older message would hide a hole."""

    def write_much() -> None:
        live_cast.says_all(live_cast.ada, thread, [f"read {turn}" for turn in range(PAGE)])
        live_cast.says_all(
            live_cast.ada, thread, [f"waits {turn}" for turn in range(PAGE + 1)], read=False
        )

    await call(write_much)
    phone = await Inside.open(getattr(live_cast, who))
    await phone.resume({"conversation": thread.pk})
    snapshot = await phone.take("conversation.snapshot")
    bodies = [message["body"] for message in snapshot["messages"]]
    assert bodies == [
        *(f"read {turn}" for turn in range(PAGE)),
        *(f"waits {turn}" for turn in range(1, PAGE + 1)),
    ]
    assert snapshot["earlier"]
    await phone.close()


async def test_staff_are_told_that_a_list_changed_and_young_people_are_not(
    live_cast: Cast,
) -> None:
    mo, ada = await Inside.ready(live_cast.mo), await Inside.ready(live_cast.ada)
    await call(live_cast.asks_for_help, live_cast.ben)
    assert await mo.take("queue.changed") == {"type": "queue.changed"}
    assert await ada.is_quiet()
    for socket in (mo, ada):
        await socket.close()


async def test_the_heads_of_what_is_followed_come_with_every_ping(
    live_cast: Cast, thread: Conversation
) -> None:
    ben = await Inside.ready(live_cast.ben, {"conversation": thread.pk})
    await ben.say("ping")
    assert (await ben.take("heads"))["heads"] == {str(thread.pk): 2}
    await ben.close()
