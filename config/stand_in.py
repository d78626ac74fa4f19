"""What web processes do while nobody else does it: whatever needs no reader.

A young person whose post was accepted a moment before the last worker died would look at "being
read" for ever, and a request for help would stand on no list. So every web process looks whether
somebody is at each of the steps that only move rows, and takes those that nobody is at. Each kind
of work may have a process of its own, so a reader that lives says nothing of the others. Each step
locks what it takes: several processes, or a worker that comes back meanwhile, do each other no
harm.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from django.utils.module_loading import import_string

from chat.kernel import clock
from chat.kernel.db import run_db
from chat.kernel.loops import PerLoop
from chat.models import WorkerBeat
from config.workers import WORKERS, where

log = logging.getLogger("lantern.workers")

STEPS: Final = ("unread", "intake", "escalation")
"""In ``WORKERS``. Screening is not among them: no web process loads a model."""

LOOK_EVERY_SECONDS: Final = 5.0


def stand_in() -> int:
    """Take each step once that no worker was at lately; returns how many rows were worked."""
    asleep = WorkerBeat.objects.asleep(STEPS, now=clock.now())
    worked = 0
    for name in (name for name in STEPS if name in asleep):
        try:
            worked += import_string(WORKERS[name].step)()
        except Exception as error:  # noqa: BLE001 — one bad step must not keep the others.
            log.error("standing in for %s failed: %s", name, where(error))
    return worked


class _Watch:
    """Looks again and again, for as long as the loop runs."""

    def __init__(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                await run_db(stand_in)
            except Exception as error:  # noqa: BLE001 — the database may be away for a while.
                log.error("standing in failed: %s", where(error))


watch = PerLoop(_Watch)
"""The running loop's; called again and again it does no harm."""
