"""What JSON parsers disagree about is refused over HTTPS as it is on the socket."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from chat.models import Message
from tests.cast import Cast

pytestmark = pytest.mark.django_db

START = {"send": f'{{"client_id":"{uuid.uuid4()}",', "change": "{"}
ODD: dict[str, str | bytes] = {
    "a key twice": '"body":"one","body":"two"}',
    "nine deep": '"body":"one","more":' + "[" * 8 + "]" * 8 + "}",
    "very deep": '"body":' + "[" * 5000 + "]" * 5000 + "}",
    "not a number": '"body":NaN}',
    "half a character": '"body":"\\ud800"}',
    "no text": b'"body":"\xff"}',
    "two of them": '"body":"one"}{}',
}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("road", ["send", "change"])
def test_both_roads_refuse_the_same(what: str, road: str, client: Client, cast: Cast) -> None:
    thread = cast.thread()
    mine = cast.says(cast.ben, thread, "as it was")
    client.force_login(cast.ben)
    path = {"send": f"/conversations/{thread.pk}/send", "change": f"/messages/{mine.pk}/change"}
    odd = ODD[what]
    body = START[road].encode() + (odd.encode() if isinstance(odd, str) else odd)
    answer = client.post(path[road], body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "frame_not_json")
    assert [m.body for m in Message.objects.filter(author=cast.ben)] == ["as it was"]
