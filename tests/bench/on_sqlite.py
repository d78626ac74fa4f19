"""``pairs`` over SQLite and without Redis; prints one JSON line."""

from __future__ import annotations

import asyncio
import json
import sys

from tests.bench.stage import stage


def main(seconds: float) -> None:
    with stage(sqlite=True) as on:
        from tests.bench.pairs import ours

        sys.stdout.write(json.dumps(asyncio.run(ours(on, seconds=seconds))) + "\n")


if __name__ == "__main__":
    main(float(sys.argv[1]))
