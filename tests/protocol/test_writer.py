"""Sends are saved in groups, and a group that has to wait does not keep other talks waiting."""

from __future__ import annotations

import asyncio
import gc
import threading
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from chat.actions.sending import Draft
from chat.models import Conversation, Message
from chat.realtime.writer import writer
from tests.cast import Cast
from tests.protocol.inside import Inside

pytestmark = [
    pytest.mark.real,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("bell"),
]


@contextmanager
def held_by_somebody_else(conversation_id: int) -> Iterator[None]:
    """The row of a conversation, locked in a transaction of another thread."""
    has_it, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Conversation.objects.select_for_update().get(pk=conversation_id)
                has_it.set()
                may_end.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert has_it.wait(10)
    try:
        yield
    finally:
        may_end.set()
        thread.join()


async def somebody_waits_for_a_lock() -> None:
    async with asyncio.timeout(10):
        while not await sync_to_async(_waits)():
            await asyncio.sleep(0.01)


def _waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


async def test_a_talk_that_waits_for_the_database_holds_up_no_other_and_keeps_its_order(
    live_cast: Cast,
) -> None:
    stuck = await sync_to_async(live_cast.thread)(by=live_cast.ben)
    free = await sync_to_async(live_cast.thread)(by=live_cast.ben)
    ada, ben = await Inside.ready(live_cast.ada), await Inside.ready(live_cast.ben)

    async def say(who: Inside, thread: Conversation, body: str) -> str:
        client_id = str(uuid.uuid4())
        await who.say("message.send", client_id=client_id, conversation=thread.pk, body=body)
        return client_id

    with held_by_somebody_else(stuck.pk):
        words = ["one", "two", "three"]
        sent = [await say(ada, stuck, words[0])]
        await somebody_waits_for_a_lock()
        await say(ben, free, "hello")
        await ben.take("message.accepted")
        sent += [await say(ada, stuck, body) for body in words[1:]]
        await say(ben, free, "hello again")
        await ben.take("message.accepted")
        assert not await Message.objects.filter(conversation=stuck, author=live_cast.ada).aexists()
    answers = [(await ada.take("message.accepted"))["client_id"] for _ in words]
    assert answers == sent
    saved = Message.objects.filter(conversation=stuck, author=live_cast.ada).order_by("pk")
    assert [message.body async for message in saved] == words
    for inside in (ada, ben):
        await inside.close()


async def test_a_message_that_was_told_is_let_go_without_the_collector(live_cast: Cast) -> None:
    thread = await sync_to_async(live_cast.thread)(by=live_cast.ben)
    ada = await Inside.ready(live_cast.ada, {"conversation": thread.pk})
    gc.collect()
    gc.disable()
    try:
        draft = Draft(live_cast.ben, thread.pk, uuid.uuid4(), "hello")
        sent = weakref.ref(await writer().send(draft))
        async with asyncio.timeout(10):
            while sent() is not None:
                await asyncio.sleep(0.01)
    finally:
        gc.enable()
    await ada.close()
