"""Group commit: messages that arrive within a few milliseconds share one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from django.db import connection

from chat.actions.sending import Draft, send_messages
from chat.kernel.db import run_db
from chat.kernel.doorbell import doorbell, gather_rings
from chat.kernel.errors import Busy, DomainError
from chat.kernel.loops import PerLoop
from chat.models import ConversationEvent, Message
from chat.realtime.connection import corked
from chat.realtime.hub import hub

log = logging.getLogger(__name__)

LINGER_SECONDS = 0.003
"""How long the first message of a group waits for company."""

GROUP_LIMIT = 200
GROUPS_AT_ONCE = 2
"""Groups under way on a database that lets several write."""

PATIENCE_SECONDS = 0.02
"""How long a group may be under way before the next one starts beside it.

One after the other they are larger, and each message costs a sixth less. One that takes as long as
this waits for a lock, and whoever writes elsewhere must not wait with it.
"""

WAITING_LIMIT = 5000
"""Sends that may wait in this process; past it people are told that we are busy."""

Told = Callable[[Message | DomainError], None]
"""Hears once how a send went, after the commit."""

_Waiting = tuple[Draft, Told]


class GroupWriter:
    """Collects sends and saves them together; each caller is told its own outcome after the commit.

    While one group waits for the database the next is made ready. Two groups under way never have a
    conversation in common: what somebody wrote there would change its order.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lingering: asyncio.Task[None] | None = None
        self._writing: dict[asyncio.Task[None], float] = {}
        """The groups under way, and since when."""

        self._under_way: set[int] = set()
        self._at_once = 1 if connection.vendor == "sqlite" else GROUPS_AT_ONCE

    def take(self, draft: Draft, told: Told) -> None:
        """Save one message with whatever else is waiting; raises ``Busy`` where that is too much.

        ``told`` is called where the group is told, without a task or a turn of the loop between.
        """
        if len(self._waiting) >= WAITING_LIMIT:
            raise Busy
        self._waiting.append((draft, told))
        if self._lingering is None:
            self._lingering = asyncio.create_task(self._linger())

    async def send(self, draft: Draft) -> Message:
        """The same, waited for; raises the ``DomainError`` of the draft."""
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        def told(outcome: Message | DomainError) -> None:
            if answer.done():
                return
            if isinstance(outcome, DomainError):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        self.take(draft, told)
        return await answer

    async def _linger(self) -> None:
        await asyncio.sleep(LINGER_SECONDS)
        self._lingering = None
        self._begin()

    def _begin(self) -> None:
        """Start the next group, if it is its turn and somebody waits."""
        loop = asyncio.get_running_loop()
        if not self._is_our_turn(loop.time()) or not (group := self._next_group()):
            return
        task = loop.create_task(self._write(group))
        self._writing[task] = loop.time()
        task.add_done_callback(self._ended)
        if len(self._writing) < self._at_once:
            loop.call_later(PATIENCE_SECONDS, self._begin)

    def _is_our_turn(self, now: float) -> bool:
        if not self._writing:
            return True
        a_while = now - min(self._writing.values()) >= PATIENCE_SECONDS
        return a_while and len(self._writing) < self._at_once

    def _next_group(self) -> list[_Waiting]:
        """The longest-waiting whose conversation no group has under way."""
        group: list[_Waiting] = []
        rest: list[_Waiting] = []
        for one in self._waiting:
            free = one[0].conversation_id not in self._under_way
            (group if free and len(group) < GROUP_LIMIT else rest).append(one)
        self._waiting = rest
        self._under_way.update(draft.conversation_id for draft, _ in group)
        return group

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._writing[task]
        if not task.cancelled():
            self._begin()

    async def _write(self, group: list[_Waiting]) -> None:
        try:
            await self._save(group)
        finally:
            self._under_way.difference_update(draft.conversation_id for draft, _ in group)

    async def _save(self, group: list[_Waiting]) -> None:
        try:
            outcomes, rings = await run_db(_save, [draft for draft, _ in group])
        except Exception as error:  # noqa: BLE001 — each waiting phone must hear that it failed.
            for _, told in group:
                _tell(told, _as_busy(error))
            return
        # Whoever follows here is told from what we hold; the rings then find nothing left to read.
        arrivals = [arrival for o in outcomes if (arrival := _taken_arrival(o)) is not None]
        with corked():
            _offer(arrivals)
            for topic, head in rings:
                doorbell().rung(topic, head)
            for (_, told), outcome in zip(group, outcomes, strict=True):
                _tell(told, outcome)


def _taken_arrival(outcome: Message | DomainError) -> ConversationEvent | None:
    """Its arrival in the conversation, if it arrived just now.

    The message lets go of it: as long as each holds the other, only the collector frees the two.
    """
    if not isinstance(outcome, Message):
        return None
    arrival, outcome.arrival = outcome.arrival, None
    return arrival


def _offer(arrivals: list[ConversationEvent]) -> None:
    try:
        hub().rooms.offer(arrivals)
    except Exception as error:  # noqa: BLE001 — it is saved: the senders are told, the rings go out.
        log.error("arrivals not offered: %s", type(error).__name__)


def _tell(told: Told, outcome: Message | DomainError) -> None:
    try:
        told(outcome)
    except Exception as error:  # noqa: BLE001 — the others of the group are told all the same.
        log.error("outcome not told: %s", type(error).__name__)


def _save(drafts: list[Draft]) -> tuple[list[Message | DomainError], list[tuple[str, int]]]:
    with gather_rings() as rings:
        return send_messages(drafts), rings


def _as_busy(error: Exception) -> DomainError:
    """The database did not take the group: nothing was saved, so trying again is right."""
    return error if isinstance(error, DomainError) else Busy()


writer = PerLoop(GroupWriter)
"""The writer of the running loop."""
