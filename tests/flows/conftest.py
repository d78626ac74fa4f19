"""Running sites for the flows. Starting one costs seconds, so that a module shares it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from chat.models import User
from tests.cast import Cast
from tests.conftest import database_url
from tests.flows.phone import LivePhone
from tests.servers import Site

BUSY = {"SOCKET_FRAMES": "2000"}
"""Our phones write faster than thumbs; how fast is too fast is another test's business."""


@pytest.fixture(scope="module")
def shared_site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole of Lantern, running: one process without Redis, web and workers apart with it."""
    environment = {"DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL, **BUSY}
    site = Site(tmp_path_factory.mktemp("site"), environment)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def site(live_cast: Cast, shared_site: Site) -> Site:
    """The shared site, with the cast in its database.

    Its workers work on for the rest of the module: a test that needs them dead has a site of its
    own and comes before those that use this one, or lives in another module.
    """
    return shared_site


@pytest.fixture
def hand_phone(live_cast: Cast) -> Iterator[Callable[..., LivePhone]]:
    """Gives somebody a phone that follows conversations: ``hand_phone(site, ada, talk.pk)``."""
    phones: list[LivePhone] = []

    def hand(site: Site, who: User, *conversations: int) -> LivePhone:
        phones.append(LivePhone(site, who))
        return phones[-1].open(*conversations)

    yield hand
    for phone in phones:
        phone.cut()
