"""The limits at the doors, and what they are when the shared count is gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory

from chat.views.limits import too_many
from tests.cast import Cast
from tests.chat.test_views_arriving import HELLO

GONE = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": "redis://127.0.0.1:1/0",
}


@pytest.fixture
def without_redis(settings: Any) -> None:
    settings.CACHES = {**settings.CACHES, "default": GONE}
    caches["process"].clear()


def tries(rate: str, count: int, *, address: str = "10.0.0.1", name: str = "") -> list[bool]:
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    return [too_many(request, "a-door", rate=rate, name=name) for _ in range(count)]


@pytest.mark.django_db
@pytest.mark.usefixtures("without_redis")
def test_without_redis_young_people_come_in_and_back_and_staff_sign_in(cast: Cast) -> None:
    new = Client()
    assert new.post("/start", HELLO).headers["Location"] == "/phrase"
    new.cookies.clear()
    assert new.post("/come-back", {"phrase": "not six words of ours at all"}).status_code == 422
    wrong = {"username": "mo", "password": "wrong"}
    assert new.post("/staff/sign-in", wrong).status_code == 422


@pytest.mark.usefixtures("without_redis")
def test_without_redis_each_process_goes_on_counting_by_itself() -> None:
    assert tries("3/10m", 5) == [False, False, False, True, True]
    assert tries("3/10m", 1, address="10.0.0.2") == [False], "another address has its own count"
    assert tries("3/10m", 1, name="mo") == [False], "and so has a name"


def test_with_the_shared_count_the_same_tries_are_too_many() -> None:
    assert tries("3/10m", 5) == [False, False, False, True, True]
