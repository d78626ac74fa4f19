"""How much memory a process held at most, looked at while something runs."""

from __future__ import annotations

import asyncio
import contextlib

import psutil

LOOK_EVERY = 0.1
"""Seconds; what is taken and given back between two looks is not seen."""


class Peak:
    """``async with Peak(process) as peak: …``, then ``peak.mb``, and ``peak.grown_mb`` since."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._first = self._most = process.memory_info().rss
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Peak:
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        self._see()

    @property
    def mb(self) -> int:
        return round(self._most / 2**20)

    @property
    def grown_mb(self) -> float:
        return round((self._most - self._first) / 2**20, 1)

    async def _look(self) -> None:
        while True:
            self._see()
            await asyncio.sleep(LOOK_EVERY)

    def _see(self) -> None:
        self._most = max(self._most, self._process.memory_info().rss)
