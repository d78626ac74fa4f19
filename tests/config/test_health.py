"""What a load balancer asks, and what it may conclude."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tests.servers import Site

PROBES = ("/healthz", "/readyz", "/metrics")
BY_ADDRESS = {"host": "127.0.0.1:8000"}


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


def test_without_its_collected_files_it_is_not_ready_and_says_what_to_run(
    db: None, settings: Any, tmp_path: Path
) -> None:
    """In production every page is an error then."""
    collected = {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": collected}
    settings.STATIC_ROOT = tmp_path
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    (problem,) = answer.json()["problems"]
    assert "manage.py collectstatic" in problem

    call_command("collectstatic", "--no-input", verbosity=0)
    settings.STATIC_ROOT = str(tmp_path)  # Read anew, as by a process that starts.
    assert Client().get("/readyz").json() == {"ready": True, "problems": []}


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


@pytest.mark.django_db
def test_a_probe_asks_by_address_and_everybody_else_by_our_name(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["lantern.example"]
    client = Client(headers=BY_ADDRESS)
    assert [client.get(path).status_code for path in PROBES] == [200, 200, 200]
    others = ("/", "/help/", "/staff/sign-in", "/metrics/", "/metrics/x", "/no/healthz")
    assert [client.get(path).status_code for path in others] == [400] * len(others)
    assert [client.post(path).status_code for path in PROBES] == [400, 400, 400]


def test_nobody_keeps_the_answer_to_a_probe() -> None:
    assert Client().get("/healthz").headers["Cache-Control"] == "no-store"


@pytest.mark.servers
def test_a_site_under_its_own_name_tells_a_probe_how_it_is(live_site: Callable[..., Site]) -> None:
    site = live_site(ALLOWED_HOSTS="lantern.example").start_web()
    answers = [httpx.get(f"{site.base_url}{path}", timeout=10) for path in PROBES]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "lantern_sockets_open" in answers[2].text
    assert "ERROR" not in site.log(), "no line says that somebody lost their way"
    assert httpx.get(f"{site.base_url}/", timeout=10).status_code == 400
