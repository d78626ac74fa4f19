"""A command that lacks a program says so before it begins, in words to act on."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests import needs
from tests.needs import CHROMIUM, Need, demand, provide


def test_what_is_missing_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # Nothing to install it with, either.
    lamp = Need("A lamp", "lamp-utils", lambda: None)

    with pytest.raises(SystemExit, match=r"A lamp is missing\. .* apt-get install lamp-utils"):
        demand([lamp])


def test_what_is_there_is_not_asked_for():
    assert provide([Need("The interpreter", "python3", lambda: True)]) == []


UBUNTU = """#!/bin/sh
# An apt-get that knows every package but Chromium, and installs nothing where one is unknown.
case "$*" in *chromium*) echo "E: Unable to locate package chromium" >&2; exit 100 ;; esac
for word in "$@"; do : >"{installed}/$word"; done
"""


def test_a_package_that_is_unknown_keeps_no_other_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """On Ubuntu there is no Chromium to install, and the tests need much else."""
    installed = tmp_path / "installed"
    installed.mkdir()
    apt = tmp_path / "apt-get"
    apt.write_text(UBUNTU.format(installed=installed), encoding="utf-8")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(needs, "POLICY", tmp_path / "policy-rc.d")
    wanted = [
        Need("A lamp", "lamp-utils", (installed / "lamp-utils").exists),
        replace(CHROMIUM, found=(installed / "chromium").exists),
        Need("A bell", "bell", (installed / "bell").exists),
    ]

    (still,) = provide(wanted)

    assert still.startswith("Chromium is missing.")
    assert "Ubuntu" in still
    assert "google-chrome-stable" in still, "and it says what to do where there is no package"
