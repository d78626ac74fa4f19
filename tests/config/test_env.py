"""A setting that could never work stops the start, and not every phone afterwards."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.mark.parametrize(
    "origin",
    [
        "https://lantern.example",
        "https://lantern.example:8443",
        "http://127.0.0.1:8000",
        "https://xn--latrne-cua.example",
        "https://[2001:db8::1]",
    ],
)
def test_an_origin_as_a_browser_writes_it_is_taken(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORIGINS", f"https://other.example, {origin}")
    assert env.origins("ORIGINS") == ["https://other.example", origin]


@pytest.mark.parametrize(
    "origin",
    [
        "https://lantern.example/",
        "https://Lantern.example",
        "HTTPS://lantern.example",
        "https://lantern.example:443",
        "http://lantern.example:80",
        "https://*.lantern.example",
        "https://lumière.example",
        "https://",
        "lantern.example",
        "null",
    ],
)
def test_an_origin_that_no_browser_sends_is_refused_by_name(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORIGINS", f"https://other.example,{origin}")
    with pytest.raises(ImproperlyConfigured, match="ORIGINS must list origins") as refused:
        env.origins("ORIGINS")
    assert repr(origin) in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost:6379/0",
        "redis://:secret@redis.example:6379/1?socket_timeout=3",
        "rediss://lantern:secret@redis.example/0",
        "unix:///run/redis/redis.sock?db=1",
    ],
)
def test_an_address_that_the_client_reads_is_taken(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELL", url)
    assert env.redis_url("BELL") == url


@pytest.mark.parametrize(
    "url",
    [
        "localhost:6379",
        "http://localhost:6379",
        "redis//localhost:6379",
        "redis://localhost:port/0",
        "redis://:sec/ret@localhost:6379/0",
        "redis://localhost:6379/0?db=first",
        "redis://localhost:6379/0?colour=red",
    ],
)
def test_an_address_that_the_client_cannot_use_is_refused_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELL", url)
    with pytest.raises(ImproperlyConfigured, match="BELL must read redis://") as refused:
        env.redis_url("BELL")
    assert "sec" not in str(refused.value)


@pytest.mark.parametrize("contact", ["safety@lantern.example", "http://lantern.example", "tel:1"])
def test_a_contact_that_no_program_could_follow_is_refused(
    contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELL", f"mailto:safety@lantern.example,{contact}")
    with pytest.raises(ImproperlyConfigured, match="TELL must list mailto:"):
        env.contacts("TELL")
