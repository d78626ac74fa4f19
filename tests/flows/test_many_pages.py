"""However many pages are asked for at once, the database has room left, and help is not in line."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.conf import settings
from django.db import connection, transaction

from chat.kernel.db import POOL_SIZE
from chat.models import HelpRequest
from tests.cast import Cast
from tests.conftest import cookie_for
from tests.flows.phone import SOON, Visitor
from tests.servers import Site, wait_until

pytestmark = [pytest.mark.servers, pytest.mark.real]

MANY = 150
ELSEWHERE = 4
"""Connections of the test's own, and of what the web does beside answering."""


def ask_many_times(site: Site, cookies: dict[str, str], path: str) -> list[int]:
    """The statuses of so many requests that are all under way together."""

    async def ask() -> list[int]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=site.base_url, cookies=cookies, limits=limits, timeout=SOON
        ) as client:
            answers = await asyncio.gather(*(client.get(path) for _ in range(MANY)))
        return [answer.status_code for answer in answers]

    return asyncio.run(ask())


def in_line(site: Site) -> int:
    text = httpx.get(f"{site.base_url}/metrics", timeout=SOON).text
    found = re.search(r"^lantern_requests_in_line (\S+)", text, re.MULTILINE)
    return int(float(found[1])) if found else 0


def connections_now() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # One transaction sees one moment.
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def who_waits_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def test_pages_that_hang_leave_connections_for_others_and_help_is_answered_among_them(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site().start_web()
    ben = Visitor(site, live_cast.ben)
    ben.read("/help")
    ada = cookie_for(live_cast.ada)
    with ThreadPoolExecutor(1) as crowd:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE chat_space IN ACCESS EXCLUSIVE MODE")
            asked = crowd.submit(ask_many_times, site, ada, "/spaces")
            at_once = settings.PAGES_AT_ONCE
            wait_until(
                lambda: in_line(site) == MANY - at_once and who_waits_for_a_lock() == at_once,
                within=SOON,
                what="a line before the pages",
            )
            answer = ben.post("/help", client_id=str(uuid.uuid4()))
            assert answer.status_code == 200
            assert HelpRequest.objects.filter(person=live_cast.ben).exists()
            assert not asked.done()
            assert connections_now() <= at_once + POOL_SIZE + ELSEWHERE
        assert asked.result(SOON) == [200] * MANY
