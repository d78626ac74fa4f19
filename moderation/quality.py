"""What the machine was right about, as far as moderators' decisions can say. Reads only.

A label counts as confirmed when a person decided about the message by the rule of the space that
the policy foresees for it: abuse removed for unkindness, danger kept for a person, recovery
published as recovery. It counts as not confirmed when a person published the message by a rule
that says there was nothing of the kind. Any other decision says nothing about the label and is left
out: words published as hard feelings may still have come from somebody in danger. So are labels
that only came along: they kept nothing back, so nobody decided about them. Only what was held ever
comes before a person, so this says how often an alarm was right (precision), and nothing about what
was missed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from moderation.actions.assessments import ASKED
from moderation.classifiers.base import ENCODER
from moderation.classifiers.labels import (
    CRISIS,
    DANGER,
    PUBLISHED_ONLY,
    SAFEGUARDING,
    TOXICITY,
    Label,
)
from moderation.classifiers.shipped import CHECKPOINTS, SHIPPED, shipped_version
from moderation.models import Review
from moderation.policy import RULES
from moderation.rates import Share, wilson
from moderation.states import ReviewStatus

WEEK: Final = dt.timedelta(days=7)
WEEKS: Final = 4

NEEDS_A_PERSON: Final = frozenset(str(label) for label in CRISIS if RULES[label].case)
"""What a clinician is told of."""

OF_THE_ROOM: Final = frozenset(map(str, (*TOXICITY, *SAFEGUARDING, *PUBLISHED_ONLY)))

CONFIRMED_BY: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "person_first": NEEDS_A_PERSON | {str(Label.DISTRESS), str(Label.WORRIED_ABOUT_FRIEND)},
        "no_methods": frozenset(map(str, DANGER)),
        "be_kind": frozenset(map(str, TOXICITY)),
        "no_hate": frozenset(map(str, TOXICITY)),
        "no_threats": frozenset(map(str, TOXICITY)),
        "keep_private": frozenset({str(Label.CONTACT_MOVE)}),
        "no_adult_approach": frozenset(map(str, (*SAFEGUARDING, *PUBLISHED_ONLY))),
        "not_the_place": frozenset(map(str, PUBLISHED_ONLY)),
        "feelings_welcome": frozenset({str(Label.DISTRESS), str(Label.WORRIED_ABOUT_FRIEND)}),
        "recovery_welcome": frozenset({str(Label.PAST_OR_RECOVERY)}),
    }
)
"""By the rule that a decision rests on: the labels that were then right."""

CONTRADICTED_BY: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "within_rules": frozenset(map(str, RULES)),
        "feelings_welcome": OF_THE_ROOM,
        "recovery_welcome": OF_THE_ROOM,
    }
)
"""By the rule that a publication rests on: the labels that were then wrong."""


@dataclass(frozen=True, slots=True)
class WeeklyPrecision:
    """One label over the last weeks, the newest first; ``None`` where there was nothing."""

    label: str
    words: str
    weeks: tuple[Share | None, ...]


def weekly_precision(now: dt.datetime) -> list[WeeklyPrecision]:
    """For each label that was decided about in the last four weeks, in the order of the policy."""
    fired: list[Counter[str]] = [Counter() for _ in range(WEEKS)]
    confirmed: list[Counter[str]] = [Counter() for _ in range(WEEKS)]
    for decided_at, clause, codes, labels in _decided(now - WEEKS * WEEK, now):
        week = min(int((now - decided_at) / WEEK), WEEKS - 1)
        right, wrong = _judged(clause, codes, labels)
        confirmed[week].update(right)
        fired[week].update(right | wrong)
    return [
        WeeklyPrecision(
            str(label),
            rule.words,
            tuple(
                wilson(confirmed[week][label], fired[week][label]) if fired[week][label] else None
                for week in range(WEEKS)
            ),
        )
        for label, rule in RULES.items()
        if any(counts[label] for counts in fired)
    ]


def _judged(clause: str, codes: set[str], labels: set[str]) -> tuple[set[str], set[str]]:
    """The labels that a decision says were right, and those it says were wrong."""
    labels = {n for n in labels if RULES[n].hold} or labels
    right = labels & CONFIRMED_BY.get(clause, frozenset())
    if ASKED in codes:
        # Whoever read it wanted a clinician with the writer, whatever became of the words.
        right |= labels & NEEDS_A_PERSON
    return right, labels & CONTRADICTED_BY.get(clause, frozenset()) - right


def _decided(
    since: dt.datetime, now: dt.datetime
) -> Iterator[tuple[dt.datetime, str, set[str], set[str]]]:
    """When, by which rule, and the codes and labels of the reasons for looking at it."""
    rows = Review.objects.filter(
        status=ReviewStatus.DECIDED,
        decided_at__gt=since,
        decided_at__lte=now,
        assessment__isnull=False,
    ).values_list("decided_at", "clause", "assessment__reasons")
    for decided_at, clause, reasons in rows.iterator(chunk_size=1000):
        if decided_at is not None:
            codes = {str(reason.get("code")) for reason in reasons}
            labels = {str(r["label"]) for r in reasons if r.get("label") in RULES}
            yield decided_at, clause, codes, labels


@dataclass(frozen=True, slots=True)
class CardLine:
    """One line of the model card: how well a task went on one set of messages."""

    task: str
    source: str
    rows: int
    recall: float | None
    recall_interval: tuple[float, float] | None
    false_alarms: float | None


def card_lines(folder: Path = CHECKPOINTS / SHIPPED) -> list[CardLine]:
    """The figures beside the checkpoint that ships; empty where none were written."""
    lines: list[CardLine] = []
    for path in sorted(folder.glob("*.json")):
        found = _figures(path)
        lines += [_card_line(entry) for entry in found if int(entry.get("positives") or 0) > 0]
    return lines


def card_is_about(running: str) -> bool:
    """Whether the figures are those of the model that reads, by what its worker says of itself.

    A published model beside ours answers for toxicity, so the figures are not all of it.
    """
    return f"{ENCODER} {shipped_version()}" in [part.strip() for part in running.split(";")]


def _figures(path: Path) -> list[dict[str, Any]]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    found = value.get("figures") if isinstance(value, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _card_line(entry: dict[str, Any]) -> CardLine:
    interval = entry.get("recall_interval")
    return CardLine(
        task=str(entry.get("task", "")),
        source=str(entry.get("source", "")),
        rows=int(entry.get("rows") or 0),
        recall=entry.get("recall"),
        recall_interval=(interval[0], interval[1]) if interval else None,
        false_alarms=entry.get("false_alarms"),
    )
