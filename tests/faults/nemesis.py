"""Whoever breaks things: every kind of fault, in an order drawn by the run's seed."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import signal
from collections.abc import Awaitable, Callable

import redis
from django.db import Error as DatabaseError

from chat.kernel import clock
from chat.kernel.db import run_db
from chat.models import Message
from moderation.screening import LEASE_SECONDS
from tests.faults.history import History
from tests.faults.house import House, Service
from tests.faults.proxy import Proxy

FREEZE_SECONDS = 30.0
CATCH_WITHIN = 20.0
"""How long to lie in wait for workers that hold messages."""

JUST_NOW = dt.timedelta(seconds=2)


class Nemesis:
    def __init__(
        self,
        house: House,
        proxies: list[Proxy],
        history: History,
        dice: random.Random,
        seconds: float,
        *,
        stores: list[Proxy],
        rest: float = 2.5,
    ) -> None:
        self.house = house
        self.stores = stores
        self.proxies = proxies
        self.history = history
        self.dice = dice
        self.freeze_seconds = min(FREEZE_SECONDS, seconds / 4)
        self.rest = rest
        """Seconds between two faults, at most."""

        self.caught = 0
        """Messages that killed workers had in their hands."""

        self._frozen: set[asyncio.Task[None]] = set()
        self.faults: list[Callable[[], Awaitable[None]]] = [
            self.kill_web,
            self.kill_worker,
            self.kill_workers_mid_batch,
            self.kill_redis,
            self.flush_redis,
            self.freeze_web,
            self.freeze_worker,
            self.restart_postgres,
            self.cut_lines,
            self.slow_lines,
            self.cut_stores,
            self.slow_stores,
            self.deploy,
        ]

    async def rage(self, until: Callable[[], bool]) -> None:
        """Every kind once in the seed's order, also when that takes longer, then again.

        A bag is shuffled and emptied, and only then filled again: a run has every kind.
        """
        first = True
        while first or not until():
            order = list(self.faults)
            self.dice.shuffle(order)
            for fault in order:
                if not first and until():
                    break
                self.history.fault(fault.__name__)
                await fault()
                await asyncio.sleep(self.dice.uniform(0.5, self.rest))
            first = False
        await asyncio.gather(*self._frozen)

    def _pick(self, services: list[Service]) -> Service:
        """One of them, and one that is not frozen already if there is such a one."""
        return self.dice.choice([s for s in services if not s.frozen] or services)

    async def _again(self, service: Service) -> None:
        await asyncio.sleep(self.dice.uniform(0.2, 2))
        service.start()

    async def kill_web(self) -> None:
        web = self._pick(self.house.webs)
        web.kill()
        await self._again(web)

    async def kill_worker(self) -> None:
        worker = self._pick(self.house.workers)
        worker.kill()
        await self._again(worker)

    async def kill_workers_mid_batch(self) -> None:
        """All at once, and while they hold messages: nobody but the lease knows of those now."""
        for _ in range(int(CATCH_WITHIN / 0.1)):
            for worker in self.house.workers:
                worker.tell(signal.SIGSTOP)
            held = await self._held()
            if held:
                break
            for worker in self.house.workers:
                if not worker.frozen:
                    worker.tell(signal.SIGCONT)
            await asyncio.sleep(0.1)
        for worker in self.house.workers:
            worker.kill()
        self.caught += held
        self.history.note(op="caught", messages=held)
        for worker in self.house.workers:
            await self._again(worker)

    async def _held(self) -> int:
        """Messages leased a moment ago and not finished."""
        since = clock.now() + dt.timedelta(seconds=LEASE_SECONDS) - JUST_NOW
        rows = Message.objects.filter(due_at__isnull=False, lease_until__gt=since)
        try:
            return await run_db(rows.count)
        except DatabaseError:
            return 0

    async def kill_redis(self) -> None:
        self.house.redis.kill()
        await self._again(self.house.redis)

    async def flush_redis(self) -> None:
        client = redis.Redis.from_url(self.house.redis_url, socket_timeout=5)
        try:
            await asyncio.to_thread(client.flushall)
        except redis.RedisError:
            return
        finally:
            client.close()

    def _freeze(self, service: Service) -> None:
        """Stop a process where it stands; the other faults go on meanwhile."""

        async def later() -> None:
            await asyncio.sleep(self.freeze_seconds)
            service.thaw()

        service.freeze()
        task = asyncio.create_task(later())
        self._frozen.add(task)
        task.add_done_callback(self._frozen.discard)

    async def freeze_web(self) -> None:
        self._freeze(self._pick(self.house.webs))

    async def freeze_worker(self) -> None:
        self._freeze(self._pick(self.house.workers))

    async def restart_postgres(self) -> None:
        """As after a crash of its own: every connection gone, no goodbye, recovery from the log."""
        await asyncio.to_thread(self.house.postgres.stop, signal.SIGQUIT)
        await self._again(self.house.postgres)
        while not await asyncio.to_thread(self.house.database_answers):
            await asyncio.sleep(0.2)

    async def cut_lines(self) -> None:
        for _ in range(3):
            self.dice.choice(self.proxies).cut()
            await asyncio.sleep(self.dice.uniform(0.2, 1))

    async def slow_lines(self) -> None:
        proxy = self.dice.choice(self.proxies)
        proxy.delay = self.dice.uniform(0.2, 1.5)
        await asyncio.sleep(8)
        proxy.delay = 0.0
        proxy.cut()

    async def cut_stores(self) -> None:
        """In the middle of whatever is asked: a commit may be made, and its answer not arrive."""
        for _ in range(3):
            for proxy in self.stores:
                proxy.cut()
            await asyncio.sleep(self.dice.uniform(0.2, 1))

    async def slow_stores(self) -> None:
        proxy = self.dice.choice(self.stores)
        proxy.delay = self.dice.uniform(0.02, 0.2)
        await asyncio.sleep(5)
        proxy.delay = 0.0

    async def deploy(self) -> None:
        """One process after the other, as a deploy does it: asked to stop, waited for, started.

        A frozen one does not hear; it is killed when its time to go is over.
        """
        for port, web in zip(self.house.web_ports, self.house.webs, strict=True):
            await asyncio.to_thread(web.stop)
            web.start()
            await asyncio.to_thread(self.house.wait_for_web, port)
        for worker in self.house.workers:
            await asyncio.to_thread(worker.stop)
            worker.start()
