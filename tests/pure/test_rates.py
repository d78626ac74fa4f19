"""When a rate has changed, and how sure a share is: against values known from elsewhere."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.rates import CHANCE, TIMES, Count, at_least, at_most, change, change_from, wilson


@given(st.integers(0, 60), st.integers(1, 60), st.integers(1, 99))
def test_the_tail_is_the_binomial_tail_in_exact_fractions(k: int, n: int, percent: int) -> None:
    share = Fraction(percent, 100)
    exact = sum(comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k, n + 1))
    assert at_least(k, n, percent / 100) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)


def test_ten_times_as_many_is_an_alarm_only_when_it_cannot_be_chance() -> None:
    before = Count(100, 100_000)
    found = change(Count(12, 1_000), before)
    assert found is not None
    assert (found.kind, found.expected) == ("many", pytest.approx(1.0))
    assert found.chance < CHANCE
    assert change(Count(1, 100), before) is None  # Ten times, and one message.
    assert change(Count(9, 1_000), before) is None  # Nine times.


def test_nothing_at_all_is_an_alarm_only_where_something_was_to_be_expected() -> None:
    found = change(Count(0, 2_000), Count(1_000, 100_000))
    assert found is not None
    assert found.kind == "none"
    assert change(Count(0, 200), Count(1_000, 100_000)) is None
    assert change(Count(0, 2_000), Count(0, 100_000)) is None


def test_a_label_never_seen_before_alarms_once_it_is_seen_often() -> None:
    assert change(Count(1, 1_000), Count(0, 100_000)) is None
    found = change(Count(5, 1_000), Count(0, 100_000))
    assert found is not None
    assert found.kind == "many"


def test_without_anything_to_compare_there_is_no_alarm() -> None:
    assert change(Count(0, 0), Count(5, 100)) is None
    assert change(Count(50, 100), Count(0, 0)) is None


@given(st.integers(0, 500), st.integers(1, 5_000), st.integers(0, 500), st.integers(1, 50_000))
def test_an_alarm_is_always_ten_times_or_a_tenth_and_beyond_chance(
    flagged: int, read: int, old: int, old_read: int
) -> None:
    now, before = Count(min(flagged, read), read), Count(min(old, old_read), old_read)
    found = change(now, before)
    if found is not None:
        assert 0.0 <= found.chance < CHANCE
        # Some, and far fewer than usual, is as much of a change as far more.
        if found.kind == "many":
            assert now.rate >= TIMES * before.rate
        else:
            assert now.rate * TIMES <= before.rate
            assert (found.kind == "none") == (now.flagged == 0)


def test_hardly_any_is_an_alarm_too() -> None:
    found = change(Count(1, 50_000), Count(1_000, 100_000))
    assert found is not None
    assert (found.kind, found.expected) == ("few", pytest.approx(500.0))
    assert change(Count(60, 50_000), Count(1_000, 100_000)) is None  # More than a tenth.
    assert change(Count(1, 1_000), Count(1_000, 100_000)) is None  # A tenth, and easily chance.


@given(st.integers(0, 60), st.integers(1, 60), st.integers(1, 99))
def test_the_other_tail_is_the_rest(k: int, n: int, percent: int) -> None:
    share = Fraction(percent, 100)
    exact = sum(comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(min(k, n) + 1))
    assert at_most(k, n, percent / 100) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("hours", [1, 24, 168])
@pytest.mark.parametrize("together", [1, 3, 10, 15, 30, 60, 100, 300])
def test_where_nothing_changed_an_alarm_is_as_rare_as_is_said(hours: int, together: int) -> None:
    """So many in four weeks, spread by chance alone: those of one window in which it alarms."""
    part, whole = hours * 100, 672 * 100
    share = part / whole
    alarms = {
        k: found.kind
        for k in range(together + 1)
        if (found := change(Count(k, part), Count(together - k, whole - part)))
    }
    up = sum(binomial(k, together, share) for k, kind in alarms.items() if kind == "many")
    down = sum(binomial(k, together, share) for k, kind in alarms.items() if kind != "many")
    assert up <= CHANCE
    assert down <= CHANCE


def binomial(k: int, n: int, share: float) -> float:
    return float(comb(n, k) * share**k * (1 - share) ** (n - k))


def test_after_a_raid_an_ordinary_day_is_not_few() -> None:
    calm, raid, day = Count(65, 13_500), Count(2_065, 15_500), Count(5, 1_000)
    assert change(day, Count(2_130, 29_000)) is not None
    assert change_from(calm, raid, day) is None
    assert change_from(raid, calm, day) is None
    gone = change_from(Count(1_000, 14_000), Count(1_000, 14_000), Count(2, 1_000))
    assert gone is not None
    assert gone.kind == "few"


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilsons_interval_matches_the_published_values(
    hits: int, of: int, low: float, high: float
) -> None:
    found = wilson(hits, of)
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_a_share_of_nothing_is_refused_and_few_are_marked_as_few() -> None:
    with pytest.raises(ValueError, match="share"):
        wilson(0, 0)
    assert wilson(3, 9).small
    assert not wilson(3, 10).small
