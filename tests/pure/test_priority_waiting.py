"""The wait we tell people: a range that is honest, or none at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.waiting import FEW, USUAL_MINUTES, quantile, wait_range

waits = st.lists(st.floats(min_value=0, max_value=600), max_size=40)
places = st.integers(min_value=1, max_value=60)
teams = st.integers(min_value=1, max_value=12)


@given(places, teams, waits)
def test_a_range_is_never_empty_and_never_promises_no_wait(
    place: int, on_duty: int, recent: list[float]
) -> None:
    likely = wait_range(place=place, on_duty=on_duty, recent=recent)
    assert likely is not None
    assert 1 <= likely[0] < likely[1]


@given(places, teams, waits)
def test_further_back_is_never_sooner(place: int, on_duty: int, recent: list[float]) -> None:
    here = wait_range(place=place, on_duty=on_duty, recent=recent)
    behind = wait_range(place=place + 1, on_duty=on_duty, recent=recent)
    assert here is not None
    assert behind is not None
    assert here[0] <= behind[0]
    assert here[1] <= behind[1]


@given(places, waits)
def test_with_nobody_on_duty_there_is_no_number(place: int, recent: list[float]) -> None:
    assert wait_range(place=place, on_duty=0, recent=recent) is None


def test_with_few_recent_waits_the_range_is_the_usual_one() -> None:
    few = [100.0] * (FEW - 1)
    assert wait_range(place=1, on_duty=1, recent=few) == USUAL_MINUTES


def test_the_range_is_learned_from_recent_waits_and_grows_by_rounds() -> None:
    recent = [4.0, 4.0, 5.0, 6.0, 8.0, 12.0]
    assert wait_range(place=1, on_duty=2, recent=recent) == (4, 10)
    assert wait_range(place=2, on_duty=2, recent=recent) == (4, 10)
    assert wait_range(place=3, on_duty=2, recent=recent) == (9, 18)


def test_over_many_rounds_short_and_long_waits_even_out() -> None:
    """Thirteen turns in a row are seldom all of the longest kind, nor all of the shortest."""
    recent = [4.0, 4.0, 5.0, 6.0, 8.0, 12.0]
    assert wait_range(place=13, on_duty=1, recent=recent) == (65, 90)


def test_a_long_wait_is_not_told_to_the_minute() -> None:
    likely = wait_range(place=4, on_duty=1, recent=[7.0, 8.0, 9.0, 9.0, 11.0])
    assert likely is not None
    assert [minutes % 5 for minutes in likely] == [0, 0]


def test_while_little_is_known_the_range_stays_wide() -> None:
    assert wait_range(place=4, on_duty=1, recent=[]) == (8, 40)


@pytest.mark.parametrize(("share", "value"), [(0, 1.0), (0.5, 2.5), (1, 4.0)])
def test_a_quantile_is_interpolated(share: float, value: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == value
