"""``make bench [NAME=fanout SECONDS=10 RUNS=3]``: a table, and ``var/bench/NAME.json``.

Contenders take turns within a run, and there are three runs; the table shows medians. Without a
name every scenario is measured, one after the other, each for as long as it needs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django
from rich.console import Console
from rich.table import Table

from config.open_files import allow_sockets
from tests.bench.stage import Stage, stage
from tests.needs import STORES, demand
from tests.servers import ROOT

SCREENING = "screening"
"""The one that needs no servers."""

NAMES = (
    *("fanout", "pairs", "storm", "idle", "growth", "two_web", "overload", "danger", "profile"),
    SCREENING,
)
MOST_PHONES = 5_000
"""At once, in ``idle``."""

Figures = dict[str, dict[str, Any]]


def median_of(runs: list[Figures]) -> Figures:
    """The median of each figure over the runs; what is no number is taken from the last."""
    result: Figures = {}
    for who in runs[-1]:
        result[who] = {}
        for name, value in runs[-1][who].items():
            values = [run[who][name] for run in runs if name in run.get(who, {})]
            numeric = all(isinstance(v, int | float) for v in values)
            result[who][name] = round(statistics.median(values), 3) if numeric else value
    return result


def table_of(title: str, figures: Figures) -> Table:
    table = Table(title=title)
    columns: list[str] = []
    for found in figures.values():
        flat = [name for name, value in found.items() if not isinstance(value, dict)]
        columns += [name for name in flat if name not in columns]
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for who, found in figures.items():
        table.add_row(who, *(str(found.get(column, "")) for column in columns))
    return table


def keep(
    folder: Path, name: str, figures: Figures, ratios: dict[str, float], options: dict[str, Any]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ours = {who: found for who, found in figures.items() if who.startswith("ours")}
    baselines = {who: found for who, found in figures.items() if who not in ours}
    whole = {"name": name, **options, "ours": ours, "baselines": baselines, "ratios": ratios}
    (folder / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def run(name: str, on: Stage | None, options: argparse.Namespace) -> None:
    from tests.bench import scenarios

    scenario = scenarios.BY_NAME[name]
    seconds = options.seconds or scenario.seconds
    runs = [asyncio.run(scenario.measure(on, seconds)) for _ in range(options.runs)]
    figures = median_of(runs)
    ratios = scenario.ratios(figures)
    keep(options.folder, name, figures, ratios, {"runs": options.runs, "seconds": seconds})
    console = Console(width=160)
    console.print(table_of(name, figures))
    for what, ratio in ratios.items():
        console.print(f"{what}: {ratio}")


def main(arguments: Iterable[str] | None = None) -> int:
    # Asked to stop, it takes its servers down with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    allow_sockets(MOST_PHONES)
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, help="Of each part; else the scenario's own.")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench")
    options = parser.parse_args(None if arguments is None else list(arguments))
    if options.name == SCREENING:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()  # The other scenarios know the models.
        run(SCREENING, None, options)
        return 0
    demand(STORES)
    with stage() as on:
        for name in [options.name] if options.name else NAMES:
            run(name, on, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
