"""What phones that come back have missed: read once per conversation, encoded once per audience.

Seats are looked up for each phone. What is shared is a frame, between people to whom every message
in it looks the same: whoever wrote one of them, or wrote something here that others do not see, is
given a frame of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chat.access import Audience, Seat, can_post, seats_in_order
from chat.kernel import clock
from chat.kernel.rows import read_rows
from chat.models import Conversation, ConversationEvent, Message, User
from chat.realtime import feed, protocol
from chat.realtime.drawing import NOBODY, Drawn
from chat.realtime.wire import Encoded
from chat.states import MessageState

READ_EVENTS = 1000
"""About how many events one query brings."""

HIDDEN = [state for state in MessageState if state != MessageState.PUBLISHED]


@dataclass(frozen=True, slots=True)
class Look:
    """One phone asks what it missed of a conversation; ``after`` is what it has."""

    user: User
    conversation_id: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """The seat as it is now, and the frame that brings this phone up to ``head``."""

    seat: Seat
    head: int
    frame: Encoded


Wanted = list[tuple[int, Seat, int]]
"""Number of the question, seat, and the seq it has already."""


def look_for_all(looks: Sequence[Look]) -> list[Found | None]:
    """One answer for each, ``None`` without a seat. Heads are read with the seats, before messages.

    A change in between is then sent once more, never missed.
    """
    seats = seats_in_order([(look.user, look.conversation_id) for look in looks])
    found: list[Found | None] = [None] * len(looks)
    behind: dict[int, Wanted] = defaultdict(list)
    fresh: dict[int, Wanted] = defaultdict(list)
    for number, (look, seat) in enumerate(zip(looks, seats, strict=True)):
        if seat is not None:
            after = feed.replayed_from(seat, look.after)
            into, from_seq = (fresh, 0) if after is None else (behind, after)
            into[look.conversation_id].append((number, seat, from_seq))
    for wanted in fresh.values():
        _snapshots(wanted, found)
    _replays(behind, found)
    return found


# Behind by a little: the events since.


def _replays(behind: Mapping[int, Wanted], found: list[Found | None]) -> None:
    spans = {
        conversation_id: (min(after for *_, after in wanted), wanted[0][1].conversation.last_seq)
        for conversation_id, wanted in behind.items()
    }
    events = _events(spans)
    for conversation_id, wanted in behind.items():
        drawn = Drawn(events.get(conversation_id, []))
        frames: dict[tuple[int, int, Audience], Encoded] = {}
        for number, seat, after in wanted:
            key = (after, drawn.reader(seat.user.pk), seat.audience)
            if key not in frames:
                frames[key] = _replay(seat.conversation, drawn, *key)
            found[number] = Found(seat, seat.conversation.last_seq, frames[key])


def _replay(
    conversation: Conversation, drawn: Drawn, after: int, reader_id: int, audience: Audience
) -> Encoded:
    parts = drawn.for_reader(reader_id, audience, after=after)
    ends = {"after": after, "head": conversation.last_seq}
    return Encoded(protocol.advanced(conversation.pk, **ends, parts=parts))


def _events(spans: Mapping[int, tuple[int, int]]) -> dict[int, list[ConversationEvent]]:
    """The events of each span, after its first seq up to its last; nothing is asked for empty ones.

    A span is at most as long as what we replay, so a query brings little more than
    ``READ_EVENTS``.
    """
    events: dict[int, list[ConversationEvent]] = defaultdict(list)
    group: dict[int, tuple[int, int]] = {}
    for conversation_id, (after, head) in spans.items():
        if head > after:
            group[conversation_id] = (after, head)
        if sum(last - first for first, last in group.values()) >= READ_EVENTS:
            _add(events, feed.events_between(group))
            group = {}
    if group:
        _add(events, feed.events_between(group))
    return events


def _add(events: dict[int, list[ConversationEvent]], more: Iterable[ConversationEvent]) -> None:
    for event in more:
        events[event.conversation_id].append(event)


# New here, or far behind: the newest page.


def _snapshots(wanted: Wanted, found: list[Found | None]) -> None:
    """For all who need one of the same conversation."""
    alone = _alone([seat for _, seat, _ in wanted])
    pages: dict[tuple[int, Audience], _Page] = {}
    for number, seat, _ in wanted:
        key = (seat.user.pk if seat.user.pk in alone else NOBODY, seat.audience)
        if key not in pages:
            pages[key] = _Page(seat, key[0])
        found[number] = Found(seat, seat.conversation.last_seq, pages[key].frame(seat))


def _alone(seats: Sequence[Seat]) -> set[int]:
    """Peers whose page is read for them alone: they wrote something that others do not see.

    A single peer has nobody to share with, and needs no question about that.
    """
    peers = {seat.user.pk for seat in seats if seat.audience is not Audience.STAFF}
    if len(peers) <= 1:
        return peers
    here = [seats[0].conversation.pk]
    rows = read_rows(Message, ("author",), conversation=here, author=peers, state=HIDDEN)
    return {author for (author,) in rows}


class _Page:
    """The newest messages of one conversation as one audience, or one of them, sees them."""

    def __init__(self, seat: Seat, reader_id: int) -> None:
        self._messages = feed.newest(seat.conversation, audience=seat.audience, reader_id=reader_id)
        self._people = feed.people_in(seat.conversation)
        self._authors = {message.author_id for message in self._messages}
        self._frames: dict[tuple[int, bool], Encoded] = {}

    def frame(self, seat: Seat) -> Encoded:
        """The same for everybody who wrote none of it and may post as much."""
        reader_id = seat.user.pk if seat.user.pk in self._authors else NOBODY
        key = (reader_id, can_post(seat, now=clock.now()))
        if key not in self._frames:
            snapshot = feed.snapshot_of(
                seat.conversation,
                self._messages,
                people=self._people,
                reader_id=reader_id,
                audience=seat.audience,
                may_post=key[1],
            )
            self._frames[key] = Encoded(protocol.encode(snapshot))
        return self._frames[key]
