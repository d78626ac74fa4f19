"""Whose address a request comes from: nobody chooses their own, and every phone has one."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.conf import settings

from chat.models import User
from chat.words import refusal
from config.proxies import seen_from_outside
from tests.cast import Cast
from tests.conftest import act, cookie_for
from tests.protocol.line import Line
from tests.servers import Site

Sites = Callable[..., Site]

PROXY = ("127.0.0.1", 50_000)


def seen(proxies: int, *headers: tuple[str, str]) -> dict[str, Any]:
    scope = {
        "type": "http",
        "client": PROXY,
        "root_path": "/elsewhere",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    settings.TRUSTED_PROXIES = proxies
    return seen_from_outside(scope)


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    """Puts back what a test sets."""
    settings.TRUSTED_PROXIES = 0


def test_without_a_trusted_proxy_nobody_chooses_their_address_or_claims_https() -> None:
    forged = seen(
        0, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"), ("Host", "here")
    )
    assert forged["client"] == PROXY
    assert forged["headers"] == [(b"host", b"here")]


@pytest.mark.parametrize(
    ("proxies", "lines", "address"),
    [
        (1, ["203.0.113.9"], "203.0.113.9"),
        (1, ["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (1, ["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        (1, ["6.6.6.6,,unknown, 203.0.113.9"], "203.0.113.9"),
        (2, ["6.6.6.6, 203.0.113.9, 10.0.0.4"], "203.0.113.9"),
        (2, ["203.0.113.9"], "203.0.113.9"),
        (1, ["203.0.113.9:4711"], "203.0.113.9"),
        (1, ["2001:db8::7"], "2001:db8::7"),
        (1, ["[2001:db8::7]:4711"], "2001:db8::7"),
    ],
)
def test_the_address_is_what_the_outermost_of_our_proxies_wrote(
    proxies: int, lines: list[str], address: str
) -> None:
    found = seen(proxies, *(("X-Forwarded-For", line) for line in lines))
    assert found["client"] == (address, 0)
    assert found["headers"] == []


@pytest.mark.parametrize(
    "line", ["", "unknown", "203.0.113.9, ", "a" * 5000, "1.2.3.4.5", "[here]"]
)
def test_what_is_no_address_leaves_that_of_the_connection(line: str) -> None:
    assert seen(1, ("X-Forwarded-For", line))["client"] == PROXY


def test_a_request_that_came_past_the_proxy_has_the_address_of_its_connection() -> None:
    assert seen(1)["client"] == PROXY


def test_only_the_proxys_word_for_https_is_passed_on_and_nothing_else_of_its_kind() -> None:
    odd = ("X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded", "X-Real-IP", "X-Forwarded-Port")
    found = seen(
        1, ("X-Forwarded-Proto", "https, http"), ("Accept", "*/*"), *((name, "x") for name in odd)
    )
    assert found["headers"] == [(b"accept", b"*/*"), (b"x-forwarded-proto", b"http")]
    assert found["root_path"] == ""


def test_an_operator_hears_of_a_proxy_that_lantern_was_not_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("config.proxies._warned", False)
    for _ in range(3):
        seen(0, ("X-Forwarded-For", "203.0.113.9"))
    assert caplog.text.count("TRUSTED_PROXIES is 0") == 1
    assert "203.0.113.9" not in caplog.text


def cookie(user: User) -> str:
    return act(cookie_for, user)[settings.SESSION_COOKIE_NAME]


@pytest.mark.servers
@pytest.mark.real
@pytest.mark.parametrize("server", ["daphne", pytest.param("uvicorn", marks=pytest.mark.real)])
@pytest.mark.parametrize(
    ("proxies", "forged", "other"),
    [("0", "203.0.113.{}", "198.51.100.1"), ("1", "203.0.113.{}, 192.0.2.1", "198.51.100.1")],
)
async def test_sockets_are_counted_by_the_address_that_cannot_be_forged(
    proxies: str, forged: str, other: str, server: str, live_cast: Cast, live_site: Sites
) -> None:
    limits = {"SOCKETS_PER_ADDRESS": "2", "TRUSTED_PROXIES": proxies}
    site = live_site(LANTERN_TEST_SERVER=server, **limits).start_web()
    key = cookie(live_cast.ada)

    async def connect(forwarded: str) -> Line:
        return await Line.open(site.socket_url, key, {"X-Forwarded-For": forwarded})

    for number in range(2):
        line = await connect(forged.format(number))
        await line.resume(key)
        await line.take("session.ready")
    assert await (await connect(forged.format(7))).end(within=5) == 4429
    elsewhere = await connect(other)
    if proxies == "0":
        assert await elsewhere.end(within=5) == 4429
    else:
        await elsewhere.resume(key)
        await elsewhere.take("session.ready")


@pytest.mark.servers
@pytest.mark.real
@pytest.mark.parametrize(("proxies", "shut_out"), [("0", True), ("1", False)])
def test_tries_at_a_door_are_counted_by_phone_behind_a_trusted_proxy_only(
    proxies: str, shut_out: bool, live_cast: Cast, live_site: Sites
) -> None:
    site = live_site(TRUSTED_PROXIES=proxies).start_web()

    def is_too_many(address: str) -> bool:
        with httpx.Client(base_url=site.base_url, headers={"X-Forwarded-For": address}) as client:
            client.get("/staff/sign-in")
            token = client.cookies[settings.CSRF_COOKIE_NAME]
            wrong = {"csrfmiddlewaretoken": token, "username": "nobody", "password": "wrong"}
            page = client.post("/staff/sign-in", data=wrong).text
            return refusal("too_many_tries") in html.unescape(page)

    assert [is_too_many("203.0.113.1") for _ in range(7)] == [False] * 6 + [True]
    assert is_too_many("203.0.113.2") == shut_out
