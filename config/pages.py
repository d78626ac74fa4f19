"""How pages reach the database, where sockets have threads of their own (``chat.kernel.db``).

Django runs a page in a thread that begins and ends with its request, and so does the connection
that is opened there. Nobody can use it again, and yet it is not closed: what is left of it lies
about until the collector of garbage finds it, which with us is seldom (``config.collector``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def closing_connections(app: App) -> App:
    """The same application, which leaves no connection behind; the sockets' stay open."""

    async def closing(scope: dict[str, Any], receive: Any, send: Any) -> None:
        # Django opens such a context as well: inside this one it means the same thread.
        async with ThreadSensitiveContext():
            try:
                await app(scope, receive, send)
            finally:
                await sync_to_async(connections.close_all)()

    return closing
