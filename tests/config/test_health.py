"""What a load balancer asks, and what it may conclude."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tests.servers import Site


def test_alive_means_the_process_answers_even_without_a_database() -> None:
    """No database is open to this test: touching it would fail."""
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_without_a_database_it_is_not_ready_and_says_why() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "problems": ["database does not answer"]}


def test_with_its_tables_it_is_ready(db: None) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "problems": []})


@pytest.mark.servers
def test_a_site_without_its_tables_lives_and_is_not_ready(
    live_site: Callable[..., Site],
) -> None:
    newest = MigrationLoader(connection).graph.leaf_nodes("triage")[0]
    site = live_site().start_web()
    MigrationRecorder(connection).record_unapplied(*newest)
    try:
        answer = httpx.get(f"{site.base_url}/readyz", timeout=10)
        assert answer.status_code == 503
        assert answer.json()["problems"] == ["migrations are waiting"]
        assert httpx.get(f"{site.base_url}/healthz", timeout=10).status_code == 200
    finally:
        MigrationRecorder(connection).record_applied(*newest)
