"""How coroutines reach the database.

Channels and asgiref would run every query of a process on one shared thread: twenty queries of
100 ms then take two seconds, and one slow query delays every phone. ``run_db`` uses a small pool
of threads of our own, each with its own connection, and decides that once for all sockets.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")

POOL_SIZE = 8
"""Threads (and so connections) per process."""

_pool = ThreadPoolExecutor(max_workers=POOL_SIZE, thread_name_prefix="db")


async def run_db(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous function that uses the ORM, without holding up the event loop."""
    context = contextvars.copy_context()

    def call() -> T:
        close_old_connections()
        try:
            return context.run(function, *args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_pool, call)


async def close_pool_connections() -> None:
    """Close the pool's connections, so that a test database can be dropped."""
    loop = asyncio.get_running_loop()
    await asyncio.gather(
        *(loop.run_in_executor(_pool, connections.close_all) for _ in range(POOL_SIZE * 2))
    )
