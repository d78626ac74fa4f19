"""Whoever breaks things: one fault after another, drawn by the run's seed."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable

import redis

from tests.faults.history import History
from tests.faults.house import House, Service
from tests.faults.proxy import Proxy

FREEZE_SECONDS = 30.0


class Nemesis:
    def __init__(
        self,
        house: House,
        proxies: list[Proxy],
        history: History,
        dice: random.Random,
        seconds: float,
    ) -> None:
        self.house = house
        self.proxies = proxies
        self.history = history
        self.dice = dice
        self.freeze_seconds = min(FREEZE_SECONDS, seconds / 5)
        self.faults: list[Callable[[], Awaitable[None]]] = [
            self.kill_web,
            self.kill_worker,
            self.kill_redis,
            self.flush_redis,
            self.freeze_web,
            self.freeze_worker,
            self.restart_postgres,
            self.cut_lines,
            self.slow_lines,
            self.deploy,
        ]

    async def rage(self, until: Callable[[], bool]) -> None:
        """Every kind once, in an order of the seed's, then again; one at a time, with a breath."""
        while not until():
            order = list(self.faults)
            self.dice.shuffle(order)
            for fault in order:
                if until():
                    return
                self.history.fault(fault.__name__)
                await fault()
                await asyncio.sleep(self.dice.uniform(0.5, 2.5))

    async def _again(self, service: Service) -> None:
        await asyncio.sleep(self.dice.uniform(0.2, 2))
        service.start()

    async def kill_web(self) -> None:
        web = self.dice.choice(self.house.webs)
        web.kill()
        await self._again(web)

    async def kill_worker(self) -> None:
        worker = self.dice.choice(self.house.workers)
        worker.kill()
        await self._again(worker)

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

    async def _freeze(self, service: Service) -> None:
        service.tell(signal.SIGSTOP)
        await asyncio.sleep(self.freeze_seconds)
        service.tell(signal.SIGCONT)

    async def freeze_web(self) -> None:
        await self._freeze(self.dice.choice(self.house.webs))

    async def freeze_worker(self) -> None:
        await self._freeze(self.dice.choice(self.house.workers))

    async def restart_postgres(self) -> None:
        """As after a crash of its own: every connection gone, no goodbye, recovery from the log."""
        self.house.postgres.stop(signal.SIGQUIT)
        await self._again(self.house.postgres)

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

    async def deploy(self) -> None:
        """One process after the other, as a deploy does it: asked to stop, waited for, started."""
        for service in (*self.house.webs, *self.house.workers):
            await asyncio.to_thread(service.stop)
            service.start()
            await asyncio.sleep(1.5)
