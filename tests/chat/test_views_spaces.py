"""Spaces, threads and talks as pages: who sees what, and what a refusal says."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client

from chat.actions.conversations import close_conversation, join_talk, start_thread
from chat.actions.nicknames import clean_nickname
from chat.models import Conversation, HelpRequest, Message
from tests.cast import Cast

pytestmark = pytest.mark.django_db

SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def waiting_thread(cast: Cast, words: str = "Not read yet") -> Conversation:
    return start_thread(by=cast.ada, space=cast.space, client_id=uuid.uuid4(), body=words)


def test_young_people_see_the_spaces_of_their_age(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    assert "The quiet corner" in page(client, "/spaces")
    client.force_login(cast.eve)
    assert "The quiet corner" not in page(client, "/spaces")
    assert client.get("/spaces/corner").status_code == 404


def test_a_thread_is_its_authors_until_it_has_been_read(client: Client, cast: Cast) -> None:
    thread = waiting_thread(cast)
    client.force_login(cast.ada)
    assert "Not read yet" in page(client, "/spaces/corner")
    assert "waiting to be read" in page(client, f"/spaces/corner/{thread.pk}")
    client.force_login(cast.ben)
    assert "Not read yet" not in page(client, "/spaces/corner")
    assert client.get(f"/spaces/corner/{thread.pk}").status_code == 404
    client.force_login(cast.mo)
    assert "Not read yet" in page(client, "/spaces/corner")


def test_the_first_line_is_the_title(client: Client, cast: Cast) -> None:
    cast.thread(words="Exams again\nand nobody at home understands")
    client.force_login(cast.ben)
    listed = page(client, "/spaces/corner")
    assert "Exams again" in listed
    assert "nobody at home" not in listed


def test_a_thread_of_another_space_is_not_found_here(client: Client, cast: Cast) -> None:
    talk = cast.asks_for_help(cast.ada).conversation
    client.force_login(cast.ada)
    assert client.get(f"/spaces/corner/{talk.pk}").status_code == 404
    assert client.get(f"/talk/{cast.thread().pk}").status_code == 404


def test_a_thread_begins_with_a_plain_form(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    given = {"client_id": str(uuid.uuid4()), "body": "Hello from a form"}
    first = client.post("/spaces/corner", given)
    again = client.post("/spaces/corner", given)
    assert first.headers["Location"] == again.headers["Location"]
    assert Message.objects.get().body == "Hello from a form"


def test_held_words_stand_where_they_were_written(client: Client, cast: Cast) -> None:
    thread = cast.thread(words="the first")
    cast.held(cast.ada, thread, "kept back")
    cast.says(cast.ben, thread, "said after it")
    for who in (cast.ada, cast.mo):
        client.force_login(who)
        rows = page(client, f"/spaces/corner/{thread.pk}").split('<ol class="messages"')[1]
        rows = rows.split("</ol>")[0]
        at = [rows.index(words) for words in ("the first", "kept back", "said after it")]
        assert at == sorted(at)


def test_words_that_are_refused_stay_in_the_form(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    long = "word " * 900
    answer = client.post("/spaces/corner", {"client_id": str(uuid.uuid4()), "body": long})
    assert answer.status_code == 422
    assert "in two parts" in answer.content.decode()
    assert long.strip() in answer.content.decode()


def test_a_message_goes_out_by_a_plain_form(client: Client, cast: Cast) -> None:
    thread = cast.thread()
    client.force_login(cast.ben)
    here = f"/spaces/corner/{thread.pk}"
    given = {"client_id": str(uuid.uuid4()), "body": "Hi Ada", "next": here}
    for _ in range(2):
        answer = client.post(f"/conversations/{thread.pk}/send", given)
        assert answer.headers["Location"] == here
    assert Message.objects.filter(author=cast.ben).count() == 1
    given["next"] = "https://elsewhere.example/"
    assert client.post(f"/conversations/{thread.pk}/send", given).headers["Location"] == "/"


def test_a_pause_that_begins_while_somebody_writes_leaves_them_their_words(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.sal)
    words = "It was my birthday\nand <b>nobody</b> came"
    answer = client.post("/spaces/corner", {"client_id": str(uuid.uuid4()), "body": words})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "It was my birthday\nand &lt;b&gt;nobody&lt;/b&gt; came</textarea>" in shown
    assert "Posting in the spaces is paused for you for now." in shown
    assert 'action="/help"' in shown, "and the door to somebody"
    assert not Message.objects.filter(author=cast.sal).exists()


def test_somebody_who_is_paused_reads_and_still_gets_help(client: Client, cast: Cast) -> None:
    thread = cast.thread()
    client.force_login(cast.sal)
    seen = page(client, f"/spaces/corner/{thread.pk}")
    assert "posting is paused" in seen
    assert client.post("/help", {"client_id": str(uuid.uuid4())}).status_code == 302
    talk = HelpRequest.objects.get(person=cast.sal).conversation
    given = {"client_id": str(uuid.uuid4()), "body": "Can we talk", "next": "/"}
    assert client.post(f"/conversations/{talk.pk}/send", given).status_code == 302
    refused = client.post(f"/conversations/{thread.pk}/send", {**given, "client_id": uuid.uuid4()})
    assert refused.status_code == 422
    assert "Help now still works" in refused.content.decode()


@pytest.mark.parametrize("person", ["ben", "eve", "dan", "mo"])
def test_a_talk_is_closed_to_everybody_outside_it(client: Client, cast: Cast, person: str) -> None:
    talk = cast.asks_for_help(cast.ada).conversation
    cast.says(cast.ada, talk, "only for whoever comes")
    client.force_login(getattr(cast, person))
    assert client.get(f"/talk/{talk.pk}").status_code == 404
    for address in (f"/conversations/{talk.pk}/since/0", f"/conversations/{talk.pk}/before/9"):
        assert client.get(address).json()["code"] == "not_found"
    given = {"client_id": str(uuid.uuid4()), "body": "let me in"}
    answer = client.post(
        f"/conversations/{talk.pk}/send", json.dumps(given), content_type="application/json"
    )
    assert answer.status_code == 404


def test_a_talk_names_who_is_there_and_quotes_what_it_began_with(
    client: Client, cast: Cast
) -> None:
    thread = cast.thread()
    held = cast.held(cast.ada, thread, "what I wrote in the corner")
    client.force_login(cast.ada)
    client.post("/help", {"client_id": str(uuid.uuid4()), "about_message": held.pk})
    talk = HelpRequest.objects.get().conversation
    assert "Nobody has joined yet" in page(client, f"/talk/{talk.pk}")
    join_talk(talk=talk, user=cast.cleo)
    seen = page(client, f"/talk/{talk.pk}")
    assert "Cleo" in seen
    assert "what I wrote in the corner" in seen


def test_nobody_can_quote_what_somebody_else_wrote(client: Client, cast: Cast) -> None:
    secret = cast.held(cast.ada, cast.thread(), "not for Ben")
    client.force_login(cast.ben)
    client.post("/help", {"client_id": str(uuid.uuid4()), "about_message": secret.pk})
    assert HelpRequest.objects.get().about_message is None


def test_an_ended_talk_is_readable_and_names_the_next_step(client: Client, cast: Cast) -> None:
    talk = cast.asks_for_help(cast.ada).conversation
    close_conversation(conversation=talk, by=cast.lee)
    client.force_login(cast.ada)
    assert "start a new one any time" in page(client, f"/talk/{talk.pk}")
    assert "It ended before anybody joined." in page(client, f"/talk/{talk.pk}")


def test_markup_in_words_and_names_stays_words(client: Client, cast: Cast) -> None:
    thread = cast.thread(words=SCRIPT)
    cast.says(cast.ada, thread, SCRIPT)
    client.force_login(cast.ben)
    for address in ("/spaces/corner", f"/spaces/corner/{thread.pk}"):
        assert "<img src=x" not in page(client, address)
        assert "<script>alert" not in page(client, address)


def test_help_shows_the_numbers_to_anybody_at_once(client: Client) -> None:
    seen = page(client, "/help")
    for number in ("tel:999", "tel:116123", "tel:08001111", "sms:85258"):
        assert number in seen


def test_somebody_new_asks_for_help_in_one_step(client: Client) -> None:
    given = {"client_id": str(uuid.uuid4()), "nickname": "Moth", "age_band": "14-15"}
    client.post("/help", given)
    request = HelpRequest.objects.get()
    assert request.person.nickname == "Moth"
    seen = page(client, "/help")
    assert "keep your place" in seen
    assert "tel:999" in seen
    assert '<meta http-equiv="refresh"' in seen


def test_nobody_has_to_think_of_a_name_to_get_help(client: Client) -> None:
    assert "You can leave this empty." in page(client, "/help")
    given = {"client_id": str(uuid.uuid4()), "nickname": "", "age_band": "14-15"}
    client.post("/help", given)
    name = HelpRequest.objects.get().person.nickname
    assert name == clean_nickname(name)


def test_asking_twice_keeps_the_first_place(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    client.post("/help", {"client_id": str(uuid.uuid4())})
    client.post("/help", {"client_id": "broken"})
    assert HelpRequest.objects.count() == 1


def test_help_works_from_behind_the_shut_door(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    client.post("/leave")
    client.post("/help", {"client_id": str(uuid.uuid4())})
    assert HelpRequest.objects.filter(person=cast.ada).exists()
    assert "keep your place" in page(client, "/help")


def test_a_page_that_is_not_there_says_so_and_shows_the_numbers(client: Client) -> None:
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert "find that page" in answer.content.decode()
    assert "tel:999" in answer.content.decode()


def test_staff_read_the_spaces_and_are_not_offered_help_of_their_own(
    client: Client, cast: Cast
) -> None:
    thread = cast.thread()
    client.force_login(cast.mo)
    for address in ("/spaces", f"/spaces/corner/{thread.pk}"):
        seen = page(client, address)
        assert "Back to work" in seen
        assert "Help now" not in seen.split("<main")[0]
    assert client.post("/help", {"client_id": str(uuid.uuid4())}).headers["Location"] == "/staff"
    assert not HelpRequest.objects.exists()
