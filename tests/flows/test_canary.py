"""A word nobody else uses goes down every way in, and is then looked for everywhere."""

from __future__ import annotations

import json
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from chat.actions.conversations import open_talk
from chat.models import Message
from moderation.models import Review
from tests.cast import Cast
from tests.flows.phone import SOON, LivePhone, Visitor
from tests.servers import Site, find_postgres, wait_until
from triage.models import Case

pytestmark = [pytest.mark.servers]

WORD = "quebrachito"
NAME = "Zibbeth"
"""A nickname is kept as it is, by design; but in no log and not in Redis."""


def dump() -> str:
    """Everything the database has, as it lies on the disk."""
    connection.close()
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        files = Path(found["NAME"]).parent.glob(Path(found["NAME"]).name + "*")
        # By another process: closing a file of SQLite's drops every lock that this one has on it,
        # and the last to leave then takes away what our connections still write to.
        read = subprocess.run(["cat", *files], capture_output=True, check=True)
        return read.stdout.decode("latin-1")
    binaries = find_postgres()
    assert binaries is not None
    where = ["-h", found["HOST"], "-p", str(found["PORT"]), "-U", found["USER"]]
    done = subprocess.run(
        [binaries / "pg_dump", *where, found["NAME"]], capture_output=True, check=True
    )
    return done.stdout.decode()


@contextmanager
def overheard_redis() -> Iterator[list[str]]:
    """Every command that reaches Redis meanwhile, and at the end every key with its value."""
    heard: list[str] = []
    if not settings.REDIS_URL:
        yield heard
        return
    import redis

    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=None)
    listening, stop = threading.Event(), threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            listening.set()
            while not stop.is_set():
                heard.append(str(monitor.next_command()))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert listening.wait(SOON)
    yield heard
    stop.set()
    client.ping()
    thread.join(SOON)
    heard.extend(f"{key!r} {client.dump(key)!r}" for key in client.scan_iter())
    client.close()


def around(text: str, word: str) -> str:
    """Where the word is, as it is or as a dump writes bytes; empty if it is not there."""
    for spelled in (word, word.lower(), word.encode().hex()):
        before, there, after = text.partition(spelled)
        if there:
            return before[-150:] + there + after[:80]
    return ""


def through_the_socket(phone: LivePhone, thread: int, talk: int) -> None:
    """Words in messages of every fate, and in frames that no program of ours would send."""
    for conversation, words in (
        (thread, f"{WORD} is a tree"),
        (talk, f"just between us: {WORD}"),
        (thread, f"i want to kill myself, {WORD}"),
        (thread, f"add me on snap, i am {WORD}99"),
        (thread, f"you stupid idiot {WORD}"),
    ):
        phone.answer(phone.send(conversation, words))
    first = next(iter(phone.answers.values()))["message"]["id"]
    phone.say_text(json.dumps({"type": "message.edit", "message": first, "body": f"now {WORD}"}))
    before = phone.heard("error")
    for text in (
        f"{WORD} is not a frame",
        json.dumps({"type": WORD}),
        json.dumps({"type": "message.send", "client_id": WORD, "conversation": 1, "body": WORD}),
        json.dumps({"type": "ping", WORD: WORD}),
        json.dumps({"type": "message.withdraw", "message": 10**9, "body": WORD}),
        WORD * 3000,
    ):
        phone.say_text(text)
    phone.wait(lambda: phone.heard("error") >= before + 6, "a refusal of each")


def through_the_pages(site: Site, cast: Cast) -> None:
    """Words in every form and address a visitor, a moderator and a clinician have."""
    stranger, ada = Visitor(site), Visitor(site, cast.ada)
    stranger.post("/start", nickname=NAME, age_band="16-17", agreed="on")
    stranger.post(f"/spaces/{cast.space.slug}", client_id=uuid.uuid4(), body=f"{WORD}\nis my title")
    for visitor, path, fields in (
        (Visitor(site), "/start", {"nickname": WORD * 9}),
        (Visitor(site), "/come-back", {"phrase": f"{WORD} one two three four five"}),
        (Visitor(site), "/staff/sign-in", {"username": WORD, "password": WORD}),
        (ada, "/help", {"client_id": uuid.uuid4(), "about_message": WORD}),
        (ada, "/conversations/99999999/send", {"client_id": uuid.uuid4(), "body": WORD}),
        (ada, "/conversations/99999999/send", {"client_id": WORD, "body": WORD, "next": WORD}),
    ):
        visitor.post(path, **fields)
    for path in (f"/{WORD}", f"/spaces?q={WORD}", f"/spaces/{WORD}", f"/talk?{WORD}={WORD}"):
        ada.read(path)
    ada.client.post("/conversations/1/send", content=WORD, headers={"Content-Type": WORD})
    ada.client.get("/spaces", headers={"X-Request-Id": WORD, "User-Agent": WORD})


def through_the_team(site: Site, cast: Cast) -> None:
    """Words in a decision, in a note for colleagues and in what is said on handing back."""
    mo, cleo = Visitor(site, cast.mo), Visitor(site, cast.cleo)
    wait_until(Review.objects.exists, within=SOON, what="a review")
    for review in Review.objects.all():
        mo.post(f"/moderation/{review.pk}/claim")
        mo.post(f"/moderation/{review.pk}/decide", decision="remove", clause=WORD, version=1)
    wait_until(Case.objects.exists, within=SOON, what="a case")
    case = Case.objects.get()
    cleo.post(f"/triage/cases/{case.pk}/claim")
    cleo.post(f"/triage/cases/{case.pk}/words")
    cleo.post(f"/triage/cases/{case.pk}/note", body=f"about the {WORD}")
    cleo.post(f"/triage/cases/{case.pk}/close", outcome=WORD)
    cleo.post(f"/triage/cases/{case.pk}/hand-back", words=f"back soon, {WORD}")
    assert case.notes.get().body == f"about the {WORD}"


def test_no_word_anybody_wrote_is_in_a_log_in_redis_or_readable_in_the_database(
    live_cast: Cast, live_site: Callable[..., Site], hand_phone: Callable[..., Any]
) -> None:
    site = live_site(
        LOG_LEVEL="DEBUG",
        SOCKET_FRAMES="2000",
        DJANGO_SETTINGS_MODULE="tests.flows.breaking_settings",
    ).start()
    thread = live_cast.thread().pk
    talk = open_talk(person=live_cast.ada, by=live_cast.ada).pk
    with overheard_redis() as redis_heard:
        through_the_socket(hand_phone(site, live_cast.ada, thread, talk), thread, talk)
        through_the_pages(site, live_cast)
        wait_until(
            lambda: not Message.objects.filter(due_at__isnull=False).exists(),
            within=SOON,
            what="everything read",
        )
        through_the_team(site, live_cast)
    assert sum(WORD in message.body for message in Message.objects.all()) >= 7, "it was written"

    broken = Visitor(site, live_cast.ada).client.get(f"/breaks/{WORD}")
    assert broken.status_code == 500
    assert WORD not in broken.text

    site.stop()
    assert "django.request 500: /breaks/<str:words>" in site.log(), (
        "it is in the log, without words"
    )
    assert "breaking_urls.py:" in site.log()
    kept = dump()
    assert NAME in kept, "the dump is one that would show it"
    traces = {"log": site.log(), "redis": "\n".join(redis_heard), "database": kept}
    found = {
        (place, word, around(text, word)[:300] if word == WORD else "")
        for place, text in traces.items()
        for word in (WORD, NAME)
        if around(text, word)
    }
    assert found == {("database", NAME, "")}
    assert bool(redis_heard) == bool(settings.REDIS_URL), "we listened where there was something"
