"""What somebody who waits, or is with somebody, is told on every page of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from chat import words
from chat.actions.help import tell_place
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
