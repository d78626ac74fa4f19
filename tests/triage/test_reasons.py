"""Each reason at its own urgency, and said once however many readers gave it."""

from __future__ import annotations

import pytest

from tests.triage import house
from triage.sources import signs_of
from triage.states import BANDS, Band
from triage.templatetags.triage import together

pytestmark = pytest.mark.django_db

PLAN = {**house.REASON, "code": "intent_or_plan", "label": "intent_or_plan", "words": "A plan"}
EATING = {**house.REASON, "code": "eating_disorder", "label": "eating_disorder", "words": "Eating"}
DISTRESS = {**house.REASON, "code": "distress", "label": "distress", "words": "A hard time"}


def bands(urgency: str, *reasons: dict[str, object]) -> list[Band]:
    reading = house.assess(house.post(house.young()), urgency, reasons)
    return [sign.band for sign in signs_of(reading)]


def test_a_hard_time_beside_a_plan_is_not_called_now() -> None:
    found = bands("immediate", PLAN, house.REASON, EATING, DISTRESS)
    assert found == [Band.IMMEDIATE, Band.URGENT, Band.SOON, Band.SOON]


@pytest.mark.parametrize("urgency", [band.value for band in BANDS])
@pytest.mark.parametrize("reason", [PLAN, house.REASON, EATING, DISTRESS])
def test_the_reasons_together_are_as_soon_as_the_reading(
    urgency: str, reason: dict[str, object]
) -> None:
    """Also where the policy knew more than its table says, and never sooner than it said."""
    found = bands(urgency, reason, DISTRESS)
    assert min(found, key=BANDS.index) == urgency


def test_two_readers_who_say_the_same_are_one_sentence() -> None:
    here = "in a post in Night owls"
    rows = [
        {"words": "w", "source": f"the language model, {here}", "band": "soon", "times": 1},
        {"words": "w", "source": f"the crisis phrases, {here}", "band": "urgent", "times": 3},
        {"words": "other", "source": "their own request", "band": "urgent", "times": 1},
    ]
    one, other = together(rows)
    assert one["source"] == f"seen by two readers, {here}"
    assert (one["band"], one["times"]) == (Band.URGENT, 3)
    assert other == rows[2]
