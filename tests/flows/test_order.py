"""What comes before what, from a phone to every screen that may see it. `make bench` says how fast.

Each phone here looks into the database at the moment a frame comes in: what it is told has been
committed, or a process killed just then would have told of something that never was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from chat.models import Conversation, ConversationEvent, Message, User
from moderation.models import Assessment
from tests.cast import Cast
from tests.flows.phone import LivePhone, Visitor
from tests.servers import Site
from triage.models import Case, CaseSource

pytestmark = [pytest.mark.servers]

CRISIS = "I can't do this any more. I want to kill myself tonight"
LINES = 12

Witnesses = Callable[..., "Witness"]


class Witness(LivePhone):
    """A phone that notes, with each frame, what the database held when the frame was there."""

    def __init__(self, site: Site, who: User) -> None:
        super().__init__(site, who)
        self.rows: list[tuple[str, str | None]] = []
        self.cases: list[bool] = []

    def _take(self, frame: dict[str, Any]) -> None:
        try:
            if frame["type"] == "message.accepted":
                self._note("accepted", frame["message"]["id"])
            for event in frame.get("events", ()):
                if event["kind"] in ("message.published", "message.held"):
                    self._note(event["kind"], event["message_id"])
            if frame["type"] == "queue.changed":
                self.cases.append(Case.objects.exists())
        finally:
            connections.close_all()
        super()._take(frame)

    def _note(self, what: str, message_id: int) -> None:
        states = Message.objects.filter(pk=message_id).values_list("state", flat=True)
        self.rows.append((what, states.first()))


@pytest.fixture
def witness(live_cast: Cast) -> Iterator[Witnesses]:
    phones: list[Witness] = []

    def hand(site: Site, who: User, *conversations: int) -> Witness:
        phones.append(Witness(site, who))
        phones[-1].open(*conversations)
        return phones[-1]

    yield hand
    for phone in phones:
        phone.cut()


def words_on(phone: LivePhone, thread: int) -> list[str]:
    return [message["body"] for message in phone.screen(thread)["messages"]]


def seqs(phone: LivePhone, thread: int) -> list[int]:
    """The numbers of everything this phone was sent about a conversation, as it came."""
    frames = [f for f in phone.frames if f["type"] == "conversation.advanced"]
    return [e["seq"] for f in frames if f["conversation"] == thread for e in f["events"]]


def test_everybody_sees_the_same_order_and_nothing_before_it_is_in_the_database(
    site: Site, live_cast: Cast, witness: Witnesses
) -> None:
    thread = live_cast.thread().pk
    ada, ben = witness(site, live_cast.ada, thread), witness(site, live_cast.ben, thread)
    reader = witness(site, live_cast.mo, thread)
    lines = [f"{who} {n} about the rain" for n in range(LINES) for who in ("ada", "ben")]
    sent = [(ada if line.startswith("ada") else ben).send(thread, line) for line in lines]
    for client_id, line in zip(sent, lines, strict=True):
        answer = (ada if line.startswith("ada") else ben).answer(client_id)
        assert answer["message"]["state"] == "pending", "accepted is not yet published"
    phones = (ada, ben, reader)
    for phone in phones:
        phone.wait(
            lambda phone=phone: (
                all(phone.shows(thread, line) for line in lines)
                and {m["state"] for m in phone.screen(thread)["messages"]} == {"published"}
            ),
            "every line",
        )

    order = Message.objects.filter(conversation=thread).order_by("position")
    assert all(words_on(phone, thread) == [row.body for row in order] for phone in phones)
    for who in ("ada", "ben"):
        own = [row.body for row in order if row.body.startswith(f"{who} ")]
        assert own == [line for line in lines if line.startswith(f"{who} ")]
    for phone in phones:
        heard = seqs(phone, thread)
        assert heard == sorted(set(heard)), "no event twice, and none after a later one"
        told = [state for what, state in phone.rows if what == "message.published"]
        assert len(told) >= len(lines)
        assert set(told) == {"published"}, "shown after the commit"
        assert None not in {state for what, state in phone.rows if what == "accepted"}


def test_each_message_is_accepted_then_read_then_published_then_shown(
    site: Site, live_cast: Cast, witness: Witnesses
) -> None:
    thread = live_cast.thread().pk
    ada, ben = witness(site, live_cast.ada, thread), witness(site, live_cast.ben, thread)
    sent = ada.answer(ada.send(thread, "the bus was late again"))["message"]["id"]
    ben.sees(thread, "the bus was late again", state="published")
    ada.sees(thread, "the bus was late again", state="published")

    row, assessment = Message.objects.get(pk=sent), Assessment.objects.get(message=sent)
    assert row.published_at is not None
    assert row.created_at <= assessment.created_at <= row.published_at
    events = ConversationEvent.objects.filter(message=sent).order_by("seq")
    assert [event.kind for event in events] == ["message.waiting", "message.published"]
    assert row.position == events[1].seq
    kinds = [what for what, _ in ada.rows]
    assert kinds.index("accepted") < kinds.index("message.published")
    assert [m["state"] for m in states_of(ben, sent)] == ["published"], "peers see no wait"


def states_of(phone: LivePhone, message_id: int) -> list[dict[str, Any]]:
    """Every view of a message that this phone was sent."""
    events = [event for frame in phone.frames for event in frame.get("events", ())]
    return [e["message"] for e in events if e.get("message_id") == message_id and e.get("message")]


def test_staff_are_rung_once_the_person_is_on_the_list_and_peers_are_told_of_nothing(
    site: Site, live_cast: Cast, witness: Witnesses
) -> None:
    thread = live_cast.thread().pk
    ada, ben = witness(site, live_cast.ada, thread), witness(site, live_cast.ben, thread)
    desk = witness(site, live_cast.cleo)
    sent = ada.answer(ada.send(thread, CRISIS))["message"]["id"]
    desk.wait(lambda: True in desk.cases, "a ring behind which there is a case")
    assert "Ada" in Visitor(site, live_cast.cleo).read("/triage/rows")

    ada.sees(thread, CRISIS, state="held", notice="door")
    assert ("message.held", "held") in ada.rows
    row, assessment = Message.objects.get(pk=sent), Assessment.objects.get(message=sent)
    case, source = Case.objects.get(), CaseSource.objects.get(kind="assessment")
    assert source.source_id == assessment.pk
    assert row.created_at <= assessment.created_at == case.waiting_since
    opened = case.events.get(kind="opened")
    assert case.waiting_since <= opened.at
    # What comes after it has come; so would it have.
    head = Conversation.objects.get(pk=thread).last_seq
    ada.answer(ada.send(thread, "sorry. it is a bad night"))
    ben.wait(lambda: ben.screens[thread].head > head, "what came after")
    assert not states_of(ben, sent)
    assert not ben.shows(thread, CRISIS)
