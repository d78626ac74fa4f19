"""Who stands in line before the pages, who does not, and what is said past the line's end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest

from config.gate import COME_AGAIN_SECONDS, Gate


class Pages:
    """Begins each request that reaches it, and answers once it is let go on."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.go_on = asyncio.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.begun.append(scope["path"])
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Answer:
    """What came back for one request."""

    status = 0
    body = b""

    async def take(self, event: dict[str, Any]) -> None:
        if event["type"] == "http.response.start":
            self.status = event["status"]
            self.headers = {name.decode(): value.decode() for name, value in event["headers"]}
        else:
            self.body += event["body"]


async def ask(gate: Gate, path: str, *, accept: str = "*/*") -> Answer:
    answer = Answer()
    scope = {"type": "http", "path": path, "headers": [(b"accept", accept.encode())]}
    await gate(scope, None, answer.take)
    return answer


async def begin(asking: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
    """Under way, or in line, when this returns: nothing before either waits."""
    task = asyncio.create_task(asking)
    await asyncio.sleep(0)
    return task


async def test_whoever_waits_in_line_has_the_next_turn() -> None:
    pages = Pages()
    gate = Gate(pages, at_once=2)
    asked = [await begin(ask(gate, path)) for path in ("/spaces", "/talk", "/me")]
    assert pages.begun == ["/spaces", "/talk"]
    pages.go_on.set()
    assert [(await one).status for one in asked] == [200, 200, 200]
    assert pages.begun == ["/spaces", "/talk", "/me"]


async def test_past_the_line_a_page_has_the_numbers_and_says_when_to_come_again() -> None:
    pages = Pages()
    gate = Gate(pages, at_once=1, most_in_line=1)
    asked = [await begin(ask(gate, path)) for path in ("/spaces", "/talk")]
    page = await ask(gate, "/me", accept="text/html,application/xhtml+xml")
    by_script = await ask(gate, "/conversations/1/since/0")
    pages.go_on.set()
    assert [(await one).status for one in asked] == [200, 200]
    assert pages.begun == ["/spaces", "/talk"]

    assert page.status == by_script.status == 503
    assert page.headers["retry-after"] == str(COME_AGAIN_SECONDS)
    assert b"Try again" in page.body
    assert b"tel:116123" in page.body
    assert "default-src 'none'" in page.headers["content-security-policy"]
    said = json.loads(by_script.body)
    assert (said["code"], said["permanent"]) == ("busy", False)


@pytest.mark.parametrize(
    "path", ["/help", "/help/give-up", "/leave", "/healthz", "/readyz", "/metrics", "/static/x.js"]
)
async def test_help_and_leaving_never_stand_in_line(path: str) -> None:
    pages = Pages()
    gate = Gate(pages, at_once=1, most_in_line=0)
    page = await begin(ask(gate, "/spaces"))
    urgent = await begin(ask(gate, path))
    assert pages.begun == ["/spaces", path]
    pages.go_on.set()
    assert (await urgent).status == (await page).status == 200


async def test_who_hangs_up_in_line_leaves_their_place_to_others() -> None:
    pages = Pages()
    gate = Gate(pages, at_once=1, most_in_line=1)
    first = await begin(ask(gate, "/spaces"))
    gone = await begin(ask(gate, "/talk"))
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    third = await begin(ask(gate, "/me"))
    pages.go_on.set()
    assert [(await one).status for one in (first, third)] == [200, 200]
    assert pages.begun == ["/spaces", "/me"]
