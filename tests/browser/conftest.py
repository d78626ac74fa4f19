"""What the browser tests share: one web for all of them, and the readers of others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.cast import Cast
from tests.conftest import database_url, real_chromium
from tests.moderation.conftest import phrase_reader
from tests.servers import Site

__all__ = ["phrase_reader"]

browser = pytest.fixture(scope="package", name="browser")(real_chromium)
"""One Chromium for all of these tests: every page is in a context of its own."""


@pytest.fixture(scope="package")
def shared_web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The web of these tests. To start one costs more than most of them do."""
    environment = {"DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL}
    web = Site(tmp_path_factory.mktemp("site"), environment)
    yield web
    web.stop()


@pytest.fixture
def site(live_cast: Cast, shared_web: Site) -> Site:
    """The web with every worker dead: a test takes their steps itself, or nobody does.

    A test may kill it; the next finds it running again.
    """
    if shared_web.web is None or shared_web.web.poll() is not None:
        shared_web.start_web()
    return shared_web
