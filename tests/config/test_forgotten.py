"""Somebody who forgets to say that this is production is told so, by a start that refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

KEY = "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz"
POSTGRES = {"DATABASE_URL": "postgresql://lantern@127.0.0.1:1/lantern"}
NAMED = {"ALLOWED_HOSTS": "lantern.example"}
REDIS = {"REDIS_URL": "redis://127.0.0.1:1/0"}


def environment(tmp_path: Path, **said: str) -> dict[str, str]:
    """What the system gives to everybody, and what the operator said: nothing of the tests' own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "LANTERN_VAR": str(tmp_path), **said}


def start(tmp_path: Path, *command: str, **said: str) -> subprocess.CompletedProcess[str]:
    """As a server does that was started without a management command."""
    return subprocess.run(
        [sys.executable, *(command or ("-c", "import config.asgi"))],
        cwd=ROOT,
        env=environment(tmp_path, **said),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({**NAMED, **POSTGRES, **REDIS}, "lantern.E001"),
        ({**NAMED, "SECRET_KEY": KEY, "DEBUG": "yes"}, "lantern.E002"),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": "*"}, "lantern.E003"),
        ({**NAMED, **POSTGRES, "SECRET_KEY": KEY}, "lantern.E005"),
    ],
)
def test_what_others_could_reach_does_not_start_on_the_defaults(
    said: dict[str, str], code: str, tmp_path: Path
) -> None:
    for command in ((), ("manage.py", "run_workers")):
        done = start(tmp_path, *command, **said)
        assert done.returncode != 0
        assert code in done.stderr
        assert "LANTERN_PRODUCTION=yes" in done.stderr, "and it says what to do"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {**POSTGRES, **REDIS},
        {**NAMED, "LANTERN_DEVELOPMENT": "yes"},
        {**NAMED, "SECRET_KEY": KEY},
    ],
)
def test_the_demo_and_whoever_says_that_they_are_alone_start(
    said: dict[str, str], tmp_path: Path
) -> None:
    done = start(tmp_path, **said)
    assert done.returncode == 0, done.stderr


def test_a_second_process_without_redis_is_refused_in_one_line(tmp_path: Path) -> None:
    holding = "import config.asgi, sys; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding],
        cwd=ROOT,
        env=environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "up\n"
        second = start(tmp_path)
        assert second.returncode != 0
        assert "another process serves from" in second.stderr.strip().splitlines()[-1]
        first.communicate()
    assert start(tmp_path).returncode == 0, "the lock goes with the process"
