"""Two minutes of storm in the suite: every kind of fault on real processes, and nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.__main__ import ADDED_UP, MUST_BE_ZERO, remember, sum_of
from tests.servers import ROOT

SECONDS = 120
"""Long enough for a process to be frozen for thirty seconds at a stretch."""

PHONES = 50
BACKLOG = 1500
"""So much unread, and people wait: what more is written is only read in the calm afterwards."""

SEED = 11
KINDS = {
    *("kill_web", "kill_worker", "kill_workers_mid_batch", "kill_redis", "flush_redis"),
    *("freeze_web", "freeze_worker", "restart_postgres", "cut_lines", "slow_lines", "deploy"),
    *("cut_stores", "slow_stores"),
}


def test_runs_are_added_up_whatever_their_seeds(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    for seed, acked in ((1, 100), (2, 50)):
        faults = {"kill_web": 2, f"only_in_{seed}": 1}
        counts = dict.fromkeys(ADDED_UP, 0)
        remember(path, {**counts, "seed": seed, "acked": acked, "lost": seed, "faults": faults})

    together = sum_of(path)

    assert (together["runs"], together["seeds"]) == (2, [1, 2])
    assert (together["acked"], together["lost"]) == (150, 3)
    assert together["faults"] == {"kill_web": 4, "only_in_1": 1, "only_in_2": 1}
    assert together["faults_together"] == 6


@pytest.mark.servers
@pytest.mark.real
@pytest.mark.timeout(1500)
def test_nothing_accepted_is_lost_doubled_unread_or_out_of_order_whatever_breaks(
    tmp_path: Path,
) -> None:
    history = tmp_path / "history.jsonl"
    command = [sys.executable, "-m", "tests.faults", "--seconds", str(SECONDS)]
    command += ["--seed", str(SEED), "--phones", str(PHONES), "--backlog", str(BACKLOG)]
    command += ["--history", str(history), "--runs", str(tmp_path / "runs.jsonl")]

    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    lines = run.stdout.strip().splitlines()
    assert lines, run.stderr[-3000:]
    assert lines[-1].startswith("{"), run.stderr[-3000:]
    result = json.loads(lines[-1])
    assert {name: result[name] for name in MUST_BE_ZERO} == dict.fromkeys(MUST_BE_ZERO, 0), (
        run.stdout
    )
    assert result["acked"] > 0
    assert result["removed"] > 0
    assert result["cried"] > 0, "somebody said that they are in danger"
    assert result["help_acked"] > 0, "somebody asked for help"
    assert set(result["faults"]) == KINDS
    assert result["caught_mid_batch"] > 0, "workers were killed with messages in their hands"
