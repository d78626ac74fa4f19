"""A command that lacks a program says so before it begins, in words to act on."""

from pathlib import Path

import pytest

from tests.needs import Need, demand, provide


def test_what_is_missing_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # Nothing to install it with, either.
    lamp = Need("A lamp", "lamp-utils", lambda: None)

    with pytest.raises(SystemExit, match=r"A lamp is missing\. .* apt-get install lamp-utils"):
        demand([lamp])


def test_what_is_there_is_not_asked_for():
    assert provide([Need("The interpreter", "python3", lambda: True)]) == []
