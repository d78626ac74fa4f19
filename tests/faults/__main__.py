"""Break everything, and then count: ``make faults SECONDS=120 SEED=1``.

Fifty phones and more talk through two web processes behind a proxy, with two workers, Redis and
PostgreSQL. The last line of the output is one JSON object; a run with a loss exits with 1.
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
from pathlib import Path
from typing import Any

from tests.faults.house import House
from tests.servers import ROOT

MUST_BE_ZERO = (
    *("lost", "duplicates", "order_violations"),
    *("unread", "removed_visible", "crisis_without_case", "unknown"),
)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> int:
    # Asked to stop, it takes its servers down with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--talks", type=int, default=15, help="Private talks; the rest is threads.")
    parser.add_argument("--rate", type=float, default=3.0, help="Messages a second and phone.")
    parser.add_argument("--backlog", type=int, default=3000, help="Unread, people stop writing.")
    parser.add_argument("--history", default="", help="Where every operation is written down.")
    parser.add_argument("--keep", action="store_true", help="Keep the folder with the logs.")
    options = parser.parse_args()
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
    bad = {name: result[name] for name in MUST_BE_ZERO if result[name]}
    say(json.dumps(result))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
