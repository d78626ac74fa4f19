"""How late the event loop is: whoever blocks it delays every phone of the process."""

from __future__ import annotations

import asyncio

from prometheus_client import Histogram

EVERY_SECONDS = 0.1
loop_lag = Histogram(
    "lantern_loop_lag_seconds",
    "How much later than asked the event loop woke up",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)


async def measure_lag() -> None:
    """Ask to be woken again and again, and note how late that happens."""
    loop = asyncio.get_running_loop()
    while True:
        asked = loop.time() + EVERY_SECONDS
        await asyncio.sleep(EVERY_SECONDS)
        loop_lag.observe(max(0.0, loop.time() - asked))
