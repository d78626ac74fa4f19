"""A word that exists nowhere else is sent down every path, and then looked for everywhere."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import redis
from django.conf import settings
from django.db import connection

from chat.actions.conversations import open_talk
from chat.models import Message
from tests.cast import Cast
from tests.conftest import ON_POSTGRESQL, act, cookie_for, database_url
from tests.protocol.line import Line
from tests.servers import Site, find_postgres, wait_until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(170)]

CANARY = "zanzibarquartz"
"""In no word list, no model, no page."""


@contextmanager
def listening_to_redis(heard: list[bytes]) -> Iterator[None]:
    """Everything that anybody publishes meanwhile."""
    if not settings.REDIS_URL:
        yield
        return
    client = redis.Redis.from_url(settings.REDIS_URL)
    ears = client.pubsub()
    ears.psubscribe("*")
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            message = ears.get_message(timeout=0.2)
            if message and message["type"] == "pmessage":
                heard.append(message["data"])

    thread = threading.Thread(target=listen)
    thread.start()
    yield
    stop.set()
    thread.join(5)
    ears.close()


def everything_in_redis() -> bytes:
    if not settings.REDIS_URL:
        return b""
    client = redis.Redis.from_url(settings.REDIS_URL)
    found = [b"%s=%s" % (key, client.dump(key) or b"") for key in client.scan_iter("*")]
    return b"\n".join(found)


def everything_in_the_database() -> bytes:
    found = connection.settings_dict
    if not ON_POSTGRESQL:
        here = Path(found["NAME"])
        return b"".join(p.read_bytes() for p in here.parent.glob(f"{here.name}*"))
    folder = find_postgres()
    assert folder is not None
    dump = [folder / "pg_dump", "--dbname", database_url()]
    return subprocess.run(dump, check=True, capture_output=True).stdout


def forms_of(word: str) -> list[bytes]:
    """As it is, and as hexadecimal and base64 would hide it from a plain search."""
    raw = word.encode()
    middles = [base64.b64encode(b"x" * n + raw)[4:-4] for n in range(3)]
    return [raw, raw.hex().encode(), raw.upper(), *middles]


async def send_down_every_path(site: Site, cast: Cast, thread: int, talk: int) -> None:
    key = act(cookie_for, cast.ada)[settings.SESSION_COOKIE_NAME]
    line = await Line.ready(site.socket_url, key, [(thread, None), (talk, None)])
    for place in (thread, talk):
        await line.say("message.send", client_id=_id(), conversation=place, body=f"{CANARY} one")
        accepted = await line.take("message.accepted")
    message = accepted["message"]["id"]
    await line.say("message.edit", message=message, body=f"{CANARY} changed")
    await line.take("conversation.advanced")
    for broken in (
        f'{{"type":"{CANARY}"}}',
        f'{{"type":"message.send","body":"{CANARY}"',
        json.dumps({"type": "message.edit", "message": CANARY, "body": CANARY}),
        json.dumps({"type": "message.edit", "message": 1, "body": f"{CANARY}\x00"}),
        json.dumps({"type": "message.send", "client_id": CANARY, "conversation": 1, "body": "x"}),
    ):
        await line.socket.send(broken)
        await line.take("error")
    await line.say("message.edit", message=message, body=f"I want to die {CANARY}")
    await line.say("help.request", client_id=_id(), about_message=message)
    await line.take("help.accepted")
    await line.close()
    await asyncio.to_thread(send_over_pages, site, key, thread)


def send_over_pages(site: Site, key: str, thread: int) -> None:
    token = "c" * 32
    cookies = f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}={token}"
    headers = {"Cookie": cookies, "X-CSRFToken": token}
    path = f"/conversations/{thread}/send"
    with httpx.Client(base_url=site.base_url, headers=headers, timeout=20) as page:
        body = {"client_id": _id(), "body": f"{CANARY} by page"}
        assert page.post(path, json=body).status_code == 200
        assert page.post(path, json={**body, "body": f"{CANARY} other"}).status_code == 409
        assert page.post(path, content=f"{{{CANARY}").status_code >= 400
        page.post(path, json={**body, "author": CANARY})
        page.post(path, data={"client_id": _id(), "body": f"{CANARY} by form"})
        page.post("/spaces/corner", data={"client_id": _id(), "body": f"{CANARY} a thread"})
        page.post(f"/conversations/{thread}/nowhere", json={"body": CANARY})


def _id() -> str:
    return str(uuid.uuid4())


async def test_no_log_no_redis_key_and_no_database_dump_has_what_people_wrote(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site(LOG_LEVEL="DEBUG")
    await asyncio.to_thread(site.start)
    thread = act(lambda: live_cast.thread().pk)
    talk = act(lambda: open_talk(person=live_cast.ada, by=live_cast.ada).pk)
    heard: list[bytes] = []
    with listening_to_redis(heard):
        await send_down_every_path(site, live_cast, thread, talk)
        await asyncio.to_thread(wait_for_the_readers)
    stored = act(lambda: [m.body for m in Message.objects.all()])
    assert sum(CANARY in body for body in stored) >= 3, "it did arrive"
    if settings.REDIS_URL:
        assert heard, "rings did travel"
    act(site.stop)
    places = {
        "log": site.log().encode(),
        "ring": b"\n".join(str(one).encode() for one in heard),
        "redis": act(everything_in_redis),
        "database": act(everything_in_the_database),
    }
    found = [
        (place, form)
        for place, content in places.items()
        for form in forms_of(CANARY)
        if form in content
    ]
    assert found == []
    assert not re.search(rb"hello from the corner", places["database"], re.IGNORECASE)


def wait_for_the_readers() -> None:
    """Give the workers the time to read it all, or to fail at it: both must say nothing of it."""
    with suppress(AssertionError):
        wait_until(
            lambda: not act(Message.objects.filter(due_at__isnull=False).exists),
            within=25,
            what="reading",
            every=0.5,
        )
