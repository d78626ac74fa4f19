"""An unsafe production does not start, whichever way somebody starts it."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

KEY = "k1:" + base64.urlsafe_b64encode(bytes(range(32))).decode()
SAFE = {
    "LANTERN_PRODUCTION": "yes",
    "SECRET_KEY": "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "lantern.example",
    "ALLOWED_ORIGINS": "https://lantern.example",
    "DATA_KEYS": KEY,
    "DATABASE_URL": "postgresql://lantern@127.0.0.1:1/lantern",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "TRUSTED_PROXIES": "1",
}

UNSAFE = {
    "lantern.E001": {"SECRET_KEY": ""},
    "lantern.E002": {"DEBUG": "yes"},
    "lantern.E003": {"ALLOWED_HOSTS": "*"},
    "lantern.E004": {"ALLOWED_ORIGINS": "http://lantern.example"},
    "lantern.E005": {"REDIS_URL": ""},
    "lantern.E006": {"DATA_KEYS": ""},
    "lantern.E007": {"DATABASE_URL": ""},
    "lantern.E008": {"TRUSTED_PROXIES": ""},
    "lantern.E009": {"DETOXIFY_MODEL": "/srv/models/ours"},
}


def run(
    tmp_path: Path, *command: str, stdin: str = "", **changes: str
) -> subprocess.CompletedProcess[str]:
    names = ("PATH", "HOME", "LANG")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**environment, "LANTERN_VAR": str(tmp_path), **SAFE, **changes},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_safe_production_passes_every_check_of_the_framework(tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", UNSAFE)
def test_each_unsafe_setting_stops_the_workers(code: str, tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", "run_workers", **UNSAFE[code])
    assert done.returncode != 0
    assert code in done.stderr


def test_a_server_started_without_a_command_refuses_too(tmp_path: Path) -> None:
    start = ("-c", "import config.asgi")
    assert run(tmp_path, *start).returncode == 0
    everything = {name: value for changes in UNSAFE.values() for name, value in changes.items()}
    done = run(tmp_path, *start, **everything)
    assert done.returncode != 0
    assert [code for code in UNSAFE if code not in done.stderr] == []


@pytest.mark.parametrize("command", [["serve"], ["seed_demo"]])
def test_the_demo_is_refused_in_production(command: list[str], tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", *command)
    assert done.returncode != 0
    assert "production" in done.stderr


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"SCREENING_BATCH": "many"}, "SCREENING_BATCH must be a whole number"),
        ({"SCREENING_BATCH": "0"}, "SCREENING_BATCH must be at least 1"),
        ({"SCREENING_BATCH": "65"}, "SCREENING_BATCH must be at most 64"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES must be at least 0"),
        ({"DEBUG": "perhaps"}, "DEBUG must be yes or no"),
        (
            {"DATABASE_URL": "postgres://localhost/lantern?prepare_threshold=often"},
            "prepare_threshold must be a whole number",
        ),
        ({"ALLOWED_ORIGINS": "https://lantern.example/"}, "ALLOWED_ORIGINS must list origins"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must read redis://"),
        ({"DATA_KEYS": "k1:tooshort"}, "DATA_KEYS must read id:key"),
        ({"DATA_KEYS": f"{KEY},k1:{'A' * 43}="}, "DATA_KEYS gives k1 twice"),
        ({"DATA_KEYS": KEY.replace("k1", "clé1")}, "DATA_KEYS must read id:key"),
    ],
)
def test_a_setting_that_cannot_be_read_says_which_and_why(
    changes: dict[str, str], says: str, tmp_path: Path
) -> None:
    done = run(tmp_path, "manage.py", "check", **changes)
    assert done.returncode != 0
    assert says in done.stderr
    for secret in ("tooshort", KEY.partition(":")[2], "A" * 43):
        assert secret not in done.stderr, "a key is never repeated"
