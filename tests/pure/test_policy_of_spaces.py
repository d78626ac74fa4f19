"""What a space may decide for itself, and what none may."""

from dataclasses import replace

from hypothesis import given

from moderation.classifiers.base import Reading
from moderation.classifiers.labels import Label
from moderation.policy import (
    URGENCIES,
    PolicyContext,
    Strictness,
    decide,
    strictness_of,
)
from tests.pure.test_policy import contexts, reading, readings, seen, spaces


def test_a_space_can_hold_everything_for_a_person():
    verdict = decide(reading(), PolicyContext("forum", premoderated=True))

    assert (verdict.action, verdict.notice) == ("hold", "held_for_person")
    assert [reason.code for reason in verdict.reasons] == ["premoderated"]


@given(readings, contexts, spaces)
def test_no_space_can_be_made_blind_to_a_person(
    found: Reading, context: PolicyContext, space: Strictness
):
    usual = decide(found, replace(context, space=Strictness()))
    own = decide(found, replace(context, space=space))

    assert own.open_case >= usual.open_case
    assert own.offer_door >= usual.offer_door
    assert URGENCIES.index(own.urgency) <= URGENCIES.index(usual.urgency)
    if usual.harm == "danger":
        assert (own.harm, own.action) == ("danger", usual.action)


def test_a_space_for_the_youngest_shows_ways_to_meet_outside_to_a_person_sooner():
    young = PolicyContext("forum", space=strictness_of("|11-13|14-15|"))
    older = PolicyContext("forum", space=strictness_of("|14-15|16-17|"))
    asking = reading(seen(Label.CONTACT_MOVE, 0.6))

    assert decide(asking, older).action == "publish"
    verdict = decide(asking, young)
    assert (verdict.action, verdict.notice) == ("hold", "contact_details")
    # The page shows the score beside what it was measured against.
    assert (verdict.reasons[0].score, verdict.reasons[0].threshold) == (0.6, 0.5)


def test_a_space_can_be_made_milder_only_with_its_own_room():
    mild = PolicyContext("forum", space=Strictness({Label.INSULT: 0.95, Label.IDEATION: 1.0}))

    assert decide(reading(seen(Label.INSULT, 0.9)), mild).action == "publish"
    assert decide(reading(seen(Label.IDEATION, 0.96)), mild).action == "hold"
