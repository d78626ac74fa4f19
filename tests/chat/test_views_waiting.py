"""What somebody who waits, or is with somebody, is told on every page of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from chat import words
from chat.actions.conversations import close_conversation, join_talk, open_talk
from chat.actions.help import move_help, tell_place
from chat.states import HelpState
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode()).split("<main")[1].split("</main>")[0]


def test_with_nobody_on_duty_that_is_said_first_then_the_numbers_then_the_place(
    client: Client, cast: Cast
) -> None:
    request = cast.asks_for_help(cast.ada)
    tell_place(
        request=request, place=1, wait_from_minutes=None, wait_to_minutes=None, nobody_on_duty=True
    )
    client.force_login(cast.ada)
    told = ("Nobody is here right now.", "tel:999", "You&#x27;re first in line. Write now")
    for address in ("/help", "/talk"):
        seen = page(client, address)
        at = [seen.index(sentence) for sentence in told]
        assert at == sorted(at)
        assert "You&#x27;re next" not in seen
    talk = page(client, f"/talk/{request.conversation_id}")
    assert "Nobody is here right now." in talk
    assert "tel:116123" in talk


def test_nobody_is_told_that_somebody_is_being_called() -> None:
    """Nothing here pages anyone, so no sentence may say it does."""
    catalogues = (words.WAITING, words.LIVE, words.NOTICES)
    said = [str(text) for texts in catalogues for text in texts.values()]
    said += [path.read_text() for path in Path(words.__file__).parent.rglob("templates/**/*.html")]
    assert not [text for text in said if "on-call" in text]


def test_an_open_talk_with_somebody_is_being_with_someone_on_every_page(
    client: Client, cast: Cast
) -> None:
    """Also where the clinician came first, or the request was closed and the talk goes on."""
    talk = open_talk(person=cast.ada, by=cast.cleo)
    join_talk(talk=talk, user=cast.cleo)
    client.force_login(cast.ada)
    for address in ("/help", "/talk"):
        seen = page(client, address)
        assert "Cleo is here." in seen
        assert f'href="/talk/{talk.pk}">Carry on' in seen
        assert "Talk to someone now" not in seen
    request = cast.asks_for_help(cast.ada)
    assert "Cleo is here." in page(client, "/help")
    move_help(request=request, to=HelpState.CLOSED, by=cast.cleo)
    close_conversation(conversation=talk, by=cast.cleo)
    assert "Talk to someone now" in page(client, "/help")


def test_a_talk_nobody_came_to_ends_with_a_sorry_and_a_way_to_ask_again(
    client: Client, cast: Cast
) -> None:
    talk = cast.asks_for_help(cast.ada).conversation
    close_conversation(conversation=talk, by=cast.lee)
    client.force_login(cast.ada)
    seen = page(client, f"/talk/{talk.pk}")
    sorry = seen.split('data-slot="ended-alone"')[1].split('data-slot="ended-together"')[0]
    assert sorry.startswith(">")
    assert "nobody got to you in time" in sorry
    assert "tel:999" in sorry
    assert "Ask again" in sorry
    assert "Nothing was written." in seen


def test_a_talk_somebody_was_in_ends_without_a_sorry(client: Client, cast: Cast) -> None:
    talk = cast.asks_for_help(cast.ada).conversation
    join_talk(talk=talk, user=cast.cleo)
    close_conversation(conversation=talk, by=cast.cleo)
    client.force_login(cast.ada)
    assert 'data-slot="ended-alone" hidden' in page(client, f"/talk/{talk.pk}")
