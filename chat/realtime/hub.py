"""One hub per process: it hears a ring once, reads once, encodes once per audience.

Every socket of this process that follows a conversation gets the same bytes. Rings coalesce: a
hundred rings while one read is under way cause one more read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.conf import settings

from chat.access import Audience, seats_for
from chat.kernel.db import run_db
from chat.kernel.doorbell import ALERTS, conversation_topic, doorbell, person_topic
from chat.kernel.errors import Denied
from chat.models import ConversationEvent, User
from chat.realtime import feed, protocol, standing
from chat.realtime.connection import Connection
from chat.realtime.lag import measure_lag
from chat.realtime.wire import Encoded

log = logging.getLogger(__name__)
T = TypeVar("T")

SWEEP_SECONDS = 3.0
"""How long a lost ring can delay anybody who has a socket open."""

PEOPLE_SECONDS = 10.0
"""How long a lost ring can delay what a person is told about themselves, or a ban."""

SESSION_SECONDS = 300.0
"""How long a session that ended without a ring can keep its sockets."""

READ_LIMIT = 200
SLICE = 100
"""Sockets served in one turn of the loop when all of them are."""

SIGNED_OUT_CODE = 4401
SHUT_OUT_CODE = 4403
ELSEWHERE_CODE = 4409


class Room:
    """One conversation that somebody here follows.

    ``head`` is how far this process has read; every ready phone has at least ``floor``. The two
    differ after a change that only some readers were sent anything about.
    """

    def __init__(self, conversation_id: int, head: int) -> None:
        self.conversation_id = conversation_id
        self.head = head
        self.floor = head
        self.rung = head
        self.ready: set[Connection] = set()
        self.arriving = 0
        self.reading = False
        self.dirty = False


class Hub:
    def __init__(self) -> None:
        self._rooms: dict[int, Room] = {}
        self._people: dict[int, dict[Connection, None]] = {}
        self._marks: dict[int, int] = {}
        self._alerted: set[Connection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._spawn(measure_lag())
        self._spawn(self._repeat(SWEEP_SECONDS, self._sweep))
        self._spawn(self._repeat(PEOPLE_SECONDS, self._check_people))
        self._spawn(self._repeat(SESSION_SECONDS, self._check_sessions))
        self._spawn(self._repeat(protocol.HEARTBEAT_SECONDS, self._heartbeat))

    # Sockets come and go.

    async def join(self, connection: Connection) -> None:
        """A person opened a socket: send them their own state, and keep it up to date."""
        user_id = connection.user.pk
        if user_id not in self._people:
            self._people[user_id] = {}
            doorbell().listen(person_topic(user_id), self._heard_person)
        sockets = self._people[user_id]
        sockets[connection] = None
        if len(sockets) > settings.SOCKETS_PER_PERSON:
            # The newest is the phone in somebody's hand.
            next(iter(sockets)).hang_up(ELSEWHERE_CODE)
        if connection.user.is_staff_member:
            if not self._alerted:
                doorbell().listen(ALERTS, self._heard_alert)
            self._alerted.add(connection)
        marks, told = await run_db(_read_state, connection.user)
        self._marks.update(marks)
        connection.told = told
        connection.push(told)

    def leave(self, connection: Connection) -> None:
        """The socket is gone."""
        connection.closed()
        for conversation_id in list(connection.seats):
            self.unfollow(connection, conversation_id)
        user_id = connection.user.pk
        sockets = self._people.get(user_id, {})
        sockets.pop(connection, None)
        if not sockets and self._people.pop(user_id, None) is not None:
            self._marks.pop(user_id, None)
            doorbell().forget(person_topic(user_id), self._heard_person)
        if connection in self._alerted:
            self._alerted.discard(connection)
            if not self._alerted:
                doorbell().forget(ALERTS, self._heard_alert)

    async def follow(self, connection: Connection, conversation_id: int, after: int | None) -> None:
        """Send what came after ``after``, then everything new; raises ``Denied``.

        The room is joined before the first read, so that nothing can fall between the two.
        """
        room = self._enter(conversation_id)
        try:
            while True:
                seats = await run_db(seats_for, connection.user, [conversation_id])
                if conversation_id not in seats:
                    self.unfollow(connection, conversation_id)
                    raise Denied
                seat = seats[conversation_id]
                frame = await run_db(feed.catch_up, seat, after)
                if connection.is_closed:
                    return
                connection.seats[conversation_id] = seat
                connection.push(protocol.encode(frame))
                after = frame.head
                if after >= max(room.head, room.rung):
                    break
            if not room.ready:
                room.head = room.floor = after
            room.ready.add(connection)
        finally:
            room.arriving -= 1
            self._drop_if_empty(room)

    def unfollow(self, connection: Connection, conversation_id: int) -> None:
        connection.seats.pop(conversation_id, None)
        room = self._rooms.get(conversation_id)
        if room is not None:
            room.ready.discard(connection)
            self._drop_if_empty(room)

    def _enter(self, conversation_id: int) -> Room:
        room = self._rooms.get(conversation_id)
        if room is None:
            room = self._rooms[conversation_id] = Room(conversation_id, 0)
            doorbell().listen(conversation_topic(conversation_id), self._heard_conversation)
        room.arriving += 1
        return room

    def _drop_if_empty(self, room: Room) -> None:
        if room.ready or room.arriving:
            return
        if self._rooms.get(room.conversation_id) is room:
            del self._rooms[room.conversation_id]
            topic = conversation_topic(room.conversation_id)
            doorbell().forget(topic, self._heard_conversation)

    # Rings.

    def _heard_conversation(self, topic: str, head: int) -> None:
        room = self._rooms.get(int(topic.rpartition(".")[2]))
        if room is not None and head > room.head:
            room.rung = max(room.rung, head)
            self._wake(room)

    def _heard_person(self, topic: str, head: int) -> None:
        self._spawn(self._refresh_person(int(topic.rpartition(".")[2])))

    def _heard_alert(self, topic: str, head: int) -> None:
        frame = Encoded(protocol.encode(protocol.QueueChanged()))
        for connection in tuple(self._alerted):
            connection.pass_on(frame)

    def _wake(self, room: Room) -> None:
        room.dirty = True
        if not room.reading and room.ready:
            room.reading = True
            self._spawn(self._advance(room))

    async def _advance(self, room: Room) -> None:
        try:
            while room.dirty and room.ready:
                room.dirty = False
                events = await run_db(
                    feed.events_after, room.conversation_id, room.head, limit=READ_LIMIT
                )
                if events:
                    self._deliver(room, events)
                    room.dirty = room.dirty or len(events) == READ_LIMIT
        finally:
            room.reading = False

    def _deliver(self, room: Room, events: list[ConversationEvent]) -> None:
        """Hand the events to everybody ready; each audience's frame is encoded once."""
        room.head = events[-1].seq
        authors = {e.message.author_id for e in events if e.message}
        frames: dict[tuple[Audience, int], Encoded | None] = {}
        for connection in tuple(room.ready):
            seat = connection.seats[room.conversation_id]
            reader_id = connection.user.pk if connection.user.pk in authors else 0
            key = (seat.audience, reader_id)
            if key not in frames:
                frames[key] = self._frame(room, events, audience=seat.audience, reader_id=reader_id)
            frame = frames[key]
            if frame is not None:
                connection.pass_on(frame)
        if all(frames.values()):
            room.floor = room.head

    def _frame(
        self, room: Room, events: list[ConversationEvent], *, audience: Audience, reader_id: int
    ) -> Encoded | None:
        """One audience's frame; ``None`` when none of the events is for them."""
        shown = feed.for_reader(events, reader_id=reader_id, audience=audience)
        if not shown:
            return None
        frame = protocol.ConversationAdvanced(
            conversation=room.conversation_id, after=room.floor, head=room.head, events=shown
        )
        return Encoded(protocol.encode(frame))

    async def _refresh_person(self, user_id: int) -> None:
        """A person's standing changed: tell them, and take away what they may no longer see."""
        sockets = self._people.get(user_id)
        if not sockets:
            return
        user = await run_db(standing.read_person, user_id)
        alive = await run_db(standing.live_sessions, [c.session_key for c in sockets])
        for connection in tuple(sockets):
            code = _must_end(connection, user, alive)
            if code:
                connection.hang_up(code)
                self.leave(connection)
        if user is None or user_id not in self._people:
            return
        marks, told = await run_db(_read_state, user)
        self._marks.update(marks)
        for connection in tuple(self._people.get(user_id, ())):
            await self._seat_again(connection, user)
            if connection.told != told:
                connection.told = told
                connection.push(told)

    async def _seat_again(self, connection: Connection, user: User) -> None:
        connection.user = user
        seats = await run_db(seats_for, user, list(connection.seats))
        for conversation_id in set(connection.seats) - set(seats):
            self.unfollow(connection, conversation_id)
        connection.seats.update(
            {key: seat for key, seat in seats.items() if key in connection.seats}
        )

    # What keeps a lost ring from mattering.

    async def _sweep(self) -> None:
        if not self._rooms:
            return
        for conversation_id, head in (await run_db(feed.heads, list(self._rooms))).items():
            room = self._rooms.get(conversation_id)
            if room is not None and head > room.head:
                self._wake(room)

    async def _check_people(self) -> None:
        """Find what a lost ring did not tell about anybody here: a ban, a place, a new talk."""
        for user_ids in _slices(list(self._people)):
            for user_id, mark in (await run_db(standing.read_marks, user_ids)).items():
                if user_id in self._people and self._marks.get(user_id) != mark:
                    await self._refresh_person(user_id)

    async def _check_sessions(self) -> None:
        """End sockets whose session ended: expired, or signed out while nobody could ring."""
        for connections in _slices(self._everybody()):
            alive = await run_db(standing.live_sessions, [c.session_key for c in connections])
            for connection in connections:
                if connection.session_key not in alive:
                    connection.hang_up(SIGNED_OUT_CODE)
                    self.leave(connection)

    async def _heartbeat(self) -> None:
        for connections in _slices(self._everybody()):
            for connection in connections:
                connection.push(protocol.encode(self.heads(connection)))
            await asyncio.sleep(0)

    def _everybody(self) -> list[Connection]:
        return [connection for sockets in self._people.values() for connection in sockets]

    def heads(self, connection: Connection) -> protocol.Heads:
        rooms = {key: self._rooms[key] for key in connection.seats if key in self._rooms}
        return protocol.Heads(heads={str(key): room.head for key, room in rooms.items()})

    async def _repeat(self, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await job()
            except Exception as error:  # noqa: BLE001 — the database may be away; the next turn retries.
                log.warning("hub turn failed: %s", type(error).__name__)

    def _spawn(self, job: Any) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _must_end(connection: Connection, user: User | None, alive: set[str]) -> int:
    """The code to close a socket with, or 0 if its person may keep it."""
    if user is None or user.role != connection.user.role:
        return SHUT_OUT_CODE
    if connection.session_key not in alive or user.get_session_auth_hash() != connection.auth_hash:
        return SIGNED_OUT_CODE
    return 0


def _read_state(user: User) -> tuple[dict[int, int], str]:
    """The mark first: a change in between is then told once more, never missed."""
    marks = standing.read_marks([user.pk])
    return marks, protocol.encode(feed.person_state(user))


def _slices(everybody: list[T]) -> Iterable[list[T]]:
    return (everybody[start : start + SLICE] for start in range(0, len(everybody), SLICE))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
