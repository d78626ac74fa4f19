"""What the commands that test, break and measure cannot do without, and where it comes from.

Each installs what it needs where we are root on Debian or Ubuntu, and names it elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.browsers import find_chromium
from tests.servers import find_nginx, find_postgres

POLICY = Path("/usr/sbin/policy-rc.d")
"""Asked by Debian's packages whether they may start a service; 101 says no."""


@dataclass(frozen=True)
class Need:
    """A program, and the Debian package that has it."""

    name: str
    package: str
    found: Callable[[], object]
    otherwise: str = ""
    """What to do where that package does not exist, as a sentence."""


POSTGRES = Need("PostgreSQL", "postgresql", find_postgres)
REDIS = Need("redis-server", "redis-server", lambda: shutil.which("redis-server"))
CHROMIUM = Need(
    "Chromium",
    "chromium",
    find_chromium,
    "Ubuntu has it as a snap only: install Google's package of Chrome there by hand, "
    "google-chrome-stable.",
)
STORES = (POSTGRES, REDIS)
NEEDS = (
    *STORES,
    CHROMIUM,
    Need("Node", "nodejs", lambda: shutil.which("node")),
    Need("nginx", "nginx-light", find_nginx),
)


def missing(needs: Sequence[Need] = NEEDS) -> list[Need]:
    """Those of ``needs`` that this machine lacks."""
    return [need for need in needs if not need.found()]


def provide(needs: Sequence[Need] = NEEDS) -> list[str]:
    """Install what is missing where we may; returns a line for each thing still missing."""
    wanted = missing(needs)
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        _install([need.package for need in wanted])
    return [_how_to_get(need) for need in missing(needs)]


def _how_to_get(need: Need) -> str:
    words = f"{need.name} is missing. On Debian or Ubuntu: sudo apt-get install {need.package}"
    return f"{words}. {need.otherwise}" if need.otherwise else words


def demand(needs: Sequence[Need]) -> None:
    """As ``provide``, for a command that cannot start without; raises ``SystemExit`` with why."""
    lacking = provide(needs)
    if lacking:
        raise SystemExit("\n".join(lacking))


def _install(packages: Sequence[str]) -> None:
    sys.stdout.write(f"Installing {', '.join(packages)} ...\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    # One at a time: a name that this system does not know would take all others with it.
    for command in (["apt-get", "update", "-qq"], *([*install, package] for package in packages)):
        with _nothing_started():
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment)


@contextlib.contextmanager
def _nothing_started() -> Iterator[None]:
    """Keep Debian from starting what it installs: the tests start servers of their own.

    Without this the machine would go on serving a database, a Redis and a page on port 80.
    """
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)
