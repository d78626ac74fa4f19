"""The doorbell: "topic so-and-so has something new", and nothing else.

A ring carries a topic and a head number: no text, no names, nothing to leak, safe to lose. What
matters is in the database before anybody rings; whoever hears the bell reads rows, and whoever
misses it finds them on the next sweep.

Inside one process a ring is a plain function call. Between processes it travels over the channel
layer, coalesced, so that a busy conversation costs one publish per turn of the loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db import transaction
from prometheus_client import Counter

log = logging.getLogger(__name__)

Listener = Callable[[str, int], None]
"""Called in the event loop with the topic and the head; must not block and must not raise."""

RENEW_SECONDS = 15.0
"""How often subscriptions are asserted again; a lost one is deaf for no longer than this."""

lost_rings = Counter("lantern_doorbell_lost_total", "Rings that could not be sent onwards")


def conversation_topic(conversation_id: int) -> str:
    return f"conversation.{conversation_id}"


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
        self._tasks: list[asyncio.Task[None]] = []
        if self._shared:
            for job in (self._send_out, self._receive, self._renew):
                self._tasks.append(self._loop.create_task(self._supervise(job)))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def listen(self, topic: str, listener: Listener) -> None:
        """Hear every ring of ``topic`` from now on."""
        first = topic not in self._listeners
        self._listeners.setdefault(topic, set()).add(listener)
        if first and self._shared and self._channel:
            self._spawn(self._join(topic))

    def forget(self, topic: str, listener: Listener) -> None:
        """Stop hearing ``topic``."""
        listeners = self._listeners.get(topic)
        if listeners is None:
            return
        listeners.discard(listener)
        if not listeners:
            del self._listeners[topic]
            if self._shared and self._channel:
                self._spawn(self._leave(topic))

    def rung(self, topic: str, head: int) -> None:
        """Ring here at once, and onwards with the next turn of the loop."""
        self._deliver(topic, head)
        if self._shared:
            self._outgoing[topic] = max(head, self._outgoing.get(topic, 0))
            self._wake.set()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._shared:
            await self._layer.flush()

    def _deliver(self, topic: str, head: int) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            listener(topic, head)

    def _spawn(self, job: Any) -> None:
        task = self._loop.create_task(job)
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

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
        while True:
            await self._wake.wait()
            self._wake.clear()
            outgoing, self._outgoing = self._outgoing, {}
            for topic, head in outgoing.items():
                try:
                    await self._layer.group_send(topic, {"topic": topic, "head": head})
                except Exception:
                    lost_rings.inc()
                    raise

    async def _receive(self) -> None:
        if not self._channel:
            self._channel = await self._layer.new_channel()
            await self._join_all()
        while True:
            ring = await self._layer.receive(self._channel)
            self._deliver(ring["topic"], ring["head"])

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._join_all()

    async def _join_all(self) -> None:
        for topic in tuple(self._listeners):
            await self._layer.group_add(topic, self._channel)

    async def _join(self, topic: str) -> None:
        try:
            await self._layer.group_add(topic, self._channel)
        except Exception as error:  # noqa: BLE001 — asserted again by _renew.
            log.warning("doorbell could not join a topic: %s", type(error).__name__)

    async def _leave(self, topic: str) -> None:
        if topic in self._listeners:
            return
        try:
            await self._layer.group_discard(topic, self._channel)
        except Exception as error:  # noqa: BLE001 — a ring too many does no harm.
            log.warning("doorbell could not leave a topic: %s", type(error).__name__)


_bells: WeakKeyDictionary[asyncio.AbstractEventLoop, Doorbell] = WeakKeyDictionary()
_home: Doorbell | None = None


def doorbell() -> Doorbell:
    """The doorbell of the running loop; the newest is where this process's threads ring."""
    global _home
    loop = asyncio.get_running_loop()
    if loop not in _bells:
        _home = _bells[loop] = Doorbell()
    return _bells[loop]


def ring(topic: str, head: int = 0) -> None:
    """Ring at once, from any thread. Never raises and never waits for anybody."""
    home = _home
    if home is not None and not home.loop.is_closed() and home.loop.is_running():
        home.loop.call_soon_threadsafe(home.rung, topic, head)
        return
    layer: Any = channel_layers["default"]
    if isinstance(layer, InMemoryChannelLayer):
        return  # Nobody listens in this process, and the layer reaches no other.
    try:
        async_to_sync(layer.group_send)(topic, {"topic": topic, "head": head})
    except Exception as error:  # noqa: BLE001 — the row is the promise; a lost ring only costs time.
        lost_rings.inc()
        log.warning("ring lost: %s", type(error).__name__)


def ring_on_commit(topic: str, head: int = 0) -> None:
    """Ring once the surrounding transaction has committed; after a rollback nobody hears it."""
    transaction.on_commit(lambda: ring(topic, head))
