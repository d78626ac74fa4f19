"""Who is writing: seen by the others in a private talk, for a few seconds, and kept nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings

from chat.actions.conversations import close_conversation, join_talk, leave_talk, open_talk
from chat.models import Conversation
from chat.realtime import limits
from chat.realtime.protocol import TYPING_SECONDS
from tests.cast import Cast
from tests.conftest import act, cookie_for
from tests.protocol.inside import Inside
from tests.protocol.line import Line
from tests.servers import Site

pytestmark = pytest.mark.django_db(transaction=True)


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Use an action beside the running loop."""
    return sync_to_async(function, thread_sensitive=True)(*args, **kwargs)


def rows() -> int:
    return sum(model.objects.count() for model in apps.get_models())


@pytest.fixture
async def talk(live_cast: Cast) -> Conversation:
    """Ada's talk, with Cleo in it."""
    found = await call(open_talk, person=live_cast.ada, by=live_cast.ada)
    await call(join_talk, talk=found, user=live_cast.cleo)
    return found


@pytest.fixture
async def there(live_cast: Cast, talk: Conversation, bell: None) -> Any:
    """Phones of everybody who may read the talk: Ada twice, Cleo, and Lee, who only reads along."""
    follow = {"conversation": talk.pk}
    people = (live_cast.ada, live_cast.ada, live_cast.cleo, live_cast.lee)
    sockets = [await Inside.ready(who, follow) for who in people]
    yield sockets
    for socket in sockets:
        await socket.close()


async def test_the_others_in_the_talk_see_it_and_nobody_else_does(
    live_cast: Cast, talk: Conversation, there: list[Inside]
) -> None:
    ada, adas_other, cleo, lee = there
    await ada.say("typing.tell", conversation=talk.pk)
    seen = await cleo.take("person.typing")
    assert (seen["conversation"], seen["person"], seen["seconds"]) == (
        talk.pk,
        live_cast.ada.pk,
        TYPING_SECONDS,
    )
    assert "Ada" not in str(seen)
    for socket in (ada, adas_other, lee):
        assert await socket.is_quiet()

    await cleo.say("typing.tell", conversation=talk.pk)
    for socket in (ada, adas_other):
        assert (await socket.take("person.typing"))["person"] == live_cast.cleo.pk
    assert await lee.is_quiet()


async def test_it_leaves_no_row_and_no_line_in_the_log(
    talk: Conversation, there: list[Inside], caplog: pytest.LogCaptureFixture
) -> None:
    ada, _, cleo, _ = there
    before = await call(rows)
    with caplog.at_level("DEBUG"):
        await ada.say("typing.tell", conversation=talk.pk)
        await cleo.take("person.typing")
    assert await call(rows) == before
    assert "typing" not in caplog.text


async def test_what_is_told_too_often_is_dropped_without_a_word(
    talk: Conversation, there: list[Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _, cleo, _ = there
    monkeypatch.setattr(limits, "TYPING_EVERY_SECONDS", 0.6)
    for _ in range(5):
        await ada.say("typing.tell", conversation=talk.pk)
    assert await ada.lives()
    await cleo.take("person.typing")
    assert await cleo.is_quiet()
    await asyncio.sleep(0.4)
    await ada.say("typing.tell", conversation=talk.pk)
    await cleo.take("person.typing")


async def test_in_a_space_and_in_a_talk_of_others_it_is_refused_alike(
    live_cast: Cast, talk: Conversation, bell: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TYPING_EVERY_SECONDS", 0)
    thread = await call(live_cast.thread)
    for who in (live_cast.ben, live_cast.mo, live_cast.lee, live_cast.eve):
        socket = await Inside.ready(who)
        for conversation in (thread.pk, talk.pk, 10**9):
            await socket.say("typing.tell", conversation=conversation)
            assert (await socket.take("error"))["code"] == "not_found"
        await socket.close()


async def test_whoever_left_and_whoever_is_in_a_talk_that_ended_tells_nobody(
    live_cast: Cast, talk: Conversation, there: list[Inside]
) -> None:
    ada, _, cleo, _ = there
    await call(leave_talk, talk=talk, user=live_cast.cleo)
    await cleo.say("typing.tell", conversation=talk.pk)
    assert (await cleo.take("error"))["code"] == "not_found"
    await call(close_conversation, conversation=talk, by=live_cast.lee)
    await ada.take("conversation.advanced")
    await ada.say("typing.tell", conversation=talk.pk)
    assert (await ada.take("error"))["code"] == "conversation_closed"


@pytest.mark.real
@pytest.mark.servers
async def test_it_crosses_from_one_web_process_to_another_and_a_killed_one_leaves_nothing(
    live_cast: Cast, talk: Conversation, live_site: Callable[..., Site]
) -> None:
    def key(user: Any) -> str:
        return act(cookie_for, user)[settings.SESSION_COOKIE_NAME]

    one, other = live_site().start_web(), live_site().start_web()
    ada = await Line.ready(one.socket_url, key(live_cast.ada), [(talk.pk, None)])
    cleo = await Line.ready(other.socket_url, key(live_cast.cleo), [(talk.pk, None)])
    await ada.say("typing.tell", conversation=talk.pk)
    assert (await cleo.take("person.typing", within=3))["person"] == live_cast.ada.pk
    await asyncio.to_thread(one.kill_web)

    late = await Line.ready(other.socket_url, key(live_cast.cleo), [(talk.pk, None)])
    with pytest.raises(TimeoutError):
        await late.take("person.typing", within=2)
    for line in (cleo, late):
        await line.close()
