"""Reading messages: ours as a worker does it, beside the library called message by message.

Both on one thread and one core, in turns within one process, with the same checkpoint.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from moderation.classifiers.base import ENCODER
from moderation.classifiers.fast import folder_for, is_prepared
from moderation.classifiers.registry import BUILDERS, build_readers, read_messages
from moderation.classifiers.shipped import verified
from moderation.training.bench import LENGTHS, Speed, bench, realistic_mix
from tests import PREPARED
from tests.servers import ROOT

BATCH = 64
OURS, WHOLE, LIBRARY = "ours", "ours, all readers", "Detoxify.predict"
START = "s to the first verdict"
STARTS = 3
FIRST = "is anybody awake"

READERS_FROM_NOTHING = """
from pathlib import Path
from moderation.classifiers.registry import build_readers, read_messages
[reading] = read_messages(build_readers(prepared=Path({prepared!r})), [{first!r}])
assert not reading.failed
"""
LIBRARY_FROM_NOTHING = """
from moderation.classifiers.library import LibraryBackend
from moderation.classifiers.shipped import verified
LibraryBackend(verified(None)).detoxify.predict({first!r})
"""


async def measure(stage: object, seconds: float) -> dict[str, dict[str, Any]]:
    """Milliseconds alone by length in word pieces, and messages per second on a mix."""
    checkpoint = verified(None)
    prepared = folder_for(checkpoint, PREPARED)
    if not is_prepared(prepared, None):
        from moderation.training.export import prepare_once

        prepare_once(None, "", prepared, lambda words: None)
    with one_core():
        return _measured(prepared)


def _measured(prepared: Path) -> dict[str, dict[str, Any]]:
    ours, library = bench(None, prepared, rounds=1)
    readers = build_readers(prepared=prepared)
    mix = realistic_mix()
    began = time.perf_counter()
    readings = [
        reading
        for start in range(0, len(mix), BATCH)
        for reading in read_messages(readers, mix[start : start + BATCH])
    ]
    spent = time.perf_counter() - began
    if any(reading.failed for reading in readings):
        raise RuntimeError("not everything was read")
    whole = {"readers": len(BUILDERS), "per_second": round(len(mix) / spent, 1)}
    busy = {"load": round(os.getloadavg()[0], 1)}
    began_ours, began_library = _starts(prepared)
    return {
        OURS: {**_row(ours), "how": ours.name, **busy},
        WHOLE: {**whole, START: began_ours},
        LIBRARY: {**_row(library), START: began_library, "how": f"{ENCODER} alone", **busy},
    }


def _starts(prepared: Path) -> tuple[float, float]:
    """Seconds from nothing to a first verdict, in programs of their own, in turns; medians."""
    ours = READERS_FROM_NOTHING.format(prepared=str(prepared), first=FIRST)
    library = LIBRARY_FROM_NOTHING.format(first=FIRST)
    spent: dict[str, list[float]] = {ours: [], library: []}
    for _ in range(STARTS):
        for program, times in spent.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
            times.append(time.perf_counter() - began)
    return round(median(spent[ours]), 2), round(median(spent[library]), 2)


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Stay on one core, where the system lets us choose; cutting words would use them all."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _row(speed: Speed) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for length in LENGTHS:
        row[f"p50 at {length}"] = round(speed.p50[length], 2)
        row[f"p99 at {length}"] = round(speed.p99[length], 2)
    return {**row, "per_second": round(speed.messages_per_second, 1)}


def ratios(figures: dict[str, dict[str, Any]]) -> dict[str, float]:
    """How many times faster ours is; the aims are 3 at each length and 6 on the mix."""
    ours, library = figures[OURS], figures[LIBRARY]
    found = {
        f"p50 at {length}, times lower": round(
            library[f"p50 at {length}"] / ours[f"p50 at {length}"], 2
        )
        for length in LENGTHS
    }
    rate = ours["per_second"] / library["per_second"]
    start = library[START] / figures[WHOLE][START]
    return {
        **found,
        "messages per second, times more": round(rate, 2),
        "first verdict, times sooner": round(start, 2),
    }
