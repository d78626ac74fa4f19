"""Help asked for by a script over plain HTTPS: the answer is a yes or a no, never a page."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from chat import words
from chat.models import HelpRequest
from chat.states import HelpState
from tests.cast import Cast
from triage.actions.cases import give_up_place

pytestmark = pytest.mark.django_db


def ask(client: Client, body: object) -> Any:
    raw = body if isinstance(body, str) else json.dumps(body)
    return client.post("/help", raw, content_type="application/json")


def test_an_ask_is_answered_with_the_frame_of_the_socket(client: Client, cast: Cast) -> None:
    held = cast.held(cast.ada, cast.thread(), "kept back")
    client.force_login(cast.ada)
    kept = {"client_id": str(uuid.uuid4()), "about_message": held.pk}
    said = ask(client, kept)
    request = HelpRequest.objects.get()
    assert said.status_code == 200
    assert said.json() == {
        "type": "help.accepted",
        "client_id": kept["client_id"],
        "help": request.pk,
        "conversation": request.conversation_id,
    }
    assert request.about_message_id == held.pk
    assert ask(client, kept).json() == said.json()
    assert HelpRequest.objects.count() == 1


def test_an_ask_said_again_after_it_was_closed_calls_nobody_and_a_new_one_does(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.ada)
    kept = {"client_id": str(uuid.uuid4())}
    first = ask(client, kept).json()
    give_up_place(by=cast.ada)
    assert ask(client, kept).json() == first
    assert not HelpRequest.objects.exclude(state=HelpState.CLOSED).exists()
    anew = ask(client, {"client_id": str(uuid.uuid4())}).json()
    assert HelpRequest.objects.exclude(state=HelpState.CLOSED).get().pk == anew["help"]


def test_every_id_that_an_open_request_answered_calls_nobody_once_it_is_closed(
    client: Client, cast: Cast
) -> None:
    """A second tap, whose answer the phone never heard: it says it again at the next visit."""
    client.force_login(cast.ada)
    first, second, third = ({"client_id": str(uuid.uuid4())} for _ in range(3))
    ask(client, first)
    heard = ask(client, second).json()
    assert ask(client, second).json() == heard
    give_up_place(by=cast.ada)
    assert ask(client, second).json() == heard
    assert not HelpRequest.objects.exclude(state=HelpState.CLOSED).exists()
    anew = ask(client, third).json()
    assert HelpRequest.objects.exclude(state=HelpState.CLOSED).get().pk == anew["help"]
    assert ask(client, second).json() == heard, "said again while another one is open"


def test_an_id_of_somebody_else_is_an_ask_of_ones_own(client: Client, cast: Cast) -> None:
    said = {"client_id": str(uuid.uuid4())}
    for user in (cast.ada, cast.ben):
        client.force_login(user)
        ask(client, {"client_id": str(uuid.uuid4())})
        ask(client, said)
        give_up_place(by=user)
    client.force_login(cast.eve)
    ask(client, said)
    assert HelpRequest.objects.exclude(state=HelpState.CLOSED).get().person == cast.eve


def test_signed_out_an_ask_is_refused_and_never_looks_accepted(client: Client) -> None:
    said = ask(client, {"client_id": str(uuid.uuid4())})
    assert said.status_code == 401
    assert said.json() == {
        "code": "signed_out",
        "text": words.refusal("signed_out"),
        "permanent": True,
    }
    assert not HelpRequest.objects.exists()


@pytest.mark.parametrize(
    "broken", ["null", "{", "[]", '{"client_id": "no"}', '{"about_message": "x"}']
)
def test_a_broken_ask_is_an_ask(client: Client, cast: Cast, broken: str) -> None:
    client.force_login(cast.ada)
    assert ask(client, broken).status_code == 200
    assert HelpRequest.objects.filter(person=cast.ada).exists()


def test_from_behind_the_shut_door_an_ask_counts_and_the_door_stays_shut(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.ada)
    client.post("/leave")
    assert ask(client, {"client_id": str(uuid.uuid4())}).status_code == 200
    assert HelpRequest.objects.filter(person=cast.ada).exists()
    assert client.get("/spaces").headers["Location"] == "/"


def test_staff_are_refused(client: Client, cast: Cast) -> None:
    client.force_login(cast.mo)
    assert ask(client, {"client_id": str(uuid.uuid4())}).status_code == 404
    assert not HelpRequest.objects.exists()
