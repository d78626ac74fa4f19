"""A real reading whose first answer comes late, as from a database that has much to do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from chat.kernel.db import run_db


class HeldOnce:
    """Stands beside a real read: what it read first is not handed out until ``go_on``."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._is_first = True
        self._has_read = threading.Event()
        self._may_end = threading.Event()

    def __call__(self, *args: Any) -> Any:
        found = self._real(*args)
        with self._lock:
            is_first, self._is_first = self._is_first, False
        if is_first:
            self._has_read.set()
            self._may_end.wait(10)
        return found

    async def has_read(self) -> None:
        """Wait until the first answer is there, and held."""
        assert await asyncio.to_thread(self._has_read.wait, 10)

    def go_on(self) -> None:
        self._may_end.set()


async def others_have_had_their_turn() -> None:
    """Whoever does not wait for what is held has asked the database all they want to know."""
    for _ in range(12):
        await run_db(int)
