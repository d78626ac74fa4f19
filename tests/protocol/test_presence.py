"""Who of the team is here: a mark that runs out by itself, whatever becomes of the process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.cache import cache
from redis import Redis

from chat.realtime import presence
from tests.cast import Cast
from tests.conftest import act, cookie_for
from tests.protocol.inside import Inside
from tests.protocol.line import Line
from tests.servers import Site, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def here(cast: Cast) -> set[int] | None:
    return act(presence.who_is_here, [cast.ada.pk, cast.cleo.pk, cast.mo.pk])


async def test_staff_with_a_page_open_are_here_and_young_people_are_never_marked(
    live_cast: Cast, bell: None
) -> None:
    sockets = [await Inside.ready(who) for who in (live_cast.cleo, live_cast.ada)]
    wait_until(lambda: here(live_cast) == {live_cast.cleo.pk}, within=5, what="Cleo's mark")
    for socket in sockets:
        await socket.close()


def test_a_mark_that_nobody_renews_is_gone() -> None:
    presence.renew([7])
    assert presence.who_is_here([7, 8]) == {7}
    cache.touch("here.7", 0)
    assert presence.who_is_here([7, 8]) == set()


@pytest.mark.real
@pytest.mark.servers
async def test_a_killed_web_leaves_a_mark_that_runs_out(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site().start_web()
    key = act(cookie_for, live_cast.cleo)[settings.SESSION_COOKIE_NAME]
    await Line.ready(site.socket_url, key)
    wait_until(lambda: here(live_cast) == {live_cast.cleo.pk}, within=5, what="Cleo's mark")
    site.kill_web()
    redis = Redis.from_url(settings.REDIS_URL)
    left = redis.pttl(cache.make_key(f"here.{live_cast.cleo.pk}"))
    assert 0 < left <= presence.HERE_SECONDS * 1000


def test_without_redis_nobody_can_say_and_nothing_breaks(
    settings: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    settings.CACHES = {"default": {**gone, "LOCATION": "redis://127.0.0.1:1/0"}}  # type: ignore[attr-defined]
    presence.renew([7])
    assert presence.who_is_here([7]) is None
    assert "ConnectionError" in caplog.text
