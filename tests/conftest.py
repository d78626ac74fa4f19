"""What every test may ask for. Which database and layer it gets, the environment says."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from hypothesis import settings as hypothesis_settings

from chat.kernel import clock
from chat.kernel import db as kernel_db
from chat.kernel.doorbell import doorbell
from chat.models import User
from config.hashing import CalmArgon2
from tests.browsers import DESK, PHONE, launch
from tests.cast import Cast, make_cast
from tests.emptying import row_by_row
from tests.servers import Site

P = ParamSpec("P")
T = TypeVar("T")

hypothesis_settings.register_profile("lantern", deadline=None, print_blob=True)
hypothesis_settings.load_profile("lantern")

# The real hash, at a price that a suite can pay; a live site reads the price from the hash.
CalmArgon2.time_cost = 1
CalmArgon2.memory_cost = 8

settings.DEVELOPMENT = True  # They were read before ``tests.servers`` could say so.

ON_POSTGRESQL = "postgresql" in settings.DATABASES["default"]["ENGINE"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the other half of the run what belongs there, and to Linux what only it has.

    What touches neither database nor doorbell is the same on both, and runs on SQLite only.
    """
    elsewhere = "embedded" if ON_POSTGRESQL else "real"
    gone = [
        item
        for item in items
        if item.get_closest_marker(elsewhere)
        or (ON_POSTGRESQL and _is_the_same_anywhere(item))
        or (item.get_closest_marker("linux") and sys.platform != "linux")
    ]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]


def _is_the_same_anywhere(item: pytest.Item) -> bool:
    asks_for = set(getattr(item, "fixturenames", ()))
    marks = ("django_db", "servers", "browser", "real")
    return not asks_for & {"db", "transactional_db", "bell"} and not any(
        item.get_closest_marker(mark) for mark in marks
    )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A test that did not run is not a test that passed."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"did not run, which fails the run: {report.nodeid}", red=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A test database of this run's own, so that two runs on one machine do not meet."""
    test = connections["default"].settings_dict["TEST"]
    if ON_POSTGRESQL:
        test["NAME"] = f"test_lantern_{os.getpid()}"
        # A test may hold its transaction for as long as it looks at a page or a reader.
        said = connections["default"].settings_dict["OPTIONS"]
        said["options"] += " -c idle_in_transaction_session_timeout=0"
    else:
        test["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with row_by_row():
        yield
    close_pool()
    if ON_POSTGRESQL:
        # Threads of the tests' own may still hold a connection that nobody uses.
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def close_pool() -> None:
    """Every thread of ``run_db`` closes its connection, or the database could not be dropped."""
    together = threading.Barrier(kernel_db.POOL_SIZE)

    def close() -> None:
        together.wait(10)
        connections.close_all()

    done = [kernel_db._pool.submit(close) for _ in range(kernel_db.POOL_SIZE)]
    for one in done:
        one.result(20)


@pytest.fixture(autouse=True)
def _a_clean_start() -> Iterator[None]:
    cache.clear()
    yield
    clock.set_source(None)


class Hands:
    """The hands of the clock: they stand still until moved."""

    def __init__(self) -> None:
        self.now = dt.datetime.now(dt.UTC)  # noqa: TID251 — where the hands begin.

    def forward(self, **amount: float) -> dt.datetime:
        """Move by ``timedelta``'s words; returns the new time."""
        self.now += dt.timedelta(**amount)
        return self.now

    def back(self, **amount: float) -> dt.datetime:
        """As when somebody sets the clock, or the time service does."""
        self.now -= dt.timedelta(**amount)
        return self.now


@pytest.fixture
def hands() -> Hands:
    """Stops the clock of this process and lets the test move it."""
    stopped = Hands()
    clock.set_source(lambda: stopped.now)
    return stopped


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody, for a test inside one transaction."""
    return make_cast()


@pytest.fixture
def live_cast(transactional_db: None) -> Cast:
    """Everybody, committed: for tests with threads, sockets or other processes."""
    return make_cast()


@pytest.fixture
async def bell() -> AsyncIterator[None]:
    """The doorbell of the test's loop, hung up before and taken down after."""
    mine = doorbell()
    yield
    await mine.close()


def database_url() -> str:
    """The test database, as another process would name it."""
    found = connection.settings_dict
    if not ON_POSTGRESQL:
        return f"sqlite:///{found['NAME']}"
    return f"postgresql://{found['USER']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


@pytest.fixture
def live_site(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes sites over the test's own database: ``live_site().start()``."""
    sites: list[Site] = []

    def make(**environment: str) -> Site:
        base = {"DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL}
        site = Site(tmp_path / f"site{len(sites)}", {**base, **environment})
        sites.append(site)
        return site

    yield make
    for site in sites:
        site.stop()


def cookie_for(user: User) -> dict[str, str]:
    """A session of this person, as a cookie by name."""
    client = Client()
    client.force_login(user)
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def act(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call an action beside a running browser: in a thread without an event loop, as workers do."""

    def call() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(call).result(60)


def real_chromium() -> Iterator[Any]:
    """For a fixture: a browser as long as it lasts."""
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, and Django would refuse to be called beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    asyncio.set_event_loop(None)


browser = pytest.fixture(scope="module", name="browser")(real_chromium)


def _contexts(browser: Any, shape: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    opened = []

    def make(site: Site, user: User | None = None, **options: Any) -> Any:
        context = browser.new_context(**{"base_url": site.base_url, **shape, **options})
        if user is not None:
            cookies = act(cookie_for, user).items()
            context.add_cookies([{"name": n, "value": v, "url": site.base_url} for n, v in cookies])
        opened.append(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def phone(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page on a phone, signed in or not: ``phone(site, cast.ada)``."""
    yield from _contexts(browser, PHONE)


@pytest.fixture
def desk(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page on a desk, signed in or not: ``desk(site, cast.mo)``."""
    yield from _contexts(browser, DESK)
