"""What a lost ring did not tell is found by comparing marks: they must say the same thing twice."""

from __future__ import annotations

import pytest

from chat.actions.conversations import join_talk, leave_talk, open_talk
from chat.actions.help import tell_place
from chat.models import User, WorkerBeat
from chat.models.beat import PLACES
from chat.realtime import own_state
from chat.realtime.standing import mark_of, read_marks
from tests.cast import Cast
from tests.conftest import Hands


def both(user: User) -> tuple[int, int]:
    """The mark of what the person was told, and the mark read from rows."""
    fresh = User.objects.get(pk=user.pk)
    return mark_of(fresh, own_state.person_state(fresh)), read_marks([fresh.pk])[fresh.pk]


@pytest.mark.django_db
def test_both_ways_of_marking_agree_and_every_change_shows(cast: Cast) -> None:
    seen = []

    def look() -> None:
        told, read = both(cast.ada)
        assert told == read
        seen.append(read)

    look()
    talk = open_talk(person=cast.ada, by=cast.ada)
    look()
    request = cast.asks_for_help(cast.ada)
    look()
    tell_place(
        request=request, place=2, wait_from_minutes=5, wait_to_minutes=9, nobody_on_duty=False
    )
    look()
    join_talk(talk=talk, user=cast.cleo)
    look()
    leave_talk(talk=talk, user=cast.cleo)
    join_talk(talk=talk, user=cast.dan)
    look()
    User.objects.filter(pk=cast.ada.pk).update(role="moderator")
    look()

    assert len(set(seen)) == len(seen)


@pytest.mark.django_db
def test_an_open_page_is_told_when_nobody_counts_any_more(cast: Cast, hands: Hands) -> None:
    request = cast.asks_for_help(cast.ada)
    WorkerBeat.objects.report(PLACES, now=hands.now)
    tell_place(
        request=request, place=2, wait_from_minutes=5, wait_to_minutes=9, nobody_on_duty=False
    )
    fresh = both(cast.ada)
    hands.forward(minutes=3)
    old = both(cast.ada)
    assert fresh[0] == fresh[1] != old[0] == old[1]


@pytest.mark.django_db
def test_marks_of_many_people_take_no_more_queries_than_of_one(
    cast: Cast, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for user in (cast.ada, cast.ben, cast.sal):
        open_talk(person=user, by=user)
        cast.asks_for_help(user)
    with django_assert_num_queries(6):  # type: ignore[operator]
        marks = read_marks([cast.ada.pk, cast.ben.pk, cast.sal.pk, cast.eve.pk])
    assert len(set(marks.values())) == 4


@pytest.mark.django_db
def test_whoever_was_shut_out_has_no_mark(cast: Cast) -> None:
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert cast.ben.pk not in read_marks([cast.ben.pk, cast.ada.pk])
