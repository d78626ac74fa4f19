"""How the candidate in the shadow is at this moment, told by its worker and read by a page.

Rows of comparisons stay long after whatever made them has gone, so they cannot say what runs now.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from chat.kernel import clock
from chat.models import WorkerBeat
from chat.models.beat import SHADOW

GONE_AFTER: Final = dt.timedelta(minutes=5)
"""A step can take long, above all the first, which loads a model. After this nobody is there."""

RUNS: Final = "runs "
BROKEN: Final = "broken "
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class ShadowState:
    """``key`` names the candidate that reads now. ``broken`` says why the one asked for cannot.

    Both are empty where nothing runs.
    """

    key: str = ""
    broken: str = ""


def report_shadow(state: ShadowState, *, now: dt.datetime) -> None:
    """Say how the candidate is; one that is broken in part is broken."""
    detail = BROKEN + state.broken if state.broken else RUNS + state.key
    WorkerBeat.objects.report(SHADOW, now=now, detail=detail[:LONGEST])


def forget_shadow() -> None:
    """Nothing is asked for any more."""
    WorkerBeat.objects.filter(name=SHADOW).delete()


def shadow_state(now: dt.datetime) -> ShadowState:
    """What the worker said last, if that was lately."""
    beat = WorkerBeat.objects.filter(name=SHADOW).first()
    if beat is None or not clock.is_fresh(beat.at, within=GONE_AFTER, now=now):
        return ShadowState()
    if beat.detail.startswith(BROKEN):
        return ShadowState(broken=beat.detail.removeprefix(BROKEN))
    return ShadowState(key=beat.detail.removeprefix(RUNS))
