"""What was accepted is on the disk, and a database that vanishes is noticed within seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection

from chat.kernel.db import POOL_SIZE, run_db
from tests.cast import Cast
from tests.config.test_production import run
from tests.conftest import cookie_for
from tests.servers import Site, wait_until

NOTICED = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
ASK = """
import json, django
django.setup()
from django.db import connection
params = connection.get_connection_params()
print(json.dumps({name: params.get(name) for name in json.loads(%r)}))
"""


def told_to_the_driver(tmp_path: Path, url: str, *names: str, **environment: str) -> dict[str, Any]:
    start = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'"
    done = run(tmp_path, "-c", start + ASK % json.dumps(names), DATABASE_URL=url, **environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_database_host_that_vanishes_is_given_up_within_seconds(tmp_path: Path) -> None:
    url = "postgresql://lantern@db.example/lantern"
    assert told_to_the_driver(tmp_path, url, *NOTICED) == NOTICED


def test_what_the_operator_says_of_the_connection_counts(tmp_path: Path) -> None:
    url = "postgresql://lantern@db.example/lantern?connect_timeout=30&sslmode=require"
    found = told_to_the_driver(tmp_path, url, "connect_timeout", "sslmode", "keepalives_idle")
    assert {name: str(value) for name, value in found.items()} == {
        "connect_timeout": "30",
        "sslmode": "require",
        "keepalives_idle": "10",
    }


def test_what_the_operator_asks_of_postgresql_counts_and_the_rest_stays(tmp_path: Path) -> None:
    url = "postgresql://lantern@db.example/lantern?options=-c%20lock_timeout%3D60s"
    options = str(told_to_the_driver(tmp_path, url, "options")["options"])
    assert options.endswith("-c lock_timeout=60s"), "of two that say one thing the last counts"
    assert "-c idle_in_transaction_session_timeout=15s" in options


def test_a_pooler_is_asked_for_nothing_that_it_would_refuse(tmp_path: Path) -> None:
    url = "postgresql://lantern@db.example/lantern"
    assert told_to_the_driver(tmp_path, url, "options", DATABASE_POOLER="yes") == {"options": None}


@pytest.mark.real
@pytest.mark.django_db
def test_postgresql_parts_with_who_froze_before_who_waits_gives_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, reset_val::int, unit FROM pg_settings WHERE name = ANY(%s)",
            [["lock_timeout", "tcp_keepalives_idle", "tcp_user_timeout"]],
        )
        found = {name: (value, unit) for name, value, unit in cursor.fetchall()}
    assert found == {
        "lock_timeout": (20_000, "ms"),
        "tcp_keepalives_idle": (10, "s"),
        "tcp_user_timeout": (15_000, "ms"),
    }


def others() -> set[int]:
    """Whoever has a connection to this test's database, by the number of its backend."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in cursor.fetchall()}


@pytest.mark.real
@pytest.mark.servers
@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_a_page_leaves_no_connection_behind(
    server: str, live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    before = others()
    site = live_site(LANTERN_TEST_SERVER=server).start_web()
    with httpx.Client(base_url=site.base_url, cookies=cookie_for(live_cast.ada)) as phone:
        assert {phone.get("/spaces").status_code for _ in range(60)} == {200}
    # The last page's own may be on its way out; the web looks now and then whether it stands in.
    wait_until(lambda: len(others() - before) <= 2, within=5, what="an end of the pages' own")


@pytest.mark.real
@pytest.mark.django_db(transaction=True)
async def test_sockets_keep_theirs() -> None:
    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    used = [await run_db(backend) for _ in range(5 * POOL_SIZE)]
    assert len(set(used)) <= POOL_SIZE


@pytest.mark.embedded
@pytest.mark.django_db
def test_a_power_cut_takes_back_nothing_that_was_accepted() -> None:
    with connection.cursor() as cursor:
        asked = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS]
    assert dict(zip(PRAGMAS, asked, strict=True)) == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2}
"""Two is FULL: the disk confirms each commit before anybody is told of it."""
