"""The pages that stand alone: refused, not found, broken, without signal."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client

from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_leads_out_without_a_session(name: str) -> None:
    seen = render_to_string(name)
    assert f'href="{settings.QUICK_EXIT_URL}"' in seen
    assert "chat/js/leave" in seen
    assert "tel:999" in seen


def test_leaving_from_a_page_that_is_not_there_shuts_the_door_too(
    client: Client, cast: Cast
) -> None:
    assert f'href="{settings.QUICK_EXIT_URL}"' in client.get("/nothing-here").content.decode()
    client.force_login(cast.ada)
    assert 'action="/leave" data-leave' in client.get("/nothing-here").content.decode()


def test_what_a_phone_keeps_for_no_signal_holds_nothing_of_anybody(
    client: Client, cast: Cast
) -> None:
    for_anybody = client.get("/offline").content
    client.force_login(cast.ada)
    assert client.get("/offline").content == for_anybody
    assert f'href="{settings.QUICK_EXIT_URL}"' in for_anybody.decode()
    assert "chat/js/leave" in client.get("/sw.js").content.decode()
