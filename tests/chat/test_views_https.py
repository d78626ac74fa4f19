"""A conversation over plain HTTPS: the same frames, ids and refusals as on the socket."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chat import words
from chat.actions.conversations import close_conversation, open_talk
from chat.models import Message, User
from chat.realtime import feed
from chat.states import MachineReading, MessageState, Notice
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def send(client: Client, conversation: int, body: object, **more: Any) -> Any:
    return client.post(
        f"/conversations/{conversation}/send",
        json.dumps(body) if not isinstance(body, str) else body,
        content_type="application/json",
        **more,
    )


def words_for(body: str = "hello") -> dict[str, str]:
    return {"client_id": str(uuid.uuid4()), "body": body}


def test_a_send_is_answered_with_the_frame_of_the_socket(client: Client, cast: Cast) -> None:
    thread = cast.thread()
    client.force_login(cast.ben)
    draft = words_for()
    first, again = send(client, thread.pk, draft), send(client, thread.pk, draft)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["client_id"] == draft["client_id"]
    assert first.json()["message"]["state"] == "pending"
    assert Message.objects.filter(author=cast.ben).count() == 1


def test_the_same_id_with_other_words_is_refused(client: Client, cast: Cast) -> None:
    thread = cast.thread()
    client.force_login(cast.ben)
    draft = words_for()
    send(client, thread.pk, draft)
    answer = send(client, thread.pk, {**draft, "body": "other words"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "client_id_reused"
    assert Message.objects.get(author=cast.ben).body == "hello"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("not json", "frame_not_json"),
        ({"body": "no id"}, "frame_unknown"),
        ({**words_for(), "state": "published"}, "frame_unknown"),
        ({**words_for(), "author": 1}, "frame_unknown"),
        (words_for("   "), "message_empty"),
        (words_for("a\x00b"), "message_has_nul"),
        (words_for("word " * 900), "message_too_long"),
        (words_for("x" * 20_000), "frame_too_large"),
        (words_for("x" * 200_000), "frame_too_large"),
    ],
)
def test_what_is_wrong_with_a_send_is_named(
    client: Client, cast: Cast, body: object, code: str
) -> None:
    thread = cast.thread()
    client.force_login(cast.ben)
    answer = send(client, thread.pk, body)
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert answer.json()["text"] == words.refusal(code)
    assert not Message.objects.filter(author=cast.ben).exists()


def places(cast: Cast) -> dict[str, tuple[User, int, dict[str, str]]]:
    """Each lasting refusal: who meets it, where, and with what words."""
    open_thread, closed = cast.thread(), cast.thread()
    close_conversation(conversation=closed, by=cast.mo)
    talk = open_talk(person=cast.ada, by=cast.ada)
    return {
        "not_found": (cast.ben, talk.pk, words_for()),
        "conversation_closed": (cast.ben, closed.pk, words_for()),
        "posting_paused": (cast.sal, open_thread.pk, words_for()),
        "message_empty": (cast.ben, open_thread.pk, words_for(" ")),
        "message_too_long": (cast.ben, open_thread.pk, words_for("x" * 4001)),
        "message_has_nul": (cast.ben, open_thread.pk, words_for("a\x00b")),
    }


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("not_found", 404),
        ("conversation_closed", 409),
        ("posting_paused", 403),
        ("message_empty", 422),
        ("message_too_long", 422),
        ("message_has_nul", 422),
    ],
)
def test_a_retry_hears_the_same_refusal_with_the_same_status(
    code: str, status: int, client: Client, cast: Cast
) -> None:
    who, conversation, draft = places(cast)[code]
    client.force_login(who)
    first, again = send(client, conversation, draft), send(client, conversation, draft)
    assert (first.status_code, first.json()["code"]) == (status, code)
    assert (again.status_code, again.json()) == (status, first.json())


def test_a_send_needs_a_session_and_the_token_of_a_page(client: Client, cast: Cast) -> None:
    thread = cast.thread()
    assert send(client, thread.pk, words_for()).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.ben)
    assert send(strict, thread.pk, words_for()).status_code == 403
    token = strict.get("/spaces").context["csrf_token"]
    answer = send(strict, thread.pk, words_for(), headers={"X-CSRFToken": str(token)})
    assert answer.status_code == 200


def test_since_tells_what_the_reader_may_see_now(client: Client, cast: Cast) -> None:
    thread = cast.thread(words="one")
    cast.held(cast.ada, thread, "only for Ada")
    cast.says(cast.ada, thread, "three")
    client.force_login(cast.ben)
    frame = client.get(f"/conversations/{thread.pk}/since/0").json()
    assert {event["message"]["body"] for event in frame["events"]} == {"one", "three"}
    after = client.get(f"/conversations/{thread.pk}/since/{frame['head']}").json()
    assert after["events"] == []


def test_earlier_words_come_in_pages_up_to_the_first(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE", 3)
    monkeypatch.setattr(feed.earlier_messages, "__kwdefaults__", {"limit": 3})
    thread = cast.thread(words="0")
    for number in range(1, 6):
        cast.says(cast.ada, thread, str(number))
    client.force_login(cast.ben)
    newest = Message.objects.order_by("position").last()
    assert newest is not None
    page = client.get(f"/conversations/{thread.pk}/before/{newest.position}").json()
    assert [m["body"] for m in page["messages"]] == ["2", "3", "4"]
    assert page["earlier"] is True
    first = page["messages"][0]["position"]
    page = client.get(f"/conversations/{thread.pk}/before/{first}").json()
    assert [m["body"] for m in page["messages"]] == ["0", "1"]
    assert page["earlier"] is False


SENTENCES = """
import * as s from "./sentences.js";
import { readFileSync } from "node:fs";
const { cases, words, waits, places } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  cases: cases.map(([message, as]) => s.stateWords(message, { ...as, words })),
  waits: waits.map(([low, high]) => s.waitWords(low, high, words.waiting)),
  places: places.map((place) => s.placeWords(place, words.waiting)),
  nobody: places.map((place) => s.nobodyWords(place, words.waiting)),
}));
"""


def test_the_phone_and_the_server_say_the_same_sentences() -> None:
    cases, expected = [], []
    for state, notice, reading, own, private, staff in product(
        MessageState, Notice, MachineReading, *[[True, False]] * 3
    ):
        message = {"state": state, "notice": notice, "machine_reading": reading}
        cases.append((message, {"own": own, "private": private, "staff": staff}))
        expected.append(words.message_state_words(**message, own=own, private=private, told=staff))
    waits = list(product([None, 0, 1, 5, 26, 60], [None, 0, 1, 5, 12, 60, 61, 130]))
    places = [None, 0, 1, 2, 30]
    catalogue = {
        name: {key: str(text) for key, text in texts.items()}
        for name, texts in (
            ("states", words.STATES),
            ("notices", words.NOTICES),
            ("waiting", words.WAITING),
        )
    }
    given = {"cases": cases, "words": catalogue, "waits": waits, "places": places}
    node = shutil.which("node")
    assert node, "Node is not installed"
    done = subprocess.run(
        [node, "--input-type=module", "-e", SENTENCES],
        input=json.dumps(given),
        cwd=Path(words.__file__).parent / "static" / "chat" / "js",
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)
    assert said["cases"] == expected
    assert said["waits"] == [words.wait_words(low, high) for low, high in waits]
    assert said["places"] == [words.place_words(place) for place in places]
    assert said["nobody"] == [words.nobody_words(place) for place in places]


@pytest.mark.parametrize(
    ("low", "high", "words_told"),
    [
        (8, 40, "Most likely 8 to 40 minutes."),
        (26, 130, "It may take more than half an hour."),
        (65, 90, "It may take more than an hour."),
    ],
)
def test_a_long_wait_is_told_in_words_with_something_that_answers_now(
    low: int, high: int, words_told: str
) -> None:
    told = words.wait_words(low, high)
    assert told.startswith(words_told)
    assert high <= words.LONG_MINUTES or "under Help now" in told
