"""Telling everybody who waits where they stand, and for how long it may be."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import F

from chat.actions.help import tell_place
from chat.kernel import clock
from chat.models import HelpRequest, WorkerBeat
from chat.models.beat import PLACES
from chat.states import HelpState
from triage.models import Case, DutyShift
from triage.waiting import wait_range

COUNTED_EVERY: Final = dt.timedelta(seconds=10)
"""How often we write down that we are counting."""

LEARN_FROM: Final = dt.timedelta(hours=24)
LEARN_FROM_CASES: Final = 40
"""How far back recent waits reach: far enough for a quiet night, near enough for tonight."""


def recent_waits(*, now: dt.datetime) -> list[float]:
    """The waits, in minutes, of those picked up lately.

    Without those whom a colleague took over: they were never on the list in between.
    """
    claimed = Case.objects.filter(claimed_at__gt=now - LEARN_FROM).order_by("-claimed_at")
    claimed = claimed.exclude(claimed_at=F("waiting_since"), handed_back_at__isnull=False)
    times = claimed.values_list("waiting_since", "claimed_at")[:LEARN_FROM_CASES]
    waits = [(end - start).total_seconds() / 60 for start, end in times if end is not None]
    return [max(0.0, wait) for wait in waits]  # A clock set back meanwhile makes nobody early.


def tell_places() -> int:
    """Work out every waiting person's place and range; returns how many of them changed.

    Those who did not ask but are being looked for hold their places in the list too, so the
    number is true. Without anybody on duty there is a place and no range.
    """
    now = clock.now()
    requests = {
        request.person_id: request
        for request in HelpRequest.objects.filter(state=HelpState.WAITING)
    }
    if not requests:
        return 0
    _still_counting(now)
    on_duty = DutyShift.objects.on_duty(now=now).count()
    recent = recent_waits(now=now)
    changed = 0
    people = Case.objects.waiting().values_list("person_id", flat=True)
    for place, person_id in enumerate(people.iterator(), start=1):
        request = requests.get(person_id)
        if request is None:
            continue
        likely = wait_range(place=place, on_duty=on_duty, recent=recent)
        changed += tell_place(
            request=request,
            place=place,
            wait_from_minutes=likely[0] if likely else None,
            wait_to_minutes=likely[1] if likely else None,
            nobody_on_duty=on_duty == 0,
        )
    return changed


def _still_counting(now: dt.datetime) -> None:
    """Written before anybody is told, so that nobody reads a new place as an old one."""
    fresh = clock.fresh("at", within=COUNTED_EVERY, now=now)
    if not WorkerBeat.objects.filter(fresh, name=PLACES).exists():
        WorkerBeat.objects.report(PLACES, now=now)
