"""``make test``: every test, on both ways of running Lantern.

First the scripts of the pages in Node, and what needs no reader while the readers' fast form is
made. Then side by side three lanes: the suite on SQLite with the in-memory layer, most of what asks
PostgreSQL and Redis from within the program, and what starts servers and browsers on them, which is
the longest and waits for nobody: the other two stand back for it. Each has a PostgreSQL of its own.
What a test needs and the machine lacks is installed where we are root on Debian or Ubuntu; else it
is named, and the run fails.

    python -m tests.run [--half embedded|real] [pytest arguments]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree  # Reads only what pytest wrote a moment ago.

from tests.needs import provide
from tests.servers import ROOT, find_postgres, private_postgres, private_redis

SERVED = ("bench", "browser", "faults", "flows", "fuzz", "protocol", "screens")
"""The folders of the lane that starts servers, or looks at them in a browser."""

READERLESS = ("tests/pure", "tests/repo")
"""What goes on beside the making of the fast form: it waits for no reader."""

STANDS_BACK = ["nice", "-n", "5"]
"""People wait in a browser's lane: what they wait for must not queue behind the other two."""

NO_TESTS = 5
"""pytest's exit code where nothing was selected."""

UNPASSED = {"failure", "error", "skipped"}
"""What a report says of a test that did not pass; a skipped one proves nothing, so it counts."""

LONGEST_WORDS = 400
"""Characters of a failure that are told again at the end."""

LONGEST_NAME = 200
"""Of these, characters of its test's name: one may carry a whole hostile text as its parameter."""


Part = Callable[["Totals", Sequence[str]], None]


@dataclass
class Totals:
    """How the parts of the run went."""

    passed: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, name: str, code: int, passed: int, failed: int) -> None:
        self.passed += passed
        self.failed += failed
        if code != 0:
            self.problems.append(f"{name}: exit code {code}, {failed} failed")


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def run_scripts(totals: Totals) -> None:
    """The pages' scripts, in Node's own test runner."""
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("**/*.test.*js"))
    if not files or not shutil.which("node"):
        return
    say("== Scripts of the pages, in Node")
    done = subprocess.run(
        ["node", "--test", *files], cwd=ROOT, check=False, text=True, capture_output=True
    )
    say(done.stdout + done.stderr)
    counts = {
        words[1]: int(words[2])
        for words in (line.split() for line in done.stdout.splitlines())
        if len(words) == 3 and words[0] in {"#", "ℹ"} and words[2].isdigit()
    }
    totals.add("scripts", done.returncode, counts.get("pass", 0), counts.get("fail", 0))


def prepare_reader(totals: Totals) -> None:
    """The classifier's fast form, before the lanes begin: made beside them it takes three times as
    long, and the first test that waits for a reader gives up.
    """
    say("== The classifier's fast form")
    command = [sys.executable, "manage.py", "prepare_classifier"]  # PREPARED_DIR: tests/__init__.py
    done = subprocess.run(command, cwd=ROOT, check=False)
    totals.add("the classifier's fast form", done.returncode, 0, 1 if done.returncode else 0)


def run_half(
    totals: Totals, name: str, arguments: Sequence[str], *, chosen: bool, **environment: str
) -> None:
    """The suite once, on what the environment names; every line it prints begins with the name.

    ``chosen``: somebody asked for a few tests, which may all belong to another part.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        back = [] if name == "Servers" else STANDS_BACK
        command = [*back, sys.executable, "-m", "pytest", f"--junitxml={report}", *arguments]
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as running:
            for line in running.stdout or ():
                say(f"{name:10} | {line.rstrip()}")
        code = running.returncode
        passed, unpassed = read_report(report)
    if code == NO_TESTS and chosen:
        code = 0
    totals.add(name, code, passed, len(unpassed))
    totals.problems += [f"{name}: {words}" for words in unpassed]


def read_report(report: Path) -> tuple[int, list[str]]:
    """How many passed, and of each other test its name and what it said last.

    Whoever sees only the end of a long run has to know from it what to look at.
    """
    if not report.exists():
        return 0, ["pytest wrote no report"]
    tests = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 — our own file.
    ends = [(test, [end for end in test if end.tag in UNPASSED]) for test in tests]
    passed = sum(not bad for _, bad in ends)
    return passed, [_last_words(test, end) for test, bad in ends for end in bad]


def _last_words(test: ElementTree.Element, end: ElementTree.Element) -> str:
    """A failure's test, the place that pytest names in the last line of its story, the message."""
    place = (end.text or "").strip().splitlines()[-1:]
    named = f"{test.get('classname')}::{test.get('name')}"
    words = " ".join([named[:LONGEST_NAME], *place, end.get("message", "")])
    return " ".join(words.split())[:LONGEST_WORDS]


def run_first(totals: Totals, half: str | None) -> None:
    """What goes before the lanes, and what need not wait for it."""
    run_scripts(totals)
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(prepare_reader, totals)
        if half != "real":
            run_on_sqlite(totals, READERLESS, chosen=False)
        making.result()


def run_on_sqlite(totals: Totals, arguments: Sequence[str], *, chosen: bool) -> None:
    marked = ["-m", "not browser or embedded", *arguments]
    run_half(totals, "SQLite", marked, chosen=chosen, DATABASE_URL="", REDIS_URL="")


def run_embedded(totals: Totals, arguments: Sequence[str]) -> None:
    """On SQLite: what was asked for, or all that has not run yet."""
    rest = [f"--ignore={folder}" for folder in READERLESS]
    run_on_sqlite(totals, arguments or rest, chosen=bool(arguments))


def run_within(totals: Totals, arguments: Sequence[str]) -> None:
    """On PostgreSQL and Redis, all but the slower lane's folders."""
    run_real(totals, "PostgreSQL", SERVED, arguments)


def run_served(totals: Totals, arguments: Sequence[str]) -> None:
    """On PostgreSQL and Redis, the slower lane's folders."""
    folders = (path.name for path in (ROOT / "tests").iterdir() if path.is_dir())
    run_real(totals, "Servers", [name for name in folders if name not in SERVED], arguments)


def run_real(
    totals: Totals, name: str, passed_over: Sequence[str], arguments: Sequence[str]
) -> None:
    # A path that somebody names is looked at though it is ignored: so it is left out as well.
    left_out = [f"{how}=tests/{name}" for how in ("--ignore", "--deselect") for name in passed_over]
    with tempfile.TemporaryDirectory(prefix="lantern-test-") as folder:
        here = Path(folder)
        here.chmod(0o755)  # PostgreSQL runs as somebody else where we are root.
        with (
            private_postgres(here / "postgres") as database,
            private_redis(here / "redis") as redis,
        ):
            run_half(
                totals,
                name,
                ["-m", "not embedded", *left_out, *arguments],
                chosen=bool(arguments),
                DATABASE_URL=database,
                REDIS_URL=redis,
            )


def lanes(half: str | None) -> list[list[Part]]:
    """What runs side by side, each lane in its order."""
    real = find_postgres() is not None and shutil.which("redis-server") is not None
    if half == "embedded":
        return [[run_embedded]]
    if half == "real":
        return [[run_within], [run_served]] if real else []
    return [[run_served], [run_within], [run_embedded]] if real else [[run_embedded]]


def run_lane(lane: Sequence[Part], totals: Totals, arguments: Sequence[str]) -> None:
    for part in lane:
        part(totals, arguments)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the tests.", add_help=True)
    parser.add_argument("--half", choices=["embedded", "real"], help="Only this half.")
    options, arguments = parser.parse_known_args()
    began = time.monotonic()
    totals = Totals()
    lacking = provide()
    totals.problems += lacking
    if not arguments:
        run_first(totals, options.half)
    side_by_side = lanes(options.half)
    with ThreadPoolExecutor(len(side_by_side) or 1) as pool:
        for lane in [pool.submit(run_lane, lane, totals, arguments) for lane in side_by_side]:
            lane.result()
    for problem in totals.problems:
        say(f"!! {problem}")
    say(f"== Done in {time.monotonic() - began:.0f} s")
    say(f"{totals.passed} passed, {totals.failed + len(lacking)} failed")
    return 1 if totals.problems else 0


if __name__ == "__main__":
    sys.exit(main())
