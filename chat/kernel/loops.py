"""One of something for each event loop: a process has one loop, and a test run has many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import ReferenceType, WeakKeyDictionary, ref

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Called, it gives the running loop's own, made at the first call; it goes with its loop."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()
        self._last: tuple[ReferenceType[asyncio.AbstractEventLoop], T] | None = None

    def __call__(self) -> T:
        """Raises ``RuntimeError`` where no loop runs."""
        loop = asyncio.get_running_loop()
        last = self._last  # Asked several times for each frame, and the dictionary is slow.
        if last is not None and last[0]() is loop:
            return last[1]
        if loop not in self._made:
            self._made[loop] = self._make()
        self._last = (ref(loop), self._made[loop])
        return self._last[1]

    def forget(self, one: T) -> None:
        """Make a new one at the next call, if ``one`` is the running loop's."""
        loop = asyncio.get_running_loop()
        if self._made.get(loop) is one:
            del self._made[loop]
            self._last = None
