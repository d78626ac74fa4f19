"""What became of the messages: counts, waits and, where there are labels, the confusion table."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from chat.models import Message
from chat.states import MessageState
from moderation.models import Assessment
from triage.models import CaseSource
from triage.replay.phones import Progress
from triage.replay.rows import Row

CHUNK = 500


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile, in the unit of ``values``; ``None`` when there are none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(slots=True)
class Found:
    """What became of the messages, as the rows say it."""

    outcomes: dict[int, str] = field(default_factory=dict)
    held_by_reason: Counter[str] = field(default_factory=Counter)
    verdict_ms: list[float] = field(default_factory=list)
    case_ids: set[int] = field(default_factory=set)


def make_report(rows: Sequence[Row], progress: Progress, *, seconds: float) -> dict[str, Any]:
    """All figures of one replay; waits in milliseconds.

    ``not_published`` counts held messages by the harm they are listed under, ``held_by_reason`` by
    the policy's codes: a message with several reasons counts under each.
    """
    posted = {p.message_id: p for p in progress.posted}
    ids = list(posted)
    found = Found()
    for start in range(0, len(ids), CHUNK):
        _look_up(ids[start : start + CHUNK], found)
    screen_ms = [
        (progress.seen[pk] - posted[pk].accepted_at) * 1000 for pk in ids if pk in progress.seen
    ]
    counts = Counter(found.outcomes.values())
    return {
        "rows": len(rows),
        "posted": len(posted),
        "refused": dict(Counter(progress.refused.values())),
        "published": counts.pop("published", 0),
        "not_published": dict(counts),
        "held_by_reason": dict(found.held_by_reason.most_common()),
        "cases_opened": len(found.case_ids),
        "seconds": round(seconds, 2),
        "messages_per_second": round(len(posted) / seconds, 1) if seconds else None,
        "accepted_to_verdict_ms": _spread(found.verdict_ms),
        "accepted_to_peer_screen_ms": _spread(screen_ms),
        "confusion": _confusion(rows, progress, found.outcomes),
    }


def _look_up(ids: list[int], found: Found) -> None:
    created = {}
    for message in Message.objects.filter(pk__in=ids).only("pk", "state", "created_at"):
        created[message.pk] = message.created_at
        found.outcomes[message.pk] = str(message.state)
    read = Assessment.objects.filter(message_id__in=ids).only(
        "pk", "message_id", "harm", "reasons", "created_at"
    )
    by_source = {a.pk: a for a in read}
    for assessment in by_source.values():
        wait = assessment.created_at - created[assessment.message_id]
        found.verdict_ms.append(wait.total_seconds() * 1000)
        if found.outcomes[assessment.message_id] == MessageState.HELD:
            found.outcomes[assessment.message_id] = f"held: {assessment.harm}"
            found.held_by_reason.update({str(reason["code"]) for reason in assessment.reasons})
    found.case_ids |= set(
        CaseSource.objects.filter(kind="assessment", source_id__in=by_source).values_list(
            "case_id", flat=True
        )
    )


def _spread(values: list[float]) -> dict[str, float | int | None]:
    p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
    return {
        "n": len(values),
        "p50": None if p50 is None else round(p50, 1),
        "p95": None if p95 is None else round(p95, 1),
    }


def _confusion(
    rows: Sequence[Row], progress: Progress, outcomes: dict[int, str]
) -> dict[str, dict[str, int]]:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for posted in progress.posted:
        label = rows[posted.row].label
        if label:
            table[label][outcomes.get(posted.message_id, "unknown")] += 1
    for number in progress.refused:
        if rows[number].label:
            table[rows[number].label]["refused"] += 1
    return {label: dict(counts) for label, counts in sorted(table.items())}


def print_report(report: dict[str, Any], console: Console) -> None:
    """The same figures as tables for people."""
    figures = Table(title="Replay", show_header=False)
    for name in ("rows", "posted", "published", "cases_opened", "messages_per_second", "seconds"):
        figures.add_row(name.replace("_", " "), str(report[name]))
    for outcome, count in sorted(report["not_published"].items()):
        figures.add_row(outcome, str(count))
    for code, count in report["held_by_reason"].items():
        figures.add_row(f"held for: {code}", str(count))
    for code, count in sorted(report["refused"].items()):
        figures.add_row(f"refused: {code}", str(count))
    for name in ("accepted_to_verdict_ms", "accepted_to_peer_screen_ms"):
        spread = report[name]
        words = f"p50 {spread['p50']}  p95 {spread['p95']}  (n {spread['n']})"
        figures.add_row(name.replace("_", " "), words)
    console.print(figures)
    if report["confusion"]:
        console.print(_confusion_table(report["confusion"]))


def _confusion_table(confusion: dict[str, dict[str, int]]) -> Table:
    columns = sorted({outcome for counts in confusion.values() for outcome in counts})
    table = Table(title="Label against outcome")
    table.add_column("label")
    for column in columns:
        table.add_column(column, justify="right")
    for label, counts in confusion.items():
        table.add_row(label, *(str(counts.get(column, 0)) for column in columns))
    return table
