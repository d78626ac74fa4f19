"""One person's phone, and one person's browser without scripts, against a running site."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import uuid
from typing import Any

import httpx
from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from chat.models import User
from chat.realtime.tickets import make_ticket
from tests.conftest import cookie_for
from tests.protocol.phone import Phone
from tests.servers import Site, wait_until

SOON = 60.0
"""Seconds within which what happens elsewhere must be here, also on a busy machine."""


class LivePhone:
    """Keeps what was not answered, the last seq of each conversation, and asks again for a gap."""

    def __init__(self, site: Site, who: User) -> None:
        self.site = site
        self.who = who
        self.cookie = cookie_for(who)
        self.screens: dict[int, Phone] = {}
        self.outbox: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.frames: list[dict[str, Any]] = []
        self._socket: ClientConnection | None = None
        self._ready = threading.Event()

    def open(self, *conversations: int) -> LivePhone:
        """Connect, show the ticket, catch up, and say again whatever was not answered."""
        for conversation in conversations:
            self.screens.setdefault(conversation, Phone())
        (name, key), self._ready = next(iter(self.cookie.items())), threading.Event()
        self._socket = connect(
            self.site.socket_url,
            additional_headers={"Cookie": f"{name}={key}"},
            origin=self.site.base_url,  # type: ignore[arg-type]
            compression=None,
            max_size=None,
            proxy=None,
            legacy=True,
        )
        threading.Thread(target=self._read, args=(self._socket, self._ready), daemon=True).start()
        follow = [self._follow(conversation) for conversation in self.screens]
        self._say(type="session.resume", ticket=make_ticket(key), follow=follow)
        assert self._ready.wait(SOON), f"no session: {self.frames[-1:]}"
        for send in list(self.outbox.values()):
            self._say(**send)
        return self

    def cut(self) -> None:
        """The line breaks without a word."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.socket.shutdown(socket.SHUT_RDWR)
            self._socket = None

    def send(self, conversation: int, words: str) -> str:
        """Write; returns the id that was made before the first try."""
        return self._hand("message.send", conversation=conversation, body=words)

    def ask_for_help(self) -> str:
        return self._hand("help.request")

    def say_text(self, text: str) -> None:
        """Whatever text a broken or hostile program might say."""
        assert self._socket is not None
        self._socket.send(text)

    def answer(self, client_id: str) -> dict[str, Any]:
        """What the server said to a send."""
        self.wait(lambda: client_id in self.answers, "an answer")
        return self.answers[client_id]

    def shows(self, conversation: int, words: str) -> list[dict[str, Any]]:
        """The messages on this screen with these words."""
        messages = list(self.screens[conversation].messages.values())
        return [m for m in messages if m["body"] == words]

    def screen(self, conversation: int) -> dict[str, Any]:
        return self.screens[conversation].screen()

    def wait(self, true: Any, what: str) -> None:
        wait_until(true, within=SOON, what=f"{self.who.nickname}: {what}")

    def sees(self, conversation: int, words: str, **as_what: Any) -> dict[str, Any]:
        """Wait until these words are on the screen, exactly once and in this state."""

        def there() -> bool:
            found = self.shows(conversation, words)
            return len(found) == 1 and as_what.items() <= found[0].items()

        self.wait(there, f"a message as {as_what}")
        return self.shows(conversation, words)[0]

    def heard(self, kind: str) -> int:
        """How many frames of this kind have come."""
        return sum(frame["type"] == kind for frame in self.frames)

    def _hand(self, kind: str, **fields: Any) -> str:
        client_id = str(uuid.uuid4())
        self.outbox[client_id] = {"type": kind, "client_id": client_id, **fields}
        self._say(**self.outbox[client_id])
        return client_id

    def _say(self, **frame: Any) -> None:
        if self._socket is not None:
            with contextlib.suppress(WebSocketException, OSError):
                self._socket.send(json.dumps(frame))

    def _follow(self, conversation: int) -> dict[str, Any]:
        head = self.screens[conversation].head
        return {"conversation": conversation, **({} if head < 0 else {"after": head})}

    def _read(self, line: ClientConnection, ready: threading.Event) -> None:
        with contextlib.suppress(WebSocketException, OSError):
            for text in line:
                self._take(json.loads(text))
                if self.frames[-1]["type"] == "session.ready":
                    ready.set()

    def _take(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        kind = frame["type"]
        if kind in ("conversation.snapshot", "conversation.advanced"):
            if not self.screens[frame["conversation"]].take(frame):
                self._say(type="conversation.follow", **self._follow(frame["conversation"]))
        elif kind in ("message.accepted", "help.accepted"):
            self.answers[frame["client_id"]] = frame
            self.outbox.pop(frame["client_id"], None)
        elif kind == "error" and frame.get("ref") in self.outbox and frame.get("permanent", True):
            self.answers[frame["ref"]] = frame
            self.outbox.pop(frame["ref"])


class Visitor:
    """A browser that runs no scripts: pages, links and plain forms."""

    def __init__(self, site: Site, who: User | None = None) -> None:
        self.client = httpx.Client(
            base_url=site.base_url,
            follow_redirects=True,
            timeout=SOON,
            cookies=cookie_for(who) if who else {},
            headers={"Origin": site.base_url},
        )

    def read(self, path: str) -> str:
        """The page as text."""
        return self.client.get(path).text

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Fill in a form and send it."""
        if settings.CSRF_COOKIE_NAME not in self.client.cookies:
            self.client.get("/help")
        token = self.client.cookies[settings.CSRF_COOKIE_NAME]
        return self.client.post(path, data={"csrfmiddlewaretoken": token, **fields})

    def field(self, path: str, name: str) -> str:
        """The value of a hidden field of a page."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.read(path))
        assert found, f"no field {name} at {path}"
        return found[1]
