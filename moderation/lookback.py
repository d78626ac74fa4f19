"""Looking at somebody's last messages together, after each of them has been read by itself.

The batch that reads messages only notes whose messages it was (one statement). This step, a worker
of its own, leases those people, fetches their stored assessments in bounded queries, and keeps
what it finds with the messages it rests on. It opens no message and knows no word.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, F, Max, Value, When, Window
from django.db.models.functions import DenseRank, RowNumber

from chat.kernel import clock
from chat.kernel.doorbell import ALERTS, ring_on_commit, work_topic
from chat.kernel.errors import Stale
from chat.kernel.lease import finish, lease
from chat.models import Message
from chat.states import ConversationKind, Role
from moderation.actions.findings import keep_findings
from moderation.classifiers.base import PATTERNS
from moderation.classifiers.labels import DANGER
from moderation.models import Assessment, LookBack
from moderation.patterns_over_time import (
    CARRIES,
    LINES,
    NOT_THEIRS_NOW,
    WINDOW,
    Line,
    Part,
    signals_over,
)
from moderation.policy_over_time import decide_over_time

log = logging.getLogger("lantern.screening")

LEASE_SECONDS = 30
BATCH = 20
"""People looked at in one turn."""

NEARBY = 1_000
"""Whoever wrote none of a thread's last messages, so many, is not there any more: its beginner is.
A busy thread must not be read from its start for every line that may draw somebody away."""

REVISIONS = 5
"""Of a message that was changed again and again, so many readings of each kind are looked at."""

_KINDS = [
    When(**{f"scores__{label}__gte": least}, then=Value(part)) for label, least, part in CARRIES
]
"""By its scores alone: a rule of the contact reader that is a part raises the label too."""

Rows = dict[int, list[Line]]


def note_authors(messages: Iterable[Message]) -> None:
    """Have the authors' last messages looked at together. One statement; staff are left out.

    Call inside the transaction that stores the readings.
    """
    people = sorted({m.author_id for m in messages if m.author.is_young_person})
    if not people:
        return
    now = clock.now()
    LookBack.objects.bulk_create(
        [LookBack(person_id=person, due_at=now) for person in people],
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["due_at", "lease_until", "lease_token", "attempts"],
    )


def lookback_step() -> int:
    """Look back over whoever wrote something since; returns how many people were looked at."""
    due = lease(LookBack.objects.select_related("person"), seconds=LEASE_SECONDS, limit=BATCH)
    if not due:
        return 0
    now = clock.now()
    histories = lines_of([row.person_id for row in due], now=now)
    done = 0
    for row in due:
        try:
            _look(row, histories.get(row.person_id, []), now=now)
            done += 1
        except Stale:
            continue  # They wrote again, or somebody else went on: it is due again.
        except Exception as error:  # noqa: BLE001 — one person's row must not hide the others.
            log.error("looking back failed: %s", type(error).__name__)
    return done


def _look(row: LookBack, lines: Sequence[Line], *, now: dt.datetime) -> None:
    signals = signals_over(lines, now=now)
    verdicts = decide_over_time(signals, author_age_band=row.person.age_band)
    with transaction.atomic():
        changed = keep_findings(author=row.person, verdicts=verdicts, now=now) if verdicts else []
        if not finish(row):
            raise Stale
        if any(finding.due_at for finding in changed):
            ring_on_commit(work_topic("intake"))
        if changed:
            ring_on_commit(ALERTS)


def lines_of(people: Sequence[int], *, now: dt.datetime) -> Rows:
    """The last messages of these people that say anything here: two queries, bounded for each."""
    rows = list(_readings_of(people, now))
    drawing = {row["thread"] for row in rows if _may_draw_away(row)}
    wrote = _who_wrote(drawing, now) if drawing else {}
    found: dict[int, dict[int, Line]] = {}
    for row in rows:
        lines = found.setdefault(row["author"], {})
        line = _line(row, wrote.get(row["thread"], []), now)
        lines[row["message_id"]] = _merged(line, lines.get(row["message_id"]))
    return {person: list(lines.values()) for person, lines in found.items()}


def _readings_of(people: Sequence[int], now: dt.datetime) -> Iterable[Mapping[str, Any]]:
    return (
        Assessment.objects.filter(message__author__in=people, message__created_at__gt=now - WINDOW)
        .annotate(carries=Case(*_KINDS, output_field=CharField()))
        .filter(carries__isnull=False)
        .annotate(
            back=Window(
                DenseRank(),
                partition_by=[F("message__author"), F("carries")],
                order_by=F("message").desc(),
            ),
            changed=Window(
                RowNumber(), partition_by=[F("message"), F("carries")], order_by=F("pk").desc()
            ),
        )
        .filter(back__lte=LINES, changed__lte=REVISIONS)
        .values(
            "message_id",
            "scores",
            "reasons",
            "carries",
            author=F("message__author"),
            at=F("message__created_at"),
            thread=F("message__conversation"),
            kind=F("message__conversation__kind"),
            begun_by=F("message__conversation__created_by"),
            begun_by_role=F("message__conversation__created_by__role"),
        )
    )


def _may_draw_away(row: Mapping[str, Any]) -> bool:
    """Only then it matters who else is there. Nobody of their age is in a private talk."""
    return bool(row["kind"] == ConversationKind.THREAD and row["carries"] != Part.DISTRESS)


def _who_wrote(threads: Iterable[int], now: dt.datetime) -> dict[int, list[int]]:
    """The young people whose words could be seen in each thread lately, the latest first."""
    rows = (
        Message.objects.filter(
            conversation__in=threads,
            position__gt=F("conversation__last_seq") - NEARBY,
            created_at__gt=now - WINDOW,
            author__role=Role.YOUNG_PERSON,
            author__is_active=True,
        )
        .values_list("conversation", "author")
        .annotate(last=Max("position"))
        .order_by("-last")
    )
    wrote: dict[int, list[int]] = {}
    for thread, author, _last in rows:
        wrote.setdefault(thread, []).append(author)
    return wrote


def _line(row: Mapping[str, Any], wrote: Sequence[int], now: dt.datetime) -> Line:
    return Line(
        message_id=row["message_id"],
        at=min(row["at"], now),  # Said before a clock was set back, and said all the same.
        towards=_towards(row, wrote),
        scores=row["scores"],
        rules=frozenset(str(reason.get("rule", "")) for reason in row["reasons"]),
        private=row["kind"] == ConversationKind.ONE_TO_ONE,
        outright=any(_says_danger_outright(reason) for reason in row["reasons"]),
    )


def _towards(row: Mapping[str, Any], wrote: Sequence[int]) -> tuple[str, ...]:
    """No message says whom it answers: whoever began the thread, or anybody who writes there."""
    begun = [row["begun_by"]] if row["begun_by_role"] == Role.YOUNG_PERSON else []
    there = dict.fromkeys([*begun, *wrote])
    others = tuple(f"person:{one}" for one in there if one != row["author"])
    return others or (f"thread:{row['thread']}",)


def _says_danger_outright(reason: Mapping[str, Any]) -> bool:
    """What the phrases found about the writer; of a friend's danger the code says so."""
    return reason.get("source") == PATTERNS and reason.get("code") in DANGER


def _merged(line: Line, other: Line | None) -> Line:
    """Two revisions of one message count as one line: what was said and taken back was said."""
    if other is None:
        return line
    scores = dict(other.scores)
    for label, score in line.scores.items():
        scores[label] = max(score, scores.get(label, 0.0))
    for label in NOT_THEIRS_NOW:  # The other words must not excuse these.
        scores[label] = min(one.scores.get(label, 0.0) for one in (line, other))
    rules, outright = line.rules | other.rules, line.outright or other.outright
    return replace(line, scores=scores, rules=rules, outright=outright)
