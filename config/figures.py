"""What an operator is woken for and no process counts: who is at work, and what waits for whom.

Looked up in the rows when somebody asks, at most every few seconds. Every web process says the
same, so a rule takes the largest. Numbers only: nothing in them is about anybody in particular.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections.abc import Iterable
from typing import Final

from django.db.models import Min
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chat.kernel import clock
from chat.models import HelpRequest, Message, WorkerBeat
from chat.states import HelpState
from config.workers import WORKERS
from moderation.unread import UNREAD_AFTER
from triage.models import Case
from triage.states import CaseStatus

KEPT_SECONDS: Final = 5.0
"""For so long an answer is given again; many who ask cost the database no more than one."""


class Figures(Collector):
    """A collector of Prometheus's; with the database away it says so, and nothing else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at = -math.inf
        self._found: list[Metric] = []

    def describe(self) -> Iterable[Metric]:
        """The names alone, so that nothing is looked up when it is registered."""
        return _nothing_known()

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() - self._at >= KEPT_SECONDS:
                self._found, self._at = _look(), time.monotonic()
            return self._found


def _look() -> list[Metric]:
    known = _nothing_known()
    answers, beats, oldest, overdue, unread = known
    now = clock.now()
    try:
        ages = _ages(now)
        waited, late, pile = _waited(now), _overdue(now), _unread(now)
    except Exception:  # noqa: BLE001 — whatever it is, the other figures are still asked for.
        answers.add_metric([], 0)
        return list(known)
    answers.add_metric([], 1)
    for step, age in ages.items():
        beats.add_metric([step], age)
    oldest.add_metric([], waited)
    overdue.add_metric([], late)
    unread.add_metric([], pile)
    return list(known)


def _nothing_known() -> tuple[GaugeMetricFamily, ...]:
    return (
        GaugeMetricFamily("lantern_database_answers", "Whether the rows could be looked up"),
        GaugeMetricFamily(
            "lantern_worker_beat_age_seconds",
            "How long ago a worker last said that it is at this step; infinite if never",
            labels=["step"],
        ),
        GaugeMetricFamily(
            "lantern_help_waiting_oldest_seconds",
            "How long the one has waited who waits longest of those who asked for help",
        ),
        GaugeMetricFamily(
            "lantern_cases_overdue", "Cases that nobody has taken within the time that we aim for"
        ),
        GaugeMetricFamily(
            "lantern_messages_unread", "Messages that no machine has read within twenty seconds"
        ),
    )


def _ages(now: dt.datetime) -> dict[str, float]:
    beats = dict(WorkerBeat.objects.filter(name__in=WORKERS).values_list("name", "at"))
    return {name: _age(beats.get(name), now) for name in WORKERS}


def _age(at: dt.datetime | None, now: dt.datetime) -> float:
    """In seconds. A beat that lies ahead was written by a clock that has been set back since."""
    if at is None or at > now + clock.AHEAD:
        return math.inf
    return max(0.0, (now - at).total_seconds())


def _waited(now: dt.datetime) -> float:
    waiting = HelpRequest.objects.filter(state=HelpState.WAITING)
    since = waiting.aggregate(since=Min("created_at"))["since"]
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _overdue(now: dt.datetime) -> int:
    """By their time and not by the mark that the escalation puts: it may be what has died."""
    return Case.objects.filter(status=CaseStatus.WAITING, answer_by__lt=now).count()


def _unread(now: dt.datetime) -> int:
    return Message.objects.filter(clock.long_ago("due_at", than=UNREAD_AFTER, now=now)).count()
