"""Whoever finds a weakness learns from the site itself whom to tell."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.test import Client

from chat.kernel import clock

ADDRESS = "/.well-known/security.txt"


def test_it_says_whom_to_tell_and_until_when(settings: Any) -> None:
    settings.SECURITY_CONTACT = ["mailto:safety@lantern.example", "https://lantern.example/tell"]
    answer = Client().get(ADDRESS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    fields = [line.split(": ", 1) for line in answer.content.decode().splitlines()]
    told = [value for name, value in fields if name == "Contact"]
    assert told == settings.SECURITY_CONTACT, "and the one they prefer first"
    (expires,) = [value for name, value in fields if name == "Expires"]
    ahead = dt.datetime.fromisoformat(expires) - clock.now()
    assert dt.timedelta(days=1) < ahead < dt.timedelta(days=365)


def test_where_nobody_was_named_it_is_not_there(settings: Any) -> None:
    settings.SECURITY_CONTACT = []
    assert Client().get(ADDRESS).status_code == 404
