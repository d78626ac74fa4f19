"""``deploy/types/check.sh`` says when it could not check, and in CI that is a failure."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "deploy" / "types"
NEEDED = ("sh", "dirname", "cmp", "mkdir", "cp")


@pytest.mark.parametrize(
    ("tools", "ci", "fails", "says"),
    [
        (("node",), "true", True, "npm is missing"),
        (("node",), "", False, "npm is missing"),
        (("node", "npm"), "true", True, "could not fetch"),
        ((), "true", False, "Node is missing"),
    ],
)
def test_types_that_cannot_be_checked_fail_in_ci_and_are_said_elsewhere(
    tmp_path: Path, tools: tuple[str, ...], ci: str, fails: bool, says: str
) -> None:
    checkout = tmp_path / "deploy" / "types"
    shutil.copytree(HERE, checkout)
    found = tmp_path / "bin"
    found.mkdir()
    for tool in NEEDED:
        (found / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is missing"))
    for tool in tools:
        (found / tool).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (found / tool).chmod(0o755)
    done = subprocess.run(
        [found / "sh", checkout / "check.sh"],
        env={"PATH": str(found), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) is fails, done.stderr
    assert says in done.stderr
