"""The checker itself: what a run must not have, planted by hand, is found."""

from __future__ import annotations

import random
import uuid
from pathlib import Path
from typing import Any

import pytest

from chat.access import access_conversation
from chat.actions.messages import remove_message
from chat.models import Conversation, ConversationEvent, Message, User
from chat.realtime import feed
from chat.states import Notice
from tests.cast import Cast
from tests.faults.checks import verdict
from tests.faults.history import History
from tests.faults.phone import FaultPhone
from tests.protocol.phone import Phone


def phone_of(user: User, thread: Conversation, history: History) -> FaultPhone:
    screen = Phone()
    screen.take(feed.snapshot(access_conversation(user, thread.pk)))
    common: dict[str, Any] = {"cookie": "", "urls": [], "dice": random.Random(1)}
    phone = FaultPhone(user.nickname, user.pk, conversations=[thread.pk], history=history, **common)
    phone.screens[thread.pk] = screen
    return phone


def said(history: History, phone: str, message: Message) -> None:
    client_id = str(message.client_id)
    history.invoke(client_id, phone, message.conversation_id, message.body)
    history.ok(client_id, message.pk)


@pytest.mark.django_db
def test_the_checker_finds_every_kind_of_loss(cast: Cast, tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    thread = cast.thread()
    kept = cast.says(cast.ada, thread, "kept words")
    removed = cast.says(cast.ada, thread, "removed words")
    said(history, "Ada", kept)
    said(history, "Ada", removed)
    ben = phone_of(cast.ben, thread, history)

    clean = verdict(history, [ben])
    assert (clean["acked"], clean["lost"], clean["removed_visible"]) == (2, 0, 0)
    assert (clean["duplicates"], clean["order_violations"]) == (0, 0)
    assert clean["unread"] == 3, "nobody has assessed anything here"

    remove_message(message=removed, by=cast.mo, notice=Notice.NOT_PUBLISHED)
    assert verdict(history, [ben])["removed_visible"] == 1

    cast.says(cast.ada, thread, "kept words")
    doubled = verdict(history, [ben])
    assert doubled["duplicates"] == 1
    assert doubled["lost"] == 1, "published, and not on Ben's screen"

    cast.says(cast.ada, thread, "I want to die, this is a test")
    assert verdict(history, [ben])["crisis_without_case"] == 1

    history.invoke(str(uuid.uuid4()), "Ada", thread.pk, "never stored")
    history.ok(list(history.sends)[-1], 999_999)
    assert verdict(history, [ben])["lost"] == 3

    ConversationEvent.objects.filter(conversation=thread, seq=2).delete()
    assert verdict(history, [ben])["order_violations"] == 1
    history.close()
