"""A worker whose one step can be held in the middle: what ``test_frozen.py`` starts.

    python -m tests.flows.frozen_worker

It says ``holding`` once its step has the lock of the audit, ends the step for each line that it is
sent, and says ``kept`` when what it wrote is in the database.
"""

from __future__ import annotations

import asyncio
import os
import sys

import django
from django.db import transaction


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def hold() -> int:
    """One step."""
    from chat.models import AuditRow

    with transaction.atomic():
        AuditRow.objects.record(verb="tested.held", by=None, subject="worker:frozen")
        say("holding")
        sys.stdin.readline()
    say("kept")
    return 0


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from config.workers import Worker, WorkerLoop

    step = Worker("tests.flows.frozen_worker.hold", poll_seconds=600.0)
    asyncio.run(WorkerLoop("frozen", step).run())
