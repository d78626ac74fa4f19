"""Everybody who waits is told where they stand, and nothing is made up."""

from __future__ import annotations

import pytest
from django.utils import timezone

from chat.kernel import clock
from chat.models import HelpRequest, User
from chat.realtime.own_state import person_state
from chat.templatetags import lantern
from tests.triage import house
from triage.actions.cases import claim_case, hand_back_case
from triage.intake import intake_step
from triage.models import Case
from triage.places import recent_waits, tell_places
from triage.waiting import USUAL_MINUTES

pytestmark = pytest.mark.django_db


def told(person: User) -> tuple[int | None, int | None, int | None, bool]:
    request = HelpRequest.objects.get(person=person)
    return (
        request.place,
        request.wait_from_minutes,
        request.wait_to_minutes,
        request.nobody_on_duty,
    )


def test_with_nobody_on_duty_there_is_a_place_and_no_number() -> None:
    ada = house.young()
    house.ask(ada)
    intake_step()
    assert told(ada) == (1, None, None, True)


def test_when_somebody_comes_on_duty_everybody_gets_a_range() -> None:
    ada = house.young()
    house.ask(ada)
    intake_step()
    house.cleo()
    intake_step()
    assert told(ada) == (1, *map(int, USUAL_MINUTES), False)


def test_people_move_up_when_somebody_is_picked_up_or_more_urgent_ones_come() -> None:
    cleo, ada, ben = house.cleo(), house.young(), house.young("Ben")
    house.ask(ada)
    house.ask(ben)
    intake_step()
    assert (told(ada)[0], told(ben)[0]) == (1, 2)
    house.assess(house.post(house.young("Danger")), "immediate")
    intake_step()
    assert (told(ada)[0], told(ben)[0]) == (2, 3)
    case = Case.objects.get(person=ada)
    claim_case(case_id=case.pk, by=cleo)
    intake_step()
    assert (told(ada)[0], told(ben)[0]) == (None, 2)
    hand_back_case(case_id=case.pk, by=cleo)
    intake_step()
    assert (told(ada)[0], told(ben)[0]) == (1, 3)


def test_the_range_is_learned_from_those_picked_up_lately() -> None:
    cleo = house.cleo()
    for n in range(6):
        case = house.waiting_case(f"Before {n}")
        with house.later(minutes=20):
            claim_case(case_id=case.pk, by=cleo)
    ada = house.young()
    house.ask(ada)
    with house.later(minutes=21):
        assert len(recent_waits(now=house.clock.now())) == 6
        intake_step()
    _, low, high, _ = told(ada)
    assert (low, high) in {(20, 25), (19, 25)}


def test_a_count_that_nobody_renews_is_told_with_its_time() -> None:
    house.cleo()
    ada = house.young()
    house.ask(ada)
    intake_step()
    counted = clock.now()
    assert wait_words(ada).startswith("Most likely")
    with house.later(minutes=3):
        at = timezone.localtime(counted).strftime("%H:%M")
        assert (
            wait_words(ada) == f"We last counted at {at}, so this may be old. We keep your place."
        )
        intake_step()
        assert wait_words(ada).startswith("Most likely")


def wait_words(person: User) -> str:
    """What the person's page says about how long it will take."""
    view = person_state(person).help
    assert view is not None
    return lantern.wait_words(view)


def test_nothing_is_said_twice() -> None:
    house.cleo()
    house.ask(house.young())
    intake_step()
    assert tell_places() == 0
