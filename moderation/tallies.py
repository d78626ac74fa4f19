"""Counting what fires, quarter by quarter of an hour, and noticing when it changed.

Drift shows as a label that suddenly fires ten times as often as in the weeks before, or hardly, or
not at all: a broken model, a changed file, a raid, or the world. The test is exact and stated in
``moderation.rates``. An alarm is a row and a banner for staff; it changes nothing by itself.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max, Min, Sum

from chat.kernel import clock
from chat.kernel.doorbell import ALERTS, ring_on_commit
from moderation.models import Assessment, LabelTally, RateAlarm
from moderation.policy import RULES
from moderation.rates import Change, Count, change_from

QUARTER = dt.timedelta(minutes=15)
SETTLING = dt.timedelta(minutes=2)
"""A quarter is counted this long after its end: whoever was writing then has committed."""

TRAILING = dt.timedelta(days=28)
KEPT = dt.timedelta(days=35)
WINDOWS = (dt.timedelta(hours=1), dt.timedelta(hours=24))
"""What is compared with the weeks before: the last hour, and, for what is rare, the last day."""

FOR_SILENCE = (*WINDOWS, dt.timedelta(days=7))
"""What falls silent is looked for over a week too: five a day that stop are no surprise in a day.
Not what grows: one bad day would stand for a week."""

READ = ""
"""The label under which messages read are counted."""

Found = tuple[Change, Count, dt.timedelta]
"""A change, what was counted, and over how long."""


def tally_step() -> int:
    """Count one finished quarter, then look for changes; returns how many were counted."""
    now = clock.now()
    # Counted by a clock that has been set back: those quarters are yet to end.
    LabelTally.objects.filter(quarter__gt=now - QUARTER).delete()
    begun = _next_quarter(now)
    if begun is None:
        return 0
    with transaction.atomic():
        _count(begun)
        LabelTally.objects.filter(quarter__lt=now - KEPT).delete()
        if begun + 2 * QUARTER + SETTLING > now:  # Caught up: it is the present that we judge.
            look_for_changes(begun + QUARTER, now=now)
    return 1


def _next_quarter(now: dt.datetime) -> dt.datetime | None:
    """The oldest quarter that is over and was not counted yet, at most four weeks back."""
    last = LabelTally.objects.filter(label=READ).aggregate(last=Max("quarter"))["last"]
    if last is not None:
        begun = max(last + QUARTER, quarter_of(now - TRAILING))
    else:
        since = now - TRAILING
        found = Assessment.objects.filter(created_at__gt=since).aggregate(first=Min("created_at"))
        begun = quarter_of(found["first"] or now)
    return begun if begun + QUARTER + SETTLING <= now else None


def quarter_of(at: dt.datetime) -> dt.datetime:
    """When the quarter of an hour began that this moment is in."""
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def _count(begun: dt.datetime) -> None:
    counts: Counter[str] = Counter({READ: 0})
    rows = Assessment.objects.filter(created_at__gte=begun, created_at__lt=begun + QUARTER)
    for reasons in rows.values_list("reasons", flat=True).iterator(chunk_size=1000):
        counts[READ] += 1
        counts.update({str(reason["label"]) for reason in reasons if reason.get("label")})
    LabelTally.objects.bulk_create(
        [LabelTally(quarter=begun, label=label, count=count) for label, count in counts.items()],
        ignore_conflicts=True,
    )


def counts_between(start: dt.datetime, end: dt.datetime) -> dict[str, int]:
    """Messages by label that were counted in this time; ``READ`` holds how many were read."""
    rows = LabelTally.objects.filter(quarter__gte=start, quarter__lt=end)
    return dict(rows.values("label").annotate(total=Sum("count")).values_list("label", "total"))


def _changes(end: dt.datetime) -> dict[tuple[str, str], Found]:
    """What changed up to ``end``, by label and kind, over the shortest time in which it shows."""
    found: dict[tuple[str, str], Found] = {}
    for window in FOR_SILENCE:
        began, begun = end - TRAILING, end - window
        middle = began + (begun - began) / 2
        times = ((began, middle), (middle, begun), (begun, end))
        older, newer, recent = (counts_between(*one) for one in times)
        for label in map(str, RULES):
            now = _of(label, recent)
            changed = change_from(_of(label, older), _of(label, newer), now)
            if changed is not None and (changed.kind != "many" or window in WINDOWS):
                found.setdefault((label, changed.kind), (changed, now, window))
    # None says more than few; one banner is enough.
    for label in [label for label, kind in found if kind == "none"]:
        found.pop((label, "few"), None)
    return found


def look_for_changes(end: dt.datetime, *, now: dt.datetime) -> None:
    """Open, renew and end alarms, for each label and each window up to ``end``."""
    found = _changes(end)
    standing = {(a.label, a.kind): a for a in RateAlarm.objects.filter(ended_at__isnull=True)}
    for key, (changed, count, window) in found.items():
        alarm = standing.pop(key, None) or RateAlarm(label=key[0], kind=key[1], began_at=now)
        alarm.observed, alarm.read = count.flagged, count.read
        alarm.expected, alarm.chance = changed.expected, changed.chance
        alarm.over_hours = window.total_seconds() / 3600
        alarm.updated_at = now
        alarm.save()
    if standing:
        ended = [alarm.pk for alarm in standing.values()]
        RateAlarm.objects.filter(pk__in=ended).update(ended_at=now)
    if found or standing:
        ring_on_commit(ALERTS)


def _of(label: str, counts: Mapping[str, int]) -> Count:
    return Count(counts.get(label, 0), counts.get(READ, 0))
