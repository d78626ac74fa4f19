"""One hub per process: the people who have a socket here, and the rooms they follow."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.conf import settings

from chat.access import seats_for
from chat.kernel.db import run_db
from chat.kernel.doorbell import ALERTS, doorbell, person_topic
from chat.kernel.loops import PerLoop
from chat.models import User
from chat.realtime import presence, protocol, standing
from chat.realtime.arrivals import arrivals
from chat.realtime.connection import Connection
from chat.realtime.lag import measure_lag
from chat.realtime.missed import Missed
from chat.realtime.rooms import Rooms
from chat.realtime.wire import Encoded

log = logging.getLogger(__name__)
T = TypeVar("T")

SWEEP_SECONDS = 3.0
"""How long a lost ring can delay anybody who has a socket open."""

STANDING_SECONDS = 1.5
"""How long a lost ring can delay a ban, a new role or a new password."""

PEOPLE_SECONDS = 10.0
"""How long a lost ring can delay what a person is told about themselves.

For as long somebody who was taken out of a talk, or whose space closed, may still hear it.
"""

SESSION_SECONDS = 15.0
"""How long a session that ended without a ring can keep a socket on which nobody says anything."""

SLICE = 100
"""Sockets served in one turn of the loop when all of them are."""

STANDING_SLICE = 500
"""People looked at with one query, of five columns."""

SEATS_SLICE = 500
"""Seats looked at with two queries: of each conversation one row, whoever sits there."""

SIGNED_OUT_CODE = 4401
SHUT_OUT_CODE = 4403
ELSEWHERE_CODE = 4409


class Hub:
    def __init__(self) -> None:
        self.rooms = Rooms()
        self._people: dict[int, dict[Connection, None]] = {}
        self._marks: dict[int, int] = {}
        self._standings: dict[int, standing.Standing] = {}
        self._refreshing: dict[int, bool] = {}
        """Who is being looked at, and whether somebody rang for them since."""

        self._missed = Missed()
        self._alerted: set[Connection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._spawn(measure_lag())
        self._spawn(self._repeat(SWEEP_SECONDS, self.rooms.sweep))
        self._spawn(self._repeat(STANDING_SECONDS, self._check_standings))
        self._spawn(self._repeat(PEOPLE_SECONDS, self._check_people))
        self._spawn(self._repeat(PEOPLE_SECONDS, self._check_seats))
        self._spawn(self._repeat(SESSION_SECONDS, self._check_sessions))
        self._spawn(self._repeat(protocol.HEARTBEAT_SECONDS, self._heartbeat))
        self._spawn(self._repeat(presence.RENEW_SECONDS, self._staff_is_here))

    def enter(self, connection: Connection) -> None:
        """A person opened a socket: from here on it is looked after."""
        user_id = connection.user.pk
        if user_id not in self._people:
            self._people[user_id] = {}
            doorbell().listen(person_topic(user_id), self._heard_person)
        sockets = self._people[user_id]
        sockets[connection] = None
        # Those that we hung up on stay here until their phones have heard it.
        held = [socket for socket in sockets if not socket.is_closed]
        if len(held) > settings.SOCKETS_PER_PERSON:
            # The newest is the phone in somebody's hand.
            held[0].hang_up(ELSEWHERE_CODE)
        if connection.user.is_staff_member:
            if not self._alerted:
                doorbell().listen(ALERTS, self._heard_alert)
            self._alerted.add(connection)
            self._spawn(run_db(presence.renew, [user_id]))

    async def tell(self, connection: Connection) -> None:
        """Send somebody who entered their own state; it is kept up to date from then on."""
        while True:
            user, renewals = connection.user, connection.renewals
            mark, told = await arrivals().states.ask(user)
            if connection.renewals == renewals:
                break  # What was read before a ring must not be told behind it.
        _say(connection, told)
        if user.pk not in self._people:
            return
        # What the person's other sockets were told stays: the sweeps compare with that.
        ours = (mark, standing.standing_of(user))
        held = (self._marks.setdefault(user.pk, mark), self._standings.setdefault(user.pk, ours[1]))
        if held != ours:
            # One of the two handshakes is older than a change, and no sweep would find out which.
            self._spawn(self._refresh_person(user.pk))

    def leave(self, connection: Connection) -> None:
        """The socket is gone."""
        connection.closed()
        for conversation_id in list(connection.seats):
            self.rooms.unfollow(connection, conversation_id)
        user_id = connection.user.pk
        sockets = self._people.get(user_id, {})
        sockets.pop(connection, None)
        if not sockets and self._people.pop(user_id, None) is not None:
            self._marks.pop(user_id, None)
            self._standings.pop(user_id, None)
            doorbell().forget(person_topic(user_id), self._heard_person)
        if connection in self._alerted:
            self._alerted.discard(connection)
            if not self._alerted:
                doorbell().forget(ALERTS, self._heard_alert)

    # Rings.

    def _heard_person(self, topic: str, head: int) -> None:
        self._spawn(self._refresh_person(int(topic.rpartition(".")[2])))

    def _heard_alert(self, topic: str, head: int) -> None:
        frame = Encoded(protocol.encode(protocol.QueueChanged()))
        for connection in tuple(self._alerted):
            connection.pass_on(frame)

    async def _refresh_person(self, user_id: int) -> None:
        """A person's standing changed: tell them, and take away what they may no longer see.

        One after the other for each person: of two at once the older could have the last word.
        """
        is_under_way = user_id in self._refreshing
        self._ask_again(user_id)
        if is_under_way:
            return
        try:
            while self._refreshing[user_id]:
                self._refreshing[user_id] = False
                looked_at = tuple(self._people.get(user_id, ()))
                await self._refresh(user_id, looked_at)
                if not self._people.get(user_id, {}).keys() <= set(looked_at):
                    self._ask_again(user_id)  # Who came meanwhile may have an older handshake.
        finally:
            del self._refreshing[user_id]

    def _ask_again(self, user_id: int) -> None:
        self._refreshing[user_id] = True
        for connection in self._people.get(user_id, ()):
            connection.renewals += 1

    async def _refresh(self, user_id: int, sockets: Sequence[Connection]) -> None:
        """Once, for these sockets only: what we ask says nothing about others."""
        if not sockets:
            return
        user = await run_db(standing.read_person, user_id)
        alive = await run_db(standing.live_sessions, [c.session_key for c in sockets])
        for connection in sockets:
            code = _must_end(connection, user, alive)
            if code:
                self._end(connection, code)
        if user is None or user_id not in self._people:
            return
        mark, told = await arrivals().states.ask(user)
        for connection in sockets:
            if not connection.is_closed:
                await self._seat_again(connection, user)
                _say(connection, told)
        if user_id in self._people:  # Else nobody would ever take these away.
            self._marks[user_id], self._standings[user_id] = mark, standing.standing_of(user)

    async def _seat_again(self, connection: Connection, user: User) -> None:
        connection.user = user
        asked = dict(connection.seats)
        seats = await run_db(seats_for, user, asked)
        for conversation_id, held in asked.items():
            if connection.seats.get(conversation_id) is not held:
                continue  # Followed anew since: newer than our question, not to be judged by it.
            if conversation_id in seats:
                connection.seats[conversation_id] = seats[conversation_id]
            else:
                self.rooms.unfollow(connection, conversation_id)

    # What keeps a lost ring from mattering.

    async def _check_standings(self) -> None:
        """Find at once who was shut out, or is somebody else than before, though nobody rang."""
        self._missed.count()
        for user_ids in _slices(list(self._people), STANDING_SLICE):
            found = await run_db(standing.read_standings, user_ids)
            for user_id in user_ids:
                held = self._standings.get(user_id)
                if held is not None and held != found.get(user_id):
                    self._missed.found(person_topic(user_id))
                    await self._refresh_person(user_id)

    async def _check_people(self) -> None:
        """Find what a lost ring did not tell about anybody here: a place, a new talk."""
        for user_ids in _slices(list(self._people)):
            marks = await run_db(standing.read_marks, user_ids)
            for user_id in user_ids:
                if self._marks.get(user_id) != marks.get(user_id):
                    await self._refresh_person(user_id)

    async def _check_seats(self) -> None:
        """Find who sits where they no longer may, or as somebody else than before.

        The marks name a person's newest talks only, and no spaces.
        """
        held = [seat for connection in self._everybody() for seat in connection.seats.values()]
        for seats in _slices(held, SEATS_SLICE):
            for user_id in await run_db(standing.read_unseated, seats):
                await self._refresh_person(user_id)

    async def _check_sessions(self) -> None:
        """End sockets whose session ended: expired, or signed out while nobody could ring."""
        for connections in _slices(self._everybody()):
            alive = await run_db(standing.live_sessions, [c.session_key for c in connections])
            for connection in connections:
                if connection.session_key not in alive:
                    self._end(connection, SIGNED_OUT_CODE)

    def _end(self, connection: Connection, code: int) -> None:
        """Hang up on somebody who may not go on; what they sent before is not obeyed on trust."""
        connection.session_seen = -math.inf
        connection.hang_up(code)
        self.leave(connection)

    async def _heartbeat(self) -> None:
        for connections in _slices(self._everybody()):
            for connection in connections:
                connection.push(protocol.encode(self.rooms.heads(connection)))
            await asyncio.sleep(0)

    async def _staff_is_here(self) -> None:
        await run_db(presence.renew, {connection.user.pk for connection in self._alerted})

    def _everybody(self) -> list[Connection]:
        return [connection for sockets in self._people.values() for connection in sockets]

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


def _say(connection: Connection, told: str) -> None:
    """Send a person their own state, unless it is what this phone was told last."""
    if connection.told != told:
        connection.told = told
        connection.push(told)


def _must_end(connection: Connection, user: User | None, alive: set[str]) -> int:
    """The code to close a socket with, or 0 if its person may keep it."""
    if user is None or user.role != connection.user.role:
        return SHUT_OUT_CODE
    if connection.session_key not in alive or user.get_session_auth_hash() != connection.auth_hash:
        return SIGNED_OUT_CODE
    return 0


def _slices(everybody: list[T], size: int = SLICE) -> Iterable[list[T]]:
    return (everybody[start : start + size] for start in range(0, len(everybody), size))


hub = PerLoop(Hub)
"""The hub of the running loop."""
