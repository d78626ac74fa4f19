"""The conversations that somebody here follows: heard once, read once, encoded once per audience.

Every socket of this process that follows a conversation gets the same bytes. Rings coalesce: a
hundred rings while one read is under way cause one more read, and rooms that became dirty meanwhile
are read together, in one query.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Sequence

from prometheus_client import Counter

from chat.access import Audience
from chat.actions.reading import note_reading
from chat.kernel.db import run_db
from chat.kernel.doorbell import conversation_topic, doorbell, typing_topic
from chat.kernel.errors import Denied
from chat.kernel.rows import attach
from chat.models import ConversationEvent
from chat.realtime import feed, protocol
from chat.realtime.arrivals import arrivals
from chat.realtime.catching_up import Look
from chat.realtime.connection import Connection
from chat.realtime.drawing import Drawn
from chat.realtime.missed import Missed
from chat.realtime.wire import Encoded

log = logging.getLogger(__name__)

READ_ROOMS = 100
READ_EVENTS = 1000
READERS = 3
"""Reads under way at once, so that a slow one does not hold up every room."""

delivered = Counter("lantern_frames_delivered_total", "Frames handed to sockets by the hub")


class Room:
    """One conversation that somebody here follows.

    ``head`` is how far this process has read; every ready phone has at least ``floor``. The two
    differ after a change that only some readers were sent anything about. ``meanwhile`` are events
    handed out while somebody is on their way in.
    """

    __slots__ = (
        *("arriving", "conversation_id", "dirty", "floor", "head"),
        *("meanwhile", "reading", "ready", "rung"),
    )

    def __init__(self, conversation_id: int) -> None:
        self.conversation_id = conversation_id
        self.head = 0
        self.floor = 0
        self.rung = 0
        self.ready: set[Connection] = set()
        self.arriving = 0
        self.meanwhile: deque[ConversationEvent] = deque(maxlen=READ_EVENTS)
        self.reading = False
        self.dirty = False

    def since(self, seq: int) -> list[ConversationEvent] | None:
        """What was handed out after ``seq``, up to the head; ``None`` if some of it is not here."""
        events = [event for event in self.meanwhile if event.seq > seq]
        if len(events) != self.head - seq:
            return None
        # By the newest that is known of each message: words removed since are sent to nobody.
        newest = {event.message_id: event.message for event in events}
        for event in events:
            attach(event, "message", newest[event.message_id])
        return events


class Rooms:
    def __init__(self) -> None:
        self._rooms: dict[int, Room] = {}
        self._dirty: dict[Room, None] = {}
        self._readers: set[asyncio.Task[None]] = set()
        self._reading = 0
        self._missed = Missed()

    # Sockets come and go.

    async def follow(self, connection: Connection, conversation_id: int, after: int | None) -> None:
        """Send what came after ``after``, then everything new; raises ``Denied``.

        The room is joined before the first read, so that nothing can fall between the two.
        """
        room = self._enter(conversation_id)
        try:
            while True:
                renewals = connection.renewals
                look = Look(connection.user, conversation_id, after)
                found = await arrivals().looks.ask(look)
                if found is not None and found.seat.reads_along:
                    await run_db(note_reading, found.seat)
                if connection.renewals != renewals:
                    continue  # Whoever was shut out while we looked must not slip in behind that.
                if found is None:
                    self.unfollow(connection, conversation_id)
                    raise Denied
                if connection.is_closed:
                    return
                connection.seats[conversation_id] = found.seat
                connection.pass_on(found.frame)
                after = found.head
                if self._bring_level(room, connection, after):
                    break
            room.ready.add(connection)
            if room.rung > room.head:
                self._wake(room)
        finally:
            room.arriving -= 1
            if not room.arriving:
                room.meanwhile.clear()
            self._drop_if_empty(room)

    def _bring_level(self, room: Room, connection: Connection, head: int) -> bool:
        """Bring a phone at ``head`` to where the others are; ``False`` where it must ask again.

        In a busy room something new comes while somebody looks. They are sent that as the others
        were: looking again and again, they would stand at the door for as long as it is busy.
        """
        if not room.ready:
            # Perhaps further back than those were who left: the next read begins there.
            room.head = room.floor = head
            room.meanwhile.clear()
        if head >= room.head:
            return True
        if (events := room.since(head)) is None:
            return False
        seat = connection.seats[room.conversation_id]
        parts = Drawn(events).for_reader(connection.user.pk, seat.audience)
        # Sent even if none of it is for them: their head must be where the next frame begins.
        connection.pass_on(self._frame(room, parts, after=head, head=room.head))
        return True

    def unfollow(self, connection: Connection, conversation_id: int) -> None:
        connection.seats.pop(conversation_id, None)
        room = self._rooms.get(conversation_id)
        if room is not None:
            room.ready.discard(connection)
            self._drop_if_empty(room)

    def heads(self, connection: Connection) -> protocol.Heads:
        rooms = {key: self._rooms[key] for key in connection.seats if key in self._rooms}
        return protocol.Heads(heads={str(key): room.head for key, room in rooms.items()})

    def _enter(self, conversation_id: int) -> Room:
        room = self._rooms.get(conversation_id)
        if room is None:
            room = self._rooms[conversation_id] = Room(conversation_id)
            doorbell().listen(conversation_topic(conversation_id), self.heard)
            doorbell().listen(typing_topic(conversation_id), self.heard_typing)
        room.arriving += 1
        return room

    def _drop_if_empty(self, room: Room) -> None:
        if room.ready or room.arriving:
            return
        if self._rooms.get(room.conversation_id) is room:
            del self._rooms[room.conversation_id]
            doorbell().forget(conversation_topic(room.conversation_id), self.heard)
            doorbell().forget(typing_topic(room.conversation_id), self.heard_typing)

    # News.

    def heard(self, topic: str, head: int) -> None:
        """A ring: read on, unless we are there already."""
        room = self._rooms.get(int(topic.rpartition(".")[2]))
        if room is not None and head > room.head:
            room.rung = max(room.rung, head)
            self._wake(room)

    def heard_typing(self, topic: str, user_id: int) -> None:
        """Somebody writes in a private talk: the others who belong to it are told.

        Nothing is remembered, so nothing can stick: what a phone shows runs out by itself.
        """
        room = self._rooms.get(int(topic.rpartition(".")[2]))
        if room is None:
            return
        here = protocol.PersonTyping(
            conversation=room.conversation_id, person=user_id, seconds=protocol.TYPING_SECONDS
        )
        frame = Encoded(protocol.encode(here))
        for connection in tuple(room.ready):
            seat = connection.seats.get(room.conversation_id)
            if seat is not None and seat.is_member and connection.user.pk != user_id:
                connection.mention(frame)

    def offer(self, events: Sequence[ConversationEvent]) -> None:
        """Events that this process committed a moment ago: whoever follows gets them unread.

        Only what continues exactly where a room is; the ring takes care of the rest.
        """
        by_room: dict[int, list[ConversationEvent]] = defaultdict(list)
        for event in events:
            by_room[event.conversation_id].append(event)
        for conversation_id, mine in by_room.items():
            room = self._rooms.get(conversation_id)
            if room is None or not room.ready or room.reading:
                continue
            seqs = [event.seq for event in mine]
            if seqs == list(range(room.head + 1, room.head + 1 + len(mine))):
                self._deliver(room, mine)

    async def sweep(self) -> None:
        """Find what a lost ring did not announce."""
        self._missed.count()
        if not self._rooms:
            return
        for conversation_id, head in (await run_db(feed.heads, list(self._rooms))).items():
            room = self._rooms.get(conversation_id)
            if room is not None and head > room.head:
                if room.ready and head > room.rung:
                    self._missed.found(conversation_topic(conversation_id), head)
                self._wake(room)

    def _wake(self, room: Room) -> None:
        room.dirty = True
        if room.reading or not room.ready:
            return
        self._dirty[room] = None
        if self._reading < READERS:
            self._reading += 1
            task = asyncio.get_running_loop().create_task(self._read())
            self._readers.add(task)
            task.add_done_callback(self._readers.discard)

    async def _read(self) -> None:
        """Read all dirty rooms together, again and again, until none is left."""
        try:
            while self._dirty:
                await self._read_some(list(self._dirty)[:READ_ROOMS])
        finally:
            # In the same step as the last look: counting tasks instead, a room that is woken next
            # would wait for a reader that has ended.
            self._reading -= 1

    async def _read_some(self, dirty: Sequence[Room]) -> None:
        rooms = {room.conversation_id: room for room in dirty}
        for room in dirty:
            del self._dirty[room]
            room.reading, room.dirty = True, False
        begun = {key: room.head for key, room in rooms.items()}
        reading = run_db(feed.events_of, begun, limit=READ_EVENTS)
        events = await self._finish(rooms, reading)
        by_room: dict[int, list[ConversationEvent]] = defaultdict(list)
        for event in events:
            by_room[event.conversation_id].append(event)
        for key, room in rooms.items():
            fresh = [event for event in by_room[key] if event.seq > room.head]
            if room.head < begun[key]:
                # All left, and somebody came who has less: what is between was not read.
                room.dirty = True
            elif fresh and room.ready and not self._try_to_deliver(room, fresh):
                continue  # At once it would fail again; the next ring or sweep tries.
            if room.dirty or len(events) == READ_EVENTS:
                self._wake(room)

    async def _finish(
        self, rooms: dict[int, Room], reading: Awaitable[list[ConversationEvent]]
    ) -> list[ConversationEvent]:
        try:
            return await reading
        except Exception as error:  # noqa: BLE001 — the database may be away; the sweep retries.
            log.warning("rooms could not be read: %s", type(error).__name__)
            return []
        finally:
            for room in rooms.values():
                room.reading = False

    def _try_to_deliver(self, room: Room, events: list[ConversationEvent]) -> bool:
        try:
            self._deliver(room, events)
        except Exception as error:  # noqa: BLE001 — the other rooms get theirs all the same.
            log.error("events not delivered: %s", type(error).__name__)
            return False
        return True

    def _deliver(self, room: Room, events: list[ConversationEvent]) -> None:
        """Hand the events to everybody ready; each audience's frame is encoded once.

        The head moves last. What cannot be drawn is asked for again, and then some phones may get
        twice what they have; else nobody here would ever hear of it.
        """
        head = events[-1].seq
        drawn = Drawn(events)
        frames: dict[tuple[int, Audience], Encoded | None] = {}
        sent = 0
        for connection in tuple(room.ready):
            seat = connection.seats[room.conversation_id]
            key = (drawn.reader(connection.user.pk), seat.audience)
            if key not in frames:
                parts = drawn.for_reader(*key)
                ends = {"after": room.floor, "head": head}
                frames[key] = self._frame(room, parts, **ends) if parts else None
            frame = frames[key]
            if frame is not None:
                connection.pass_on(frame)
                sent += 1
        delivered.inc(sent)
        room.head = head
        if room.arriving:
            room.meanwhile.extend(events)
        if all(frames.values()):
            room.floor = head

    def _frame(self, room: Room, parts: list[protocol.Part], *, after: int, head: int) -> Encoded:
        ends = {"after": after, "head": head}
        return Encoded(protocol.advanced(room.conversation_id, **ends, parts=parts))
