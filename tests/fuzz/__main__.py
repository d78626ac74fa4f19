"""``make fuzz FRAMES=1000000 SEED=1``; the last line is one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from config.open_files import allow_sockets
from tests.servers import Site

PHONES = 8
MOST_GROWTH = 8 * 1024 * 1024
EXPECTED_CLOSES = {1002, 1006, 1007, 1009}
"""For what is no WebSocket text at all, and for what is too large to look at: 1009 is our word,
1006 the server's own limit below us, which drops the line at once (``config/server.py``)."""


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> int:
    # Asked to stop, it takes its servers down with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    allow_sockets(1_000)
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lantern-fuzz-") as folder:
        database = f"sqlite:///{folder}/fuzz.sqlite3"
        environment = {
            "DATABASE_URL": database,
            "REDIS_URL": "",
            "SOCKET_FRAMES": "10000000",
            "LANTERN_VAR": folder,
            "LOG_LEVEL": "ERROR",
        }
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="config.settings")
        import django

        django.setup()
        from tests.fuzz.stage import people

        cookies, watcher, conversation = people(PHONES)
        site = Site(Path(folder), environment).start_web()
        from tests.fuzz.throw import fuzz

        try:
            outcome = asyncio.run(
                fuzz(
                    url=site.socket_url,
                    process=site.web.pid if site.web else 0,
                    cookies=cookies,
                    watcher=watcher,
                    conversation=conversation,
                    frames=options.frames,
                    seed=options.seed,
                    say=say,
                )
            )
            alive = site.web is not None and site.web.poll() is None
        finally:
            site.stop()
    say(json.dumps({"seed": options.seed, "alive": alive, **vars(outcome)}))
    well = alive and outcome.bystander_ok and outcome.grown_bytes < MOST_GROWTH
    return 0 if well and set(outcome.closes) <= EXPECTED_CLOSES else 1


if __name__ == "__main__":
    sys.exit(main())
