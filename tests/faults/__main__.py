"""Break everything, and then count: ``make faults SECONDS=120 SEED=1``.

Fifty phones and more talk through two web processes behind a proxy, with two workers, Redis and
PostgreSQL. The last line of the output is one JSON object; a run with a loss exits with 1. The same
line is added to ``var/faults/runs.jsonl``, and ``--sum`` adds up what is there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from config.open_files import allow_sockets
from tests.faults.house import House
from tests.needs import STORES, demand
from tests.servers import ROOT

MUST_BE_ZERO = (
    *("lost", "duplicates", "order_violations"),
    *("unread", "removed_visible", "crisis_without_case", "unknown"),
)

ADDED_UP = (
    *("seconds", "acked", "failed", "help_acked", "cried", "removed", "connects"),
    *("caught_mid_batch", "ended_by_themselves", *MUST_BE_ZERO),
)
RUNS = ROOT / "var" / "faults" / "runs.jsonl"


def remember(path: Path, result: dict[str, Any]) -> None:
    """One line per run, whatever its seed; runs are added up by these."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as runs:
        runs.write(json.dumps(result) + "\n")


def sum_of(path: Path) -> dict[str, Any]:
    """All runs together; raises ``OSError`` where there is none."""
    runs = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    faults: Counter[str] = Counter()
    for found in runs:
        faults.update(found["faults"])
    return {
        "runs": len(runs),
        "seeds": sorted({found["seed"] for found in runs}),
        **{name: sum(found[name] for found in runs) for name in ADDED_UP},
        "faults": dict(sorted(faults.items())),
        "faults_together": faults.total(),
    }


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> int:
    # Asked to stop, it takes its servers down with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    allow_sockets(1_000)
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--talks", type=int, default=15, help="Private talks; the rest is threads.")
    parser.add_argument("--rate", type=float, default=3.0, help="Messages a second and phone.")
    parser.add_argument("--backlog", type=int, default=3000, help="Unread, people stop writing.")
    parser.add_argument("--rest", type=float, default=2.5, help="Most seconds between two faults.")
    parser.add_argument("--history", default="", help="Where every operation is written down.")
    parser.add_argument("--keep", action="store_true", help="Keep the folder with the logs.")
    parser.add_argument("--runs", type=Path, default=RUNS, help="Where each run adds its line.")
    parser.add_argument("--sum", action="store_true", help="Add up the runs so far, and run none.")
    options = parser.parse_args()
    if options.sum:
        return _say_the_sum(options.runs)
    demand(STORES)
    options.history = options.history or ROOT / "var" / "faults" / f"{options.seed}.jsonl"
    with tempfile.TemporaryDirectory(prefix="lantern-faults-") as folder:
        house = House(Path(folder), SOCKET_FRAMES="400", LOG_LEVEL="WARNING")
        os.environ.update(house.environment, DJANGO_SETTINGS_MODULE="config.settings")
        try:
            house.start_stores()
            import django

            django.setup()
            # Django must know its settings before anything below can be imported.
            from tests.faults.run import storm

            result: dict[str, Any] = asyncio.run(storm(house, options, say))
        finally:
            house.stop()
            if options.keep:
                shutil.copytree(folder, ROOT / "var" / "faults" / "logs", dirs_exist_ok=True)
    remember(options.runs, result)
    say(json.dumps(result))
    return 1 if any(result[name] for name in MUST_BE_ZERO) else 0


def _say_the_sum(path: Path) -> int:
    if not path.exists():
        say(f"no run has been kept in {path} yet: make faults SECONDS=120 SEED=1")
        return 1
    together = sum_of(path)
    say(json.dumps(together))
    return 1 if any(together[name] for name in MUST_BE_ZERO) else 0


if __name__ == "__main__":
    sys.exit(main())
