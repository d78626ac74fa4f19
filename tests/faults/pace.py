"""How fast people write: as fast as asked for, and no faster than the readers read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from django.db import Error as DatabaseError

from chat.kernel.db import run_db
from tests.faults.calm import unread
from tests.faults.phone import FaultPhone

LOOK_EVERY = 1.0
MOST_UNANSWERED = 30
"""With so many unanswered messages on a phone, its person waits before writing more."""


class Pace:
    """A run that writes faster than the readers read would only measure the calm after it."""

    def __init__(self, rate: float, backlog: int) -> None:
        self.rate = rate
        """Messages a second and phone."""

        self.backlog = backlog
        """With so many messages unread, everybody waits."""

        self.unread = 0

    async def keep(self, over: Callable[[], bool]) -> None:
        """Look now and then how much is unread."""
        while not over():
            await asyncio.sleep(LOOK_EVERY)
            try:
                self.unread = await run_db(unread)
            except DatabaseError:
                continue

    async def pause(self, phone: FaultPhone, over: Callable[[], bool]) -> None:
        """Until the person behind this phone writes again."""
        await asyncio.sleep(phone.dice.expovariate(self.rate))
        while self._is_too_much(phone) and not over():
            await asyncio.sleep(LOOK_EVERY / 5)

    def _is_too_much(self, phone: FaultPhone) -> bool:
        return self.unread > self.backlog or len(phone.outbox) > MOST_UNANSWERED
