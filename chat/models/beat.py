from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import models

from chat.kernel import clock
from chat.kernel.rows import read_rows

SCREENING = "screening"
PLACES = "places"
"""Whoever works out the places of those who wait."""
SHADOW = "shadow"
"""Whoever tries a candidate beside the live readers; ``moderation.shadow_state`` says how it is."""

STALE_AFTER = dt.timedelta(seconds=15)
"""A reader that has not reported for this long counts as absent."""

COUNT_IS_OLD_AFTER = dt.timedelta(minutes=1)
"""From then on people are told when their place was last worked out."""


class BeatManager(models.Manager["WorkerBeat"]):
    def report(self, name: str, *, now: dt.datetime, detail: str = "") -> None:
        """Say "I am here and my last piece of work went well"."""
        self.update_or_create(name=name, defaults={"at": now, "detail": detail})

    def is_awake(self, name: str, *, now: dt.datetime) -> bool:
        beats = read_rows(WorkerBeat, ("at",), name=[name])
        return any(clock.is_fresh(at, within=STALE_AFTER, now=now) for (at,) in beats)

    def asleep(self, names: Collection[str], *, now: dt.datetime) -> set[str]:
        """Which of these kinds of work nobody has been at lately."""
        beats = read_rows(WorkerBeat, ("name", "at"), name=names)
        awake = {name for name, at in beats if clock.is_fresh(at, within=STALE_AFTER, now=now)}
        return set(names) - awake

    def old_count(self, *, now: dt.datetime) -> dt.datetime | None:
        """When places were last worked out, if that is a while ago; ``None``: they are fresh."""
        old = clock.long_ago("at", than=COUNT_IS_OLD_AFTER, now=now)
        rows = self.filter(old, name=PLACES)
        return rows.values_list("at", flat=True).first()


class WorkerBeat(models.Model):
    """When a kind of worker last did its work. Nobody fresh means it is closed to peers."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()
    detail = models.CharField(max_length=200, blank=True)

    objects = BeatManager()

    def __str__(self) -> str:
        return self.name
