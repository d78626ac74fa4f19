"""Changing and taking back one's own words over plain HTTPS: by a form, and by a page's script."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from chat.actions.conversations import close_conversation
from chat.models import Message
from chat.states import MessageState, Notice
from tests.cast import Cast

pytestmark = pytest.mark.django_db

TOO_LONG = "word " * 900


@pytest.fixture
def kept(cast: Cast, client: Client) -> Message:
    """Words of Ada's that a person will read first; Ada is signed in."""
    client.force_login(cast.ada)
    return cast.held(cast.ada, cast.thread(), "my number is in here")


def here(message: Message) -> str:
    return f"/spaces/corner/{message.conversation_id}"


def by_script(client: Client, address: str, **body: str | int) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json")


def test_a_page_without_scripts_leads_to_both(client: Client, kept: Message, cast: Cast) -> None:
    ways = (f"/messages/{kept.pk}/change", f"/messages/{kept.pk}/withdraw")
    assert [way in client.get(here(kept)).content.decode() for way in ways] == [True, True]
    client.force_login(cast.mo)
    assert [way in client.get(here(kept)).content.decode() for way in ways] == [False, False]


def test_words_are_changed_by_a_form_and_read_again(client: Client, kept: Message) -> None:
    address = f"/messages/{kept.pk}/change"
    assert "my number is in here" in client.get(address).content.decode()
    for _ in range(2):
        answer = client.post(address, {"body": "nothing in here"})
        assert answer.headers["Location"] == here(kept)
    kept.refresh_from_db()
    assert (kept.body, kept.state, kept.revision) == ("nothing in here", MessageState.PENDING, 2)
    assert kept.due_at is not None


def test_an_older_change_does_not_write_over_a_newer_one(client: Client, kept: Message) -> None:
    address = f"/messages/{kept.pk}/change"
    assert by_script(client, address, body="newer", revision=1).json()["revision"] == 2
    late = by_script(client, address, body="older", revision=1)
    assert (late.status_code, late.json()["code"]) == (409, "message_changed")
    kept.refresh_from_db()
    assert kept.body == "newer"
    said = by_script(client, address, body="a page of before we asked for it").json()
    assert said["revision"] == 3


def test_an_older_form_keeps_its_words_and_may_go_once_that_is_read(
    client: Client, kept: Message
) -> None:
    address = f"/messages/{kept.pk}/change"
    by_script(client, address, body="newer", revision=1)
    answer = client.post(address, {"body": "older", "revision": "1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "has changed since you began" in page
    assert ">older</textarea>" in page
    again = re.search(r'name="revision" value="(\d+)"', page)
    assert again is not None
    client.post(address, {"body": "older", "revision": again[1]})
    kept.refresh_from_db()
    assert (kept.body, kept.revision) == ("older", 3)


def test_the_page_names_nothing_twice(client: Client, kept: Message) -> None:
    """The field was once called what the page's script calls its sentences, which then broke."""
    page = client.get(f"/messages/{kept.pk}/change").content.decode()
    names = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert names["own-words"] == 1
    assert [name for name, times in names.items() if times > 1] == []


def test_a_refused_change_keeps_the_words_and_says_why(client: Client, kept: Message) -> None:
    answer = client.post(f"/messages/{kept.pk}/change", {"body": TOO_LONG})
    assert answer.status_code == 422
    assert "in two parts" in answer.content.decode()
    assert TOO_LONG.strip() in answer.content.decode()
    kept.refresh_from_db()
    assert kept.revision == 1


def test_words_are_taken_back_by_a_form_and_twice_is_once(client: Client, kept: Message) -> None:
    for _ in range(2):
        answer = client.post(f"/messages/{kept.pk}/withdraw")
        assert answer.headers["Location"] == here(kept)
    kept.refresh_from_db()
    assert kept.notice == Notice.WITHDRAWN


def test_a_script_hears_how_it_stands_or_why_not(client: Client, kept: Message) -> None:
    address = f"/messages/{kept.pk}/change"
    said = by_script(client, address, body="nothing in here").json()
    assert (said["id"], said["state"], said["body"]) == (kept.pk, "pending", "nothing in here")
    assert by_script(client, address, body=TOO_LONG).json()["code"] == "message_too_long"
    assert by_script(client, address, words="x").json()["code"] == "frame_unknown"
    said = by_script(client, f"/messages/{kept.pk}/withdraw").json()
    assert (said["notice"], said["body"]) == ("withdrawn", "")
    client.logout()
    assert by_script(client, address, body="x").json()["code"] == "signed_out"


@pytest.mark.parametrize("person", ["ben", "eve", "mo", "lee"])
def test_nobody_else_changes_or_takes_back(
    client: Client, kept: Message, cast: Cast, person: str
) -> None:
    client.force_login(getattr(cast, person))
    for address in (f"/messages/{kept.pk}/change", f"/messages/{kept.pk}/withdraw"):
        assert client.post(address, {"body": "not mine"}).status_code == 404
        assert by_script(client, address, body="not mine").json()["code"] == "not_found"
    assert client.get(f"/messages/{kept.pk}/change").status_code == 404
    kept.refresh_from_db()
    assert (kept.body, kept.notice) == ("my number is in here", Notice.HELD_FOR_PERSON)


def test_in_a_thread_that_ended_words_can_be_taken_back_and_not_changed(
    client: Client, kept: Message, cast: Cast
) -> None:
    close_conversation(conversation=kept.conversation, by=cast.mo)
    answer = client.post(f"/messages/{kept.pk}/change", {"body": "other words"})
    assert answer.status_code == 422
    assert "Help now" in answer.content.decode()
    assert client.post(f"/messages/{kept.pk}/withdraw").status_code == 302
