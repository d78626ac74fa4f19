"""Passwords and recovery words: however many come at once, there is room for everybody's talks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password
from django.db import connection
from django.test import Client

from chat.actions.people import start_young_person
from chat.models import User
from config.hashing import AT_ONCE, CalmArgon2
from tests.cast import PASSWORD, Cast

MEANWHILE_SECONDS = 0.5
CROWD = 4 * (AT_ONCE + 1)


class Counted(CalmArgon2):
    """The real thing; whoever is inside waits for one more than may be."""

    def __init__(self) -> None:
        self.one_too_many = threading.Barrier(AT_ONCE + 1)

    def _load_library(self) -> Any:
        self.one_too_many.wait(MEANWHILE_SECONDS)
        return super()._load_library()


@pytest.mark.parametrize(
    ("verb", "second"), [("encode", "some salt of ours"), ("verify", "argon2$x")]
)
def test_however_many_come_at_once_no_more_than_two_are_hashed(verb: str, second: str) -> None:
    """Each takes memory; with one for every request a class took gigabytes from the talks."""
    hasher = Counted()
    with ThreadPoolExecutor(max_workers=CROWD) as crowd:
        visits = [
            crowd.submit(getattr(hasher, verb), "six words of theirs", second) for _ in range(CROWD)
        ]
        ends = {type(visit.exception()) for visit in visits}
    assert ends == {threading.BrokenBarrierError}, "a third never stood beside the two inside"


def test_whoever_fails_inside_gives_the_place_back() -> None:
    for _ in range(2 * AT_ONCE):
        with pytest.raises(AttributeError):
            CalmArgon2().verify("anything", None)  # type: ignore[arg-type]
    assert CalmArgon2().encode("anything", "some salt of ours")


def _at_the_old_price(secret: str) -> str:
    """As Django hashed it before: the same algorithm, other numbers."""
    old = Argon2PasswordHasher()
    old.time_cost, old.memory_cost, old.parallelism = 2, 1024, 8
    return old.encode(secret, old.salt())


@pytest.mark.django_db
def test_words_that_were_hashed_at_the_old_price_still_open_the_account(
    client: Client, cast: Cast
) -> None:
    phrase = cast.phrases["Ada"]
    User.objects.filter(pk=cast.ada.pk).update(recovery_hash=_at_the_old_price(phrase))
    assert client.post("/come-back", {"phrase": phrase}).headers["Location"] == "/spaces"


@pytest.mark.django_db
def test_a_colleague_with_an_old_hash_signs_in_and_gets_one_at_the_new_price(
    client: Client, cast: Cast
) -> None:
    User.objects.filter(pk=cast.cleo.pk).update(password=_at_the_old_price(PASSWORD))
    answer = client.post("/staff/sign-in", {"username": "cleo", "password": PASSWORD})
    assert answer.status_code == 302
    kept = User.objects.get(pk=cast.cleo.pk).password
    assert not CalmArgon2().must_update(kept)
    assert check_password(PASSWORD, kept)


class Witness(CalmArgon2):
    """The real thing; it remembers whether the database was kept waiting for it."""

    kept_waiting: ClassVar[list[bool]] = []

    def encode(self, password: str, salt: str) -> str:
        self.kept_waiting.append(connection.in_atomic_block)
        return super().encode(password, salt)


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_to_be_hashed_keeps_nobody_from_writing(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite lets one transaction write at a time: a class at the door would stop every talk."""
    monkeypatch.setattr(Witness, "kept_waiting", [])
    settings.PASSWORD_HASHERS = ["tests.config.test_hashing.Witness"]
    start_young_person(nickname="Moth", age_band="16-17")
    assert Witness.kept_waiting == [False]
