"""So many requests at once, and so many more in line: past that somebody is told to come again.

Each request has a thread and a connection of its own for as long as it lasts. When the database is
slow for a moment, a thousand phones that open a page would take every connection it has, also from
those who ask for help and from the workers. So whoever comes stands in line before that.

Asking for help does not, nor leaving, nor what a page is made of, nor whoever looks how we are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from csp.utils import build_policy
from django.conf import settings
from django.template.loader import render_to_string
from prometheus_client import Gauge

from chat.kernel.errors import Busy
from chat.kernel.loops import PerLoop
from chat.views.answers import refused

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

IN_LINE = 500
"""Requests that may wait in a process. Longer than these take, nobody waits for a page."""

COME_AGAIN_SECONDS = 5
AT_ONCE = ("/help", "/leave", "/healthz", "/readyz", "/metrics", "/sw.js", "/offline")
BELOW = ("/help/", settings.STATIC_URL)

in_line = Gauge("lantern_requests_in_line", "Requests that wait for their turn in this process")


class Gate:
    """Stands before the pages."""

    def __init__(self, pages: App, *, at_once: int, most_in_line: int = IN_LINE) -> None:
        self._pages = pages
        self._turns = PerLoop(lambda: asyncio.Semaphore(at_once))
        self._most_in_line = most_in_line
        self._in_line = 0

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path in AT_ONCE or path.startswith(BELOW):
            await self._pages(scope, receive, send)
        elif self._turns().locked() and self._in_line >= self._most_in_line:
            await _refuse(scope, send)
        else:
            await self._in_turn(scope, receive, send)

    async def _in_turn(self, scope: Scope, receive: Any, send: Any) -> None:
        turns = self._turns()
        self._in_line += 1
        in_line.inc()
        try:
            await turns.acquire()
        finally:
            self._in_line -= 1
            in_line.dec()
        try:
            await self._pages(scope, receive, send)
        finally:
            turns.release()


async def _refuse(scope: Scope, send: Any) -> None:
    """The numbers for who reads pages; for scripts the refusal that they know from the socket."""
    asks_for = b",".join(value for name, value in scope["headers"] if name == b"accept")
    is_page = b"text/html" in asks_for
    body = _busy_page() if is_page else refused(Busy()).content
    kind = "text/html; charset=utf-8" if is_page else "application/json"
    headers = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Retry-After": str(COME_AGAIN_SECONDS),
        "Cache-Control": "no-store",
        "Content-Security-Policy": build_policy(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    }
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": Busy.http_status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


@cache
def _busy_page() -> bytes:
    """The same for everybody; drawn once, and from no database."""
    return render_to_string("busy.html").encode()
