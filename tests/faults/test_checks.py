"""The checker itself: what a run must not have, planted by hand, is found."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chat.access import access_conversation
from chat.actions.messages import remove_message
from chat.models import Conversation, ConversationEvent, Message, User
from chat.realtime import feed
from chat.realtime.protocol import ServerFrame, encode
from chat.states import Notice
from tests.cast import Cast
from tests.faults.__main__ import MUST_BE_ZERO
from tests.faults.checks import doubled_rows, kept_messages, verdict
from tests.faults.history import History
from tests.faults.phone import FaultPhone, forget_what_is_not_compared


def phone_of(user: User, thread: Conversation, history: History) -> FaultPhone:
    common: dict[str, Any] = {"cookie": "", "urls": [], "dice": random.Random(1)}
    phone = FaultPhone(user.nickname, user.pk, conversations=[thread.pk], history=history, **common)
    show(phone, feed.snapshot(access_conversation(user, thread.pk)))
    return phone


def show(phone: FaultPhone, frame: ServerFrame) -> dict[str, Any]:
    """As it comes down a line; returns what the phone was given."""
    told: dict[str, Any] = json.loads(encode(frame))
    forget_what_is_not_compared(told)
    assert phone.show(told)
    return told


def said(history: History, phone: str, message: Message) -> None:
    client_id = str(message.client_id)
    history.invoke(client_id, phone, message.conversation_id, message.body)
    history.ok(client_id, message.pk)


@dataclass
class Scene:
    """Ada said two things in a thread, both accepted, and both are on Ben's screen."""

    cast: Cast
    thread: Conversation
    history: History
    said: list[Message]
    ben: FaultPhone

    def verdict(self) -> dict[str, Any]:
        return verdict(self.history, [self.ben])


@pytest.fixture
def scene(cast: Cast, tmp_path: Path) -> Iterator[Scene]:
    history = History(tmp_path / "history.jsonl")
    thread = cast.thread()
    messages = [cast.says(cast.ada, thread, words) for words in ("first words", "second words")]
    for message in messages:
        said(history, "Ada", message)
    yield Scene(cast, thread, history, messages, phone_of(cast.ben, thread, history))
    history.close()


@pytest.mark.django_db
def test_a_run_in_which_nothing_went_wrong_but_the_reading_is_said_to_be_that(scene: Scene) -> None:
    found = scene.verdict()

    bad = {name: found[name] for name in MUST_BE_ZERO if found[name]}
    assert found["acked"] == 2
    assert bad == {"unread": 3}, "nobody has assessed anything here"


@pytest.mark.django_db
def test_what_was_removed_and_is_still_shown_is_found(scene: Scene) -> None:
    remove_message(message=scene.said[1], by=scene.cast.mo, notice=Notice.NOT_PUBLISHED)

    assert scene.verdict()["removed_visible"] == 1


@pytest.mark.django_db
def test_accepted_and_gone_and_published_and_on_no_screen_are_both_lost(scene: Scene) -> None:
    scene.history.invoke(str(uuid.uuid4()), "Ada", scene.thread.pk, "never stored")
    scene.history.ok(list(scene.history.sends)[-1], 999_999)
    assert scene.verdict()["lost"] == 1

    scene.cast.says(scene.cast.ada, scene.thread, "words that Ben was not sent")
    assert scene.verdict()["lost"] == 2


@pytest.mark.django_db
def test_the_same_words_in_two_rows_and_on_one_screen_are_doubled(scene: Scene) -> None:
    scene.cast.says(scene.cast.ada, scene.thread, "first words")
    assert scene.verdict()["duplicates"] == 1, "two rows"

    show(scene.ben, feed.snapshot(access_conversation(scene.cast.ben, scene.thread.pk)))
    assert scene.verdict()["duplicates"] == 2, "and twice on Ben's screen"


@pytest.mark.django_db
def test_two_rows_of_one_send_are_doubled_whatever_their_words(scene: Scene) -> None:
    rows = kept_messages()

    assert doubled_rows(rows) == 0
    assert doubled_rows([*rows, replace(rows[-1], pk=999_999, body="other words")]) == 1


@pytest.mark.django_db
def test_what_was_sent_as_new_twice_is_doubled_though_the_screen_shows_it_once(
    scene: Scene,
) -> None:
    again = feed.catch_up(access_conversation(scene.cast.ben, scene.thread.pk), 0)

    def once_more() -> None:
        scene.ben.screens[scene.thread.pk].head = 0
        show(scene.ben, again)

    once_more()
    assert scene.verdict()["duplicates"] == 0, "what a snapshot held may come once more"
    once_more()
    assert scene.verdict()["duplicates"] >= 2


@pytest.mark.django_db
def test_what_came_in_the_wrong_order_is_found_though_the_screen_sorts_it(scene: Scene) -> None:
    frame = feed.snapshot(access_conversation(scene.cast.ben, scene.thread.pk))

    show(scene.ben, msgspec.structs.replace(frame, messages=list(reversed(frame.messages))))

    assert scene.verdict()["order_violations"] == 1


@pytest.mark.django_db
def test_a_hole_in_a_conversations_numbers_is_found(scene: Scene) -> None:
    ConversationEvent.objects.filter(conversation=scene.thread, seq=2).delete()

    assert scene.verdict()["order_violations"] == 1


@pytest.mark.django_db
def test_one_send_that_was_answered_in_two_ways_is_found(scene: Scene) -> None:
    scene.history.ok(str(scene.said[0].client_id), scene.said[0].pk)
    assert scene.verdict()["order_violations"] == 0, "the same answer again is fine"

    scene.history.fail(str(scene.said[0].client_id), "busy")

    assert scene.verdict()["order_violations"] == 1


@pytest.mark.django_db
def test_a_send_without_an_answer_is_unknown(scene: Scene) -> None:
    scene.history.invoke(str(uuid.uuid4()), "Ada", scene.thread.pk, "never answered")

    assert scene.verdict()["unknown"] == 1


@pytest.mark.django_db
def test_words_of_crisis_and_a_call_for_help_without_a_case_are_found(scene: Scene) -> None:
    scene.cast.says(scene.cast.ada, scene.thread, "I want to die, this is a test")
    assert scene.verdict()["crisis_without_case"] == 1

    asked = scene.cast.asks_for_help(scene.cast.ada)
    scene.history.invoke(str(asked.client_id), "Ada", 0, "")
    scene.history.helped(str(asked.client_id), asked.pk)
    assert scene.verdict()["crisis_without_case"] == 2
