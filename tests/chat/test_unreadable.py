"""A message whose words do not open costs its readers that message, and nothing else."""

from __future__ import annotations

import pytest
from django.test import Client

from chat.models import Message
from chat.words import NOTICES, UNREADABLE
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def spoil(message: Message) -> None:
    """As a lost key or a bad disk would."""
    Message.objects.filter(pk=message.pk).update(body_sealed=b"dev:" + b"\0" * 40)


@pytest.mark.parametrize("who", ["ada", "ben", "mo"])
def test_the_others_in_the_thread_are_still_there(client: Client, cast: Cast, who: str) -> None:
    thread = cast.thread(words="Hello from the corner")
    lost = cast.says(cast.ada, thread, "these words are lost")
    spoil(lost)
    cast.says(cast.ben, thread, "and these are not")
    client.force_login(getattr(cast, who))

    for address in (f"/spaces/corner/{thread.pk}", f"/conversations/{thread.pk}/since/0"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "and these are not" in answer.content.decode()
        assert "these words are lost" not in answer.content.decode()
    views = [event["message"] for event in answer.json()["events"]]
    said = {view["id"]: (view["body"], view.get("notice", "")) for view in views}
    assert said[lost.pk] == ("", UNREADABLE)


def test_a_thread_that_began_with_it_is_still_listed(client: Client, cast: Cast) -> None:
    thread = cast.thread(words="Hello from the corner")
    assert thread.opening_message is not None
    spoil(thread.opening_message)
    client.force_login(cast.ben)

    assert f"/spaces/corner/{thread.pk}" in client.get("/spaces/corner").content.decode()


def test_what_is_said_instead_has_a_next_step() -> None:
    assert "Help now still works" in str(NOTICES[UNREADABLE])
