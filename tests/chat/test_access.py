"""Who gets in where: one table for every role, read and write side by side."""

from __future__ import annotations

import uuid

import pytest

from chat.access import (
    Audience,
    access_conversation,
    access_help_request,
    access_message,
    access_own_message,
    access_space,
    can_post,
)
from chat.actions.conversations import (
    close_conversation,
    join_talk,
    leave_talk,
    open_talk,
)
from chat.actions.messages import remove_message
from chat.actions.sending import send_message
from chat.kernel import clock
from chat.kernel.errors import Denied, DomainError
from chat.models import Conversation, Space
from chat.states import Notice
from tests.cast import Cast

NO = "no place"
READS = "reads"
WRITES = "reads and writes"

EVERYBODY = ("ada", "ben", "mo", "cleo", "dan", "sal", "lee", "eve")

PLACES = {
    # A thread for 14 to 17: its own age bands, and staff.
    "thread": (WRITES, WRITES, WRITES, WRITES, WRITES, READS, WRITES, NO),
    "closed thread": (READS, READS, READS, READS, READS, READS, READS, NO),
    "thread of a closed space": (NO, NO, WRITES, WRITES, WRITES, NO, WRITES, NO),
    # No page leads there any more: a room for whoever still has one open.
    "thread whose beginning was removed": (READS, READS, WRITES, WRITES, WRITES, READS, WRITES, NO),
    # Ada's talk with Cleo: the two of them; a shift lead reads along and does not speak.
    "talk": (WRITES, NO, NO, WRITES, NO, NO, READS, NO),
    "ended talk": (READS, NO, NO, READS, NO, NO, READS, NO),
    # A pause from the spaces never closes a talk.
    "talk of Sal": (NO, NO, NO, WRITES, NO, WRITES, READS, NO),
    "talk that Cleo left": (WRITES, NO, NO, NO, NO, NO, READS, NO),
}


def make_place(cast: Cast, name: str) -> Conversation:
    if "thread" in name:
        thread = cast.thread()
        if name == "thread whose beginning was removed":
            opening = thread.opening_message
            assert opening is not None
            remove_message(message=opening, by=cast.mo, notice=Notice.DRAWN_AWAY)
        if name == "closed thread":
            close_conversation(conversation=thread, by=cast.mo)
        if name == "thread of a closed space":
            Space.objects.update(is_open=False)
        return thread
    person = cast.sal if name == "talk of Sal" else cast.ada
    talk = open_talk(person=person, by=person)
    join_talk(talk=talk, user=cast.cleo)
    if name == "ended talk":
        close_conversation(conversation=talk, by=cast.cleo)
    if name == "talk that Cleo left":
        leave_talk(talk=talk, user=cast.cleo)
    return talk


@pytest.mark.parametrize("place", PLACES)
def test_everybody_has_exactly_their_place_in(place: str, cast: Cast) -> None:
    conversation = make_place(cast, place)
    found = {}
    for name in EVERYBODY:
        try:
            seat = access_conversation(getattr(cast, name), conversation.pk)
        except Denied:
            found[name] = NO
            continue
        found[name] = WRITES if can_post(seat, now=clock.now()) else READS
    assert found == dict(zip(EVERYBODY, PLACES[place], strict=True))


@pytest.mark.parametrize("place", PLACES)
def test_the_action_refuses_whom_the_rule_refuses(place: str, cast: Cast) -> None:
    conversation = make_place(cast, place)
    for name, expected in zip(EVERYBODY, PLACES[place], strict=True):
        try:
            send_message(
                by=getattr(cast, name),
                conversation_id=conversation.pk,
                client_id=uuid.uuid4(),
                body="may I",
            )
            sent = True
        except DomainError:
            sent = False
        assert sent == (expected == WRITES), name


def test_absent_and_forbidden_look_the_same(cast: Cast) -> None:
    talk = open_talk(person=cast.ada, by=cast.ada)
    answers = set()
    for conversation_id in (talk.pk, talk.pk + 1000):
        with pytest.raises(Denied) as refused:
            access_conversation(cast.eve, conversation_id)
        answers.add((refused.value.code, refused.value.http_status, str(refused.value)))
    assert len(answers) == 1


def test_an_account_that_was_closed_gets_in_nowhere(cast: Cast) -> None:
    thread = cast.thread()
    cast.ben.is_active = False
    cast.ben.save()
    with pytest.raises(Denied):
        access_conversation(cast.ben, thread.pk)
    with pytest.raises(Denied):
        access_space(cast.ben, cast.space.slug)


def test_staff_sit_in_threads_as_staff_and_young_people_as_peers(cast: Cast) -> None:
    thread = cast.thread()
    assert access_conversation(cast.ben, thread.pk).audience is Audience.PEER
    assert access_conversation(cast.mo, thread.pk).audience is Audience.STAFF


def test_age_bands_are_kept_apart_in_the_spaces(cast: Cast) -> None:
    assert access_space(cast.ada, "corner") == cast.space
    assert access_space(cast.mo, "corner") == cast.space
    with pytest.raises(Denied):
        access_space(cast.eve, "corner")


def test_a_held_message_is_for_its_author_and_staff_only(cast: Cast) -> None:
    message = cast.held(cast.ada, cast.thread(), "only some may read this")
    for name in ("ada", "mo", "cleo", "lee"):
        assert access_message(getattr(cast, name), message.pk) == message
    for name in ("ben", "sal", "eve"):
        with pytest.raises(Denied):
            access_message(getattr(cast, name), message.pk)


def test_a_message_of_a_talk_is_closed_to_staff_outside_it(cast: Cast) -> None:
    talk = open_talk(person=cast.ada, by=cast.ada)
    message = cast.says(cast.ada, talk, "between us")
    assert access_message(cast.lee, message.pk) == message
    for name in ("mo", "cleo", "dan", "ben"):
        with pytest.raises(Denied):
            access_message(getattr(cast, name), message.pk)


def test_only_the_author_may_reach_for_their_own_message(cast: Cast) -> None:
    message = cast.says(cast.ada, cast.thread(), "mine")
    assert access_own_message(cast.ada, message.pk) == message
    for name in ("ben", "mo", "lee"):
        with pytest.raises(Denied):
            access_own_message(getattr(cast, name), message.pk)


def test_a_request_for_help_is_found_by_nobody_else(cast: Cast) -> None:
    request = cast.asks_for_help(cast.ada)
    assert access_help_request(cast.ada, request.pk) == request
    with pytest.raises(Denied):
        access_help_request(cast.ben, request.pk)
