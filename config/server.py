"""The embedded way of running: Daphne and the workers in one process, on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from daphne.server import Server
from twisted.internet import defer, reactor

from chat.kernel.doorbell import doorbell
from config.workers import Crew, Worker

BACKLOG = 2048
"""Daphne's own is 50; in a storm of connects the rest would wait for a second each."""

MAX_SOCKET_MESSAGE = 64 * 1024
"""Bytes of one incoming WebSocket message, past which the connection is closed unread."""

PING_EVERY_SECONDS = 10
PING_TIMEOUT_SECONDS = 15
"""A phone that reads nothing at all is gone after both: Daphne's own would take fifty seconds."""

_reactor: Any = reactor


def endpoint(host: str, port: int) -> str:
    """Daphne's words for where to listen."""
    return f"tcp:port={port}:interface={host}:backlog={BACKLOG}"


def serve(
    application: Any,
    *,
    host: str,
    port: int,
    workers: Mapping[str, Worker],
    on_ready: Callable[[], None],
) -> bool:
    """Serve until SIGTERM or SIGINT; ``False`` if the address could not be had."""
    started = False

    def ready() -> None:
        nonlocal started
        started = True
        _start_workers(workers)
        on_ready()

    Server(
        application=application,
        endpoints=[endpoint(host, port)],
        ready_callable=ready,
        server_name="",
        ping_interval=PING_EVERY_SECONDS,
        ping_timeout=PING_TIMEOUT_SECONDS,
        websocket_max_message_size=MAX_SOCKET_MESSAGE,
        websocket_max_frame_size=MAX_SOCKET_MESSAGE,
        verbosity=0,
    ).run()
    return started


def _start_workers(workers: Mapping[str, Worker]) -> None:
    loop: asyncio.AbstractEventLoop = _reactor._asyncioEventloop

    async def work() -> None:
        bell = doorbell()
        crew = Crew(workers)
        _reactor.addSystemEventTrigger(
            "before", "shutdown", lambda: defer.Deferred.fromFuture(loop.create_task(crew.stop()))
        )
        await crew.run()
        await bell.close()

    task = loop.create_task(work())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


_tasks: set[asyncio.Task[None]] = set()
"""The loop itself keeps only a weak hold on its tasks."""
