"""A process freezes while it holds what others need: they wait for seconds, and it comes back.

No process of ours can do anything about one that is paused, or whose host lost its power, and from
outside they look alike: it is PostgreSQL that has to part with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from chat.actions.help import request_help
from chat.models import AuditRow, HelpRequest
from tests.cast import Cast
from tests.conftest import database_url
from tests.flows.phone import LivePhone
from tests.servers import ROOT, Site

pytestmark = [pytest.mark.servers, pytest.mark.real]


class FrozenWorker:
    """A worker in a process of its own, which says how far it is and waits for us."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.fixture
def worker(live_cast: Cast) -> Iterator[FrozenWorker]:
    ours = {"DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.flows.frozen_worker"],
        cwd=ROOT,
        env={**os.environ, **ours},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield FrozenWorker(process)
        process.kill()


@pytest.mark.timeout(90)
def test_asking_for_help_waits_seconds_for_a_frozen_worker_which_then_takes_its_step_anew(
    worker: FrozenWorker, live_cast: Cast
) -> None:
    assert worker.says() == "holding"
    worker.process.send_signal(signal.SIGSTOP)
    request_help(by=live_cast.ada, client_id=uuid.uuid4())  # For ever, before: the timeout above.
    assert HelpRequest.objects.filter(person=live_cast.ada).count() == 1

    worker.process.send_signal(signal.SIGCONT)
    worker.go_on()
    assert worker.says() == "holding", "what it had begun is gone, and its loop takes it up again"
    worker.go_on()
    assert worker.says() == "kept"
    assert AuditRow.objects.filter(verb="tested.held").count() == 1
    assert AuditRow.objects.first_break() is None


def test_who_waits_too_long_for_a_lock_is_told_to_try_again_and_is_heard_then(
    live_cast: Cast, live_site: Callable[..., Site], hand_phone: Callable[..., LivePhone]
) -> None:
    """Somebody who works on and on is not parted with."""
    impatient = f"{database_url()}?options=-c%20lock_timeout%3D300ms"
    site = live_site(DATABASE_URL=impatient).start_web()
    ada = hand_phone(site, live_cast.ada)
    with transaction.atomic():
        AuditRow.objects.record(verb="tested.held", by=None, subject="lock:held")
        asked = ada.ask_for_help()
        ada.wait(lambda: refusals(ada, asked), "a refusal")
    assert [frame["permanent"] for frame in refusals(ada, asked)] == [False]
    ada.cut()
    ada.open()  # What was not answered is said again, under the same id.
    assert ada.answer(asked)["type"] == "help.accepted"
    assert HelpRequest.objects.filter(person=live_cast.ada).count() == 1


def refusals(phone: LivePhone, ref: str) -> list[dict[str, Any]]:
    return [f for f in phone.frames if f["type"] == "error" and f["ref"] == ref]
