"""A candidate beside the live readers: what it would have done, and nobody it was done to.

Set ``SHADOW_CHECKPOINT`` (a folder, or a published name) or ``SHADOW_POLICY`` (a module with
``decide`` and ``POLICY_VERSION``), and this worker reads a bounded sample of messages that were
assessed already. It writes rows of its own and nothing else: no message moves, nobody is told.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings

from chat.kernel import clock
from chat.kernel.crypto import Unreadable
from moderation import readers
from moderation.actions.assessments import scores_as_json
from moderation.classifiers.base import Classifier, Reading
from moderation.classifiers.choice import folder_of
from moderation.classifiers.registry import Unbuilt, read_messages
from moderation.context import context_of
from moderation.models import Assessment, ShadowAssessment
from moderation.policy import Verdict
from moderation.shadow_state import ShadowState, forget_shadow, report_shadow

log = logging.getLogger("lantern.screening")

BATCH = 16
HOURLY = 600
"""Messages read a second time in an hour at most: the live reader needs the processor."""

LOOKS_BACK = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What runs in the shadow. ``key`` names exactly these versions."""

    key: str
    words: str
    readers: tuple[Classifier, ...]
    policy: Any


@dataclass(frozen=True, slots=True)
class Built:
    """What came of building what was asked for, and when that ended."""

    asked: tuple[str, str]
    candidate: Candidate | None
    broken: str
    at: float

    @property
    def due_again(self) -> bool:
        """What could not be loaded is tried again: the cause may have been mended."""
        return bool(self.broken) and time.monotonic() - self.at > readers.REBUILD_AFTER_SECONDS

    @property
    def state(self) -> ShadowState:
        return ShadowState(self.candidate.key if self.candidate else "", self.broken)


_lock = threading.Lock()
_built: Built | None = None


def wanted() -> tuple[str, str]:
    """The settings that ask for a shadow run; both empty means none."""
    return settings.SHADOW_CHECKPOINT, settings.SHADOW_POLICY


def built(asked: tuple[str, str]) -> Built:
    """The candidate of this process, built at first use, or why there is none."""
    global _built
    with _lock:
        if _built is None or _built.asked != asked or _built.due_again:
            _built = _try_to_build(asked)
        return _built


def _try_to_build(asked: tuple[str, str]) -> Built:
    found, broken = None, ""
    try:
        found = _build(*asked)
    except Exception as cause:  # noqa: BLE001 - staff must see it, and the next try may go well
        broken = readers.cause_of(cause)
    for reader in found.readers if found else ():
        if isinstance(reader, Unbuilt):
            broken = f"{reader.name}: {readers.cause_of(reader.cause)}"
    if broken:
        log.error("the candidate in the shadow is not loaded: %s", broken)
    # The time after it: what takes long to fail must not go on at once.
    return Built(asked, found, broken, time.monotonic())


def _build(checkpoint: str, policy: str) -> Candidate:
    own: tuple[Classifier, ...] = readers.readers()
    if checkpoint:
        # In its fast form, as the live readers read: what differs is the candidate, not rounding.
        folder = folder_of(checkpoint, settings.VAR_DIR / "checkpoints")
        own = readers.build_from(folder, settings.SHADOW_SHA256)
    module = import_module(policy or "moderation.policy")
    versions = "; ".join(f"{reader.name} {reader.version}" for reader in own)
    words = f"{versions}; policy {module.POLICY_VERSION}"[:400]
    key = hashlib.sha256(f"{checkpoint}\n{policy}\n{words}".encode()).hexdigest()
    return Candidate(key, words, own, module)


def shadow_step() -> int:
    """Read a few assessed messages as the candidate would; returns how many were compared."""
    asked = wanted()
    if not any(asked):
        forget_shadow()
        return 0
    made, now = built(asked), clock.now()
    report_shadow(made.state, now=now)
    return _read_a_few(made.candidate, now=now) if made.candidate else 0


def _read_a_few(found: Candidate, *, now: dt.datetime) -> int:
    lately = ShadowAssessment.objects.filter(
        candidate=found.key, created_at__gt=now - dt.timedelta(hours=1)
    ).count()
    sample = _sample(found, now=now, limit=min(BATCH, HOURLY - lately))
    return _compare(found, sample, now=now) if sample else 0


def _sample(found: Candidate, *, now: dt.datetime, limit: int) -> list[Assessment]:
    """The newest assessed messages that the candidate has not read, as they were assessed."""
    if limit <= 0:
        return []
    rows = (
        Assessment.objects.filter(created_at__gt=now - LOOKS_BACK)
        .exclude(shadows__candidate=found.key)
        .select_related("message__author", "message__conversation__space")
        .order_by("-pk")[: limit * 2]
    )
    same_words = [row for row in rows if row.revision == row.message.revision]
    return same_words[:limit]


def _compare(found: Candidate, sample: Sequence[Assessment], *, now: dt.datetime) -> int:
    texts: list[str] = []
    readable: list[Assessment] = []
    for live in sample:
        try:
            texts.append(live.message.body)
        except Unreadable:
            continue
        readable.append(live)
    readings = read_messages(found.readers, texts)
    rows = [
        _row(found, live, reading, _verdict(found, live, reading), now=now)
        for live, reading in zip(readable, readings, strict=True)
    ]
    ShadowAssessment.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _verdict(found: Candidate, live: Assessment, reading: Reading) -> Verdict:
    verdict: Verdict = found.policy.decide(reading, context_of(live.message))
    return verdict


def _row(
    found: Candidate, live: Assessment, reading: Reading, verdict: Verdict, *, now: dt.datetime
) -> ShadowAssessment:
    staff = live.message.author.is_staff_member
    action = "publish" if staff else verdict.action
    open_case = False if staff else verdict.open_case
    fired = {str(reason.label) for reason in verdict.reasons if reason.label}
    before = {str(reason["label"]) for reason in live.reasons if reason.get("label")}
    return ShadowAssessment(
        live=live,
        candidate=found.key,
        candidate_words=found.words,
        action=action,
        harm=verdict.harm,
        open_case=open_case,
        urgency=verdict.urgency,
        failed=bool(reading.failed),
        agrees=(action, open_case) == (live.action, live.open_case),
        gained=sorted(fired - before),
        lost=sorted(before - fired),
        scores=scores_as_json(reading),
        created_at=now,
    )
