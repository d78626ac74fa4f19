"""Daphne with a sampler in it: ``python -m tests.bench.profiled`` in place of ``python -m daphne``.

A timer of the kernel that runs only while this process uses a processor interrupts it; the handler
runs in the main thread, where the event loop is, and adds what that thread used since the last look
to where it is now. Other threads (the database's) use the timer up as well, and are counted apart.
Nothing is wrapped, so nothing gets slower but by the handler itself. ``SIGUSR1`` starts,
``SIGUSR2`` ends and writes it to ``BENCH_PROFILE`` with the process's number behind it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

EVERY = 0.002
"""Seconds of processor time between two looks; the kernel may round it up to its own tick."""

DEEPEST = 40

stacks: Counter[tuple[str, ...]] = Counter()
clocks = {"loop": 0, "last": 0, "whole": 0}
"""Nanoseconds: of this thread at the start and at the last look, of the process at the start."""


def look(number: int, frame: FrameType | None) -> None:
    """One sample: the names from the innermost outwards."""
    names = []
    while frame is not None and len(names) < DEEPEST:
        code = frame.f_code
        names.append(f"{code.co_filename}:{code.co_name}")
        frame = frame.f_back
    now = time.thread_time_ns()
    stacks[tuple(names)] += now - clocks["last"]
    clocks["last"] = now


def begin(*_: Any) -> None:
    stacks.clear()
    clocks["loop"] = clocks["last"] = time.thread_time_ns()
    clocks["whole"] = time.process_time_ns()
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)


def finish(*_: Any) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    path = Path(os.environ["BENCH_PROFILE"] + f".{os.getpid()}")
    loop = time.thread_time_ns() - clocks["loop"]
    kept = {
        "loop": loop,
        "other": time.process_time_ns() - clocks["whole"] - loop,
        "stacks": [[list(stack), spent] for stack, spent in stacks.items()],
    }
    half = path.with_suffix(".half")
    half.write_text(json.dumps(kept), encoding="utf-8")
    half.rename(path)  # Whoever waits for it sees it whole.


if __name__ == "__main__":
    from daphne.cli import CommandLineInterface

    signal.signal(signal.SIGPROF, look)
    signal.signal(signal.SIGUSR1, begin)
    signal.signal(signal.SIGUSR2, finish)
    sys.argv[0] = "daphne"
    CommandLineInterface.entrypoint()
