"""Reading messages: ours as a worker does it, beside the library called message by message.

Both on one thread and one core, in turns within one process, with the same checkpoint.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moderation.classifiers.base import ENCODER
from moderation.classifiers.fast import folder_for, is_prepared
from moderation.classifiers.registry import BUILDERS, build_readers, read_messages
from moderation.classifiers.shipped import verified
from moderation.training.bench import LENGTHS, Speed, bench, realistic_mix
from tests import PREPARED

BATCH = 64
OURS, WHOLE, LIBRARY = "ours", "ours, all readers", "Detoxify.predict"


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
    return {
        OURS: {**_row(ours), "how": ours.name, **busy},
        WHOLE: whole,
        LIBRARY: {**_row(library), "how": f"{ENCODER} alone", **busy},
    }


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
    return {**found, "messages per second, times more": round(rate, 2)}
