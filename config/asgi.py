"""Where requests and sockets come in."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import (  # noqa: E402 — Django must be set up first.
    ProtocolTypeRouter,
    URLRouter,
)
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from chat.kernel.doorbell import doorbell  # noqa: E402
from chat.realtime import drain  # noqa: E402
from chat.realtime.consumer import SocketConsumer  # noqa: E402
from config.checks import refuse_unsafe_start  # noqa: E402
from config.collector import spare_the_collector  # noqa: E402
from config.gate import Gate  # noqa: E402
from config.open_files import allow_sockets  # noqa: E402
from config.origins import SameOrigin  # noqa: E402
from config.pages import closing_connections  # noqa: E402
from config.proxies import seen_from_outside  # noqa: E402
from config.stand_in import watch  # noqa: E402
from config.unkept_log import spare_the_log  # noqa: E402

refuse_unsafe_start()
allow_sockets(settings.SOCKETS_PER_PROCESS)
spare_the_log()

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

sockets: App = SameOrigin(URLRouter([path("socket", SocketConsumer.as_asgi())]))
pages: App = Gate(closing_connections(http), at_once=settings.PAGES_AT_ONCE)
router: App = ProtocolTypeRouter({"http": pages, "websocket": sockets})

spare_the_collector()


async def application(scope: Scope, receive: Any, send: Any) -> None:
    """The first thing a process does is to hang up its doorbell: threads then ring through it.

    Then it makes sure that it is asked before the server stops, and that somebody looks after
    those who wait when no worker does.
    """
    doorbell()
    drain.stand_by()
    watch()
    await router(seen_from_outside(scope), receive, send)
