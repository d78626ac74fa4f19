"""Where the time of a web process goes while it hands messages to a hundred phones."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from tests.bench import fanout
from tests.bench.stage import Stage
from tests.servers import ROOT, wait_until

MEMBERS = 100
VARIABLE = "BENCH_PROFILE"

SEND, WAIT, READ = "kernel: send", "kernel: wait", "kernel: receive"
KERNEL = (SEND, WAIT, READ)
SERVER = ("Twisted", "Autobahn (frames)", "Daphne", "asyncio")
OURS, ROOM, REST = "our code", "the room's code", "the rest"
THREADS = "threads of the database"

_CALLS = {
    ("internet/tcp.py", "writeSomeData"): SEND,
    ("asyncio/selector_events.py", "write"): SEND,
    ("asyncio/selector_events.py", "_write_send"): SEND,
    ("selectors.py", "select"): WAIT,
    ("internet/tcp.py", "doRead"): READ,
    ("asyncio/selector_events.py", "_read_ready__data_received"): READ,
}
"""Functions that do little but call the kernel; a sample that lands in them was nearly always in
the call. (Twisted retries an interrupted send in ``untilConcludes``, which is looked through.)"""

_PACKAGES = {
    "twisted": "Twisted",
    "autobahn": "Autobahn (frames)",
    "daphne": "Daphne",
    "channels": "Channels and Redis",
    "channels_redis": "Channels and Redis",
    "redis": "Channels and Redis",
    "asgiref": "Django and the database",
    "django": "Django and the database",
    "psycopg": "Django and the database",
    "psycopg_pool": "Django and the database",
}
_LOOKED_THROUGH = "untilConcludes"


def place_of(stack: list[str]) -> str:
    """Whose time a sample is: the innermost call that we can name; a library's is its caller's."""
    for name in stack:
        path, _, function = name.rpartition(":")
        place = _call(path, function) or _package(path)
        if place and function != _LOOKED_THROUGH:
            return place
    return REST


def _call(path: str, function: str) -> str:
    for (file, called), place in _CALLS.items():
        if path.endswith(file) and function == called:
            return place
    return ""


def _package(path: str) -> str:
    _, installed, inside = path.rpartition("site-packages/")
    if installed:
        return _PACKAGES.get(inside.partition("/")[0], "")
    if path.startswith(f"{ROOT}/tests/bench/baselines"):
        return ROOM
    if path.startswith(f"{ROOT}/") and not path.startswith(f"{ROOT}/tests/"):
        return OURS
    return "asyncio" if "/asyncio/" in path else ""


class Profile:
    """Told by ``fanout`` when the part that is measured begins and ends."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "profile"
        self.stacks: list[tuple[list[str], int]] = []
        self.loop = self.other = 0
        """Nanoseconds of the thread with the event loop, and of all others."""

    def begin(self, process: psutil.Process) -> None:
        process.send_signal(signal.SIGUSR1)

    def end(self, process: psutil.Process) -> None:
        process.send_signal(signal.SIGUSR2)
        path = self.file.with_name(f"{self.file.name}.{process.pid}")
        wait_until(path.exists, within=30, what="a profile")
        kept = json.loads(path.read_text(encoding="utf-8"))
        self.stacks, self.loop, self.other = kept["stacks"], kept["loop"], kept["other"]

    def figures(self, found: dict[str, Any]) -> dict[str, Any]:
        """Microseconds per delivery by place, which add up to ``cpu_us_per_delivery``."""
        places: Counter[str] = Counter({THREADS: self.other})
        seen = sum(spent for _, spent in self.stacks) or 1
        for stack, spent in self.stacks:
            # What was used after the last look is shared out like the rest.
            places[place_of(stack)] += round(spent * self.loop / seen)
        whole, cost = self.loop + self.other or 1, found["cpu_us_per_delivery"]
        return {
            "per_second": found["per_second"],
            "cpu_us_per_delivery": cost,
            **{f"us, {place}": round(ns / whole * cost, 2) for place, ns in places.most_common()},
        }

    def top(self, many: int = 15) -> dict[str, float]:
        """The functions that the event loop was in, and their share of its time."""
        inside: Counter[str] = Counter()
        for stack, spent in self.stacks:
            inside[_short(stack[0])] += spent
        looks = sum(inside.values()) or 1
        return {name: round(count / looks, 3) for name, count in inside.most_common(many)}


def _short(name: str) -> str:
    """Without the folders that only this machine has."""
    inside = name.rpartition("site-packages/")[2].replace(f"{ROOT}/", "")
    return "/".join(inside.split("/")[-3:])


async def measure(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    """Ours as fast as it goes, and the tutorial's room beside it, both on Daphne."""
    file = stage.folder / "profile"
    os.environ[VARIABLE] = stage.house.environment[VARIABLE] = str(file)
    stage.profiled = True
    try:
        return await _both(stage, seconds)
    finally:
        stage.profiled = False


async def _both(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    of_ours, of_a = Profile(stage.folder), Profile(stage.folder)
    ours = await fanout.ours(
        stage, members=MEMBERS, seconds=seconds, batch=fanout.BATCH, profile=of_ours
    )
    single = Profile(stage.folder)
    one = await fanout.ours(stage, members=MEMBERS, seconds=seconds, batch=1, profile=single)
    with stage.naive() as (port, process):
        path = "/ws/chat/profile/"
        a = await fanout.rooms(
            port,
            process,
            path=path,
            members=MEMBERS,
            seconds=seconds,
            fast=True,
            profile=of_a,
        )
    return {
        "ours, fast": {**of_ours.figures(ours), "top": of_ours.top()},
        "ours one by one": {**single.figures(one), "top": single.top()},
        "a, fast": {**of_a.figures(a), "top": of_a.top()},
    }
