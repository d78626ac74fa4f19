"""Where requests and sockets come in."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 — Django must be set up first.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from chat.kernel.doorbell import doorbell  # noqa: E402
from chat.realtime.consumer import SocketConsumer  # noqa: E402
from config.origins import SameOrigin  # noqa: E402

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

sockets: App = SameOrigin(
    AuthMiddlewareStack(URLRouter([path("socket", SocketConsumer.as_asgi())]))
)
router: App = ProtocolTypeRouter({"http": http, "websocket": sockets})


async def application(scope: Scope, receive: Any, send: Any) -> None:
    """The first thing a process does is to hang up its doorbell: threads then ring through it."""
    doorbell()
    await router(scope, receive, send)
