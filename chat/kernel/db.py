"""How coroutines reach the database.

Channels and asgiref would run every query of a process on one shared thread: twenty queries of
100 ms then take two seconds, and one slow query delays every phone. ``run_db`` uses a small pool
of threads of our own, each with its own connection, and decides that once for all sockets.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")

POOL_SIZE = 8
"""Threads (and so connections) per process."""

BELIEVED_SECONDS = 5.0
"""For so long after its last query a connection is taken to be alive."""

_last = threading.local()
_pool = ThreadPoolExecutor(max_workers=POOL_SIZE, thread_name_prefix="db")


async def run_db(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous function that uses the ORM, without holding up the event loop."""
    context = contextvars.copy_context()

    def call() -> T:
        _begin()
        try:
            return context.run(function, *args, **kwargs)
        finally:
            close_old_connections()
            _last.at = time.monotonic()

    return await asyncio.get_running_loop().run_in_executor(_pool, call)


def _begin() -> None:
    """Let go of connections that are too old, and look at those that were idle for a while.

    Django would ask each one whether it is alive before its first query: one more way to the
    database and back, for every message. One that answered a moment ago is believed. If it is gone
    after all, its next query fails, as it would had it gone a moment later, and it is closed.
    """
    close_old_connections()
    if time.monotonic() - getattr(_last, "at", -BELIEVED_SECONDS) < BELIEVED_SECONDS:
        for connection in connections.all(initialized_only=True):
            connection.health_check_done = True  # type: ignore[attr-defined]


async def close_pool_connections() -> None:
    """Close the pool's connections, so that a test database can be dropped."""
    loop = asyncio.get_running_loop()
    await asyncio.gather(
        *(loop.run_in_executor(_pool, connections.close_all) for _ in range(POOL_SIZE * 2))
    )
