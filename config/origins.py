"""Which pages may open a socket: full origins, scheme and port included.

Channels' own validator compares hosts only and lets ``http://`` and any port through.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

log = logging.getLogger(__name__)

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


def origin_of(headers: list[tuple[bytes, bytes]]) -> str:
    found = [value for name, value in headers if name == b"origin"]
    return found[0].decode("latin-1") if len(found) == 1 else ""


def host_of(headers: list[tuple[bytes, bytes]]) -> str:
    found = [value for name, value in headers if name == b"host"]
    return found[0].decode("latin-1") if len(found) == 1 else ""


def is_allowed(origin: str, host: str) -> bool:
    """In production one of ``ALLOWED_ORIGINS`` to the letter; else the page's own host."""
    if settings.ALLOWED_ORIGINS:
        return origin in settings.ALLOWED_ORIGINS
    if settings.PRODUCTION:
        return False
    parts = urlsplit(origin)
    return bool(host) and parts.scheme in {"http", "https"} and origin == f"{parts.scheme}://{host}"


class SameOrigin:
    """Refuses a handshake from anywhere but our own pages."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if is_allowed(origin_of(scope["headers"]), host_of(scope["headers"])):
            await self.app(scope, receive, send)
            return
        await receive()
        log.warning("socket refused: foreign origin")
        await send({"type": "websocket.close", "code": 4403})
