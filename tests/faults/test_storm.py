"""A short storm, in the suite: every kind of fault on real processes, and nothing may be lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.__main__ import MUST_BE_ZERO
from tests.servers import ROOT

SECONDS = 45
SEED = 11
KINDS = {
    *("kill_web", "kill_worker", "kill_workers_mid_batch", "kill_redis", "flush_redis"),
    *("freeze_web", "freeze_worker", "restart_postgres", "cut_lines", "slow_lines", "deploy"),
}


@pytest.mark.servers
@pytest.mark.real
@pytest.mark.timeout(900)
def test_nothing_accepted_is_lost_doubled_unread_or_out_of_order_whatever_breaks(
    tmp_path: Path,
) -> None:
    history = tmp_path / "history.jsonl"
    command = [sys.executable, "-m", "tests.faults", "--seconds", str(SECONDS)]
    command += ["--seed", str(SEED), "--phones", "30", "--talks", "10", "--rate", "1"]

    run = subprocess.run(
        [*command, "--history", str(history)], cwd=ROOT, check=False, capture_output=True, text=True
    )

    lines = run.stdout.strip().splitlines()
    assert lines, run.stderr[-3000:]
    assert lines[-1].startswith("{"), run.stderr[-3000:]
    result = json.loads(lines[-1])
    assert {name: result[name] for name in MUST_BE_ZERO} == dict.fromkeys(MUST_BE_ZERO, 0), (
        run.stdout
    )
    assert result["acked"] > 0
    assert result["removed"] > 0
    assert set(result["faults"]) == KINDS
    assert result["caught_mid_batch"] > 0, "workers were killed with messages in their hands"
