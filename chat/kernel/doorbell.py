"""The doorbell: "topic so-and-so has something new", and nothing else.

A ring carries a topic and a head number: no text, no names, nothing to leak, safe to lose. What
matters is in the database before anybody rings; whoever hears the bell reads rows, and whoever
misses it finds them on the next sweep.

Inside one process a ring is a plain function call. Between processes all rings of one turn of the
loop travel as one parcel, to every process: sorting out what nobody here listens to costs less than
a subscription per conversation, and there is only one subscription to lose.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db import transaction
from prometheus_client import Counter

from chat.kernel.loops import PerLoop

log = logging.getLogger(__name__)

Listener = Callable[[str, int], None]
"""Called in the event loop with the topic and the head; must not block and must not raise."""

KNOCK_SECONDS = 15.0
"""How often every process sends all of them, itself included, a parcel with nothing in it."""

DEAF_SECONDS = 40.0
"""After so long without any parcel the subscription is lost, whatever the layer believes of it.

(It asks Redis for each subscription once: adding a group again does nothing.)
"""

LISTEN_WITHIN_SECONDS = 5.0
"""After so long we begin again: a Redis that takes the call and says nothing would keep us deaf."""

EVERYBODY = "rings"
"""The one group of the channel layer."""

RINGS_TOGETHER = 500
SEND_WITHIN_SECONDS = 5.0

lost_rings = Counter("lantern_doorbell_lost_total", "Rings that could not be sent onwards")
missed_rings = Counter(
    "lantern_doorbell_missed_total", "Changes that a sweep found and no ring had announced"
)


def conversation_topic(conversation_id: int) -> str:
    return f"conversation.{conversation_id}"


def typing_topic(conversation_id: int) -> str:
    """Rung with a person instead of a head: whoever else is in that talk sees them writing."""
    return f"typing.{conversation_id}"


def person_topic(user_id: int) -> str:
    return f"person.{user_id}"


ALERTS = "alerts"
"""Something changed in a list that staff work from."""


def work_topic(queue: str) -> str:
    """A worker's wake-up call; workers also look by themselves."""
    return f"work.{queue}"


class Doorbell:
    """One per event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[str, set[Listener]] = {}
        self._outgoing: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._layer: Any = channel_layers["default"]
        self._shared = not isinstance(self._layer, InMemoryChannelLayer)
        self._channel = ""
        self._has_listened = False
        self._tasks: list[asyncio.Task[None]] = []
        if self._shared:
            for job in (self._send_out, self._receive, self._knock):
                self._tasks.append(self._loop.create_task(self._supervise(job)))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def listen(self, topic: str, listener: Listener) -> None:
        """Hear every ring of ``topic`` from now on."""
        self._listeners.setdefault(topic, set()).add(listener)

    def forget(self, topic: str, listener: Listener) -> None:
        """Stop hearing ``topic``."""
        listeners = self._listeners.get(topic)
        if listeners is None:
            return
        listeners.discard(listener)
        if not listeners:
            del self._listeners[topic]

    def rung(self, topic: str, head: int) -> None:
        """Ring here at once, and onwards with the next turn of the loop."""
        self._deliver(topic, head)
        if self._shared:
            self._outgoing[topic] = max(head, self._outgoing.get(topic, 0))
            self._wake.set()

    async def close(self) -> None:
        """Ring and hear no more; whoever asks for the loop's doorbell after this gets a new one."""
        global _home
        doorbell.forget(self)
        if _home is self:
            _home = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._shared:
            await self._layer.flush()

    def _deliver(self, topic: str, head: int) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            listener(topic, head)

    async def _supervise(self, job: Callable[[], Any]) -> None:
        """A reader or sender that dies comes back: otherwise the process would be deaf for ever."""
        while True:
            try:
                await job()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 — Redis fails in many ways; all mean "again".
                log.warning("doorbell interrupted: %s", type(error).__name__)
                await asyncio.sleep(1)

    async def _send_out(self) -> None:
        """What was rung during one turn travels together, however many topics it was."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            outgoing, self._outgoing = list(self._outgoing.items()), {}
            for start in range(0, len(outgoing), RINGS_TOGETHER):
                rings = outgoing[start : start + RINGS_TOGETHER]
                try:
                    async with asyncio.timeout(SEND_WITHIN_SECONDS):
                        await self._layer.group_send(EVERYBODY, _parcel(rings, self._channel))
                except Exception:
                    lost_rings.inc(len(outgoing) - start)
                    raise

    async def _receive(self) -> None:
        async with asyncio.timeout(LISTEN_WITHIN_SECONDS):
            if self._has_listened:
                await self._layer.flush()  # The old connections may be dead and not know it.
            self._has_listened = True
            self._channel = await self._layer.new_channel()
            await self._layer.group_add(EVERYBODY, self._channel)
        while True:
            async with asyncio.timeout(DEAF_SECONDS):
                parcel = await self._layer.receive(self._channel)
            if parcel["from"] == self._channel:
                continue
            for topic, head in parcel["rings"]:
                self._deliver(topic, head)

    async def _knock(self) -> None:
        while True:
            await asyncio.sleep(KNOCK_SECONDS)
            async with asyncio.timeout(SEND_WITHIN_SECONDS):
                await self._layer.group_send(EVERYBODY, _parcel([], self._channel))


def _parcel(rings: Sequence[tuple[str, int]], sender: str) -> dict[str, object]:
    return {"from": sender, "rings": list(rings)}


_home: Doorbell | None = None
_gathered: ContextVar[list[tuple[str, int]] | None] = ContextVar("rings", default=None)


def _newest() -> Doorbell:
    """The newest is where this process's threads ring."""
    global _home
    _home = Doorbell()
    return _home


doorbell = PerLoop(_newest)
"""The doorbell of the running loop."""


def ring(topic: str, head: int = 0) -> None:
    """Ring at once, from any thread. Never raises and never waits for anybody."""
    gathered = _gathered.get()
    if gathered is not None:
        gathered.append((topic, head))
        return
    home = _home
    if home is not None and not home.loop.is_closed() and home.loop.is_running():
        home.loop.call_soon_threadsafe(home.rung, topic, head)
        return
    layer: Any = channel_layers["default"]
    if isinstance(layer, InMemoryChannelLayer):
        return  # Nobody listens in this process, and the layer reaches no other.
    try:
        async_to_sync(layer.group_send)(EVERYBODY, _parcel([(topic, head)], ""))
    except Exception as error:  # noqa: BLE001 — the row is the promise; a lost ring only costs time.
        lost_rings.inc()
        log.warning("ring lost: %s", type(error).__name__)


@contextmanager
def gather_rings() -> Iterator[list[tuple[str, int]]]:
    """Keep what this thread rings, for a caller in the event loop to ring there himself."""
    rings: list[tuple[str, int]] = []
    token = _gathered.set(rings)
    try:
        yield rings
    finally:
        _gathered.reset(token)


def ring_on_commit(topic: str, head: int = 0) -> None:
    """Ring once the surrounding transaction has committed; after a rollback nobody hears it."""
    ring_all_on_commit([(topic, head)])


def ring_all_on_commit(rings: Iterable[tuple[str, int]]) -> None:
    """The same for many topics at once."""

    def ring_them() -> None:
        for topic, head in rings:
            ring(topic, head)

    transaction.on_commit(ring_them)
