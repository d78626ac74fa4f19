"""Who is answered first: decided without a clock, a database or a score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.priority import AIM_MINUTES, ASKED, TOOK_BACK, History, Sign, rank, soonest
from triage.states import BANDS, CASE_MOVES, OUTCOMES_OF_A_TALK, Band, CaseStatus, Outcome

bands = st.sampled_from(BANDS)
signs = st.lists(
    st.builds(Sign, words=st.text(min_size=1), source=st.text(min_size=1), band=bands), max_size=6
)
histories = st.builds(
    History,
    handed_back=st.booleans(),
    hours_since_talk=st.none() | st.floats(min_value=0, max_value=10_000),
)
minutes = st.floats(min_value=0, max_value=100_000)


def place(band: Band) -> int:
    return BANDS.index(band)


@given(signs, st.booleans(), histories, minutes)
def test_every_place_has_a_reason_with_its_source_and_says_what_would_change_it(
    found: list[Sign], asked: bool, history: History, waited: float
) -> None:
    priority = rank(found, asked_for_help=asked, history=history, waited_minutes=waited)
    assert priority.reasons
    assert all(reason.words and reason.source for reason in priority.reasons)
    assert priority.what_would_change
    assert priority.answer_by_minutes == AIM_MINUTES[priority.band]
    assert priority.band == soonest(reason.band for reason in priority.reasons)


@given(signs, st.booleans(), histories, minutes)
def test_asking_for_help_is_at_least_urgent_whatever_else_is_known(
    found: list[Sign], asked: bool, history: History, waited: float
) -> None:
    priority = rank(found, asked_for_help=True, history=history, waited_minutes=waited)
    assert place(priority.band) <= place(Band.URGENT)


@given(signs, signs, st.booleans(), histories, minutes, minutes)
def test_knowing_more_or_waiting_longer_never_moves_anybody_back(
    found: list[Sign],
    more: list[Sign],
    asked: bool,
    history: History,
    waited: float,
    longer: float,
) -> None:
    before = rank(found, asked_for_help=asked, history=history, waited_minutes=waited)
    after = rank(
        [*found, *more], asked_for_help=asked, history=history, waited_minutes=waited + longer
    )
    assert after.rank <= before.rank
    assert after.answer_by_minutes <= before.answer_by_minutes
    assert set(before.reasons) - set(after.reasons) <= {before.reasons[0]}


@given(signs, st.booleans(), minutes)
def test_somebody_handed_back_goes_before_everybody_else(
    found: list[Sign], asked: bool, waited: float
) -> None:
    back = rank(found, asked_for_help=asked, history=History(handed_back=True))
    other = rank(found, asked_for_help=asked, waited_minutes=waited)
    assert back.rank == 0 < other.rank


@given(signs, st.booleans(), histories, minutes)
def test_working_a_place_out_again_from_its_own_reasons_changes_nothing(
    found: list[Sign], asked: bool, history: History, waited: float
) -> None:
    once = rank(found, asked_for_help=asked, history=history, waited_minutes=waited)
    again = rank(once.reasons, asked_for_help=asked, history=history, waited_minutes=waited)
    assert again == once


@pytest.mark.parametrize(
    ("waited", "band"), [(0, Band.SOON), (29.9, Band.SOON), (30, Band.URGENT), (600, Band.URGENT)]
)
def test_half_an_hour_of_waiting_brings_a_place_forward(waited: float, band: Band) -> None:
    assert rank([Sign("w", "s", Band.SOON)], waited_minutes=waited).band == band


@pytest.mark.parametrize(
    ("hours", "band"), [(0, Band.URGENT), (23.9, Band.URGENT), (24, Band.SOON)]
)
def test_coming_back_within_a_day_brings_a_place_forward(hours: float, band: Band) -> None:
    found = [Sign("w", "s", Band.SOON)]
    assert rank(found, history=History(hours_since_talk=hours)).band == band


@pytest.mark.parametrize("sign", [Sign("w", "s", band) for band in BANDS])
def test_a_request_taken_back_leaves_everybody_where_they_were(sign: Sign) -> None:
    asked, took_back = rank([ASKED, sign]), rank([TOOK_BACK, sign])
    assert (asked.band, asked.rank) == (took_back.band, took_back.rank)


def test_clinicians_close_with_every_outcome_but_the_one_that_is_the_persons() -> None:
    assert set(OUTCOMES_OF_A_TALK) == set(Outcome) - {Outcome.WITHDRAWN}


def test_no_band_says_that_somebody_can_be_left() -> None:
    assert [band.value for band in Band] == ["immediate", "urgent", "soon"]
    assert sorted(AIM_MINUTES.values()) == [AIM_MINUTES[band] for band in BANDS]


def test_a_case_ends_with_somebody_who_was_there_or_by_its_own_person() -> None:
    """Who may close a waiting case is for the action and the database: ``test_giving_up``."""
    assert CASE_MOVES[CaseStatus.WAITING] == {CaseStatus.WITH_CLINICIAN, CaseStatus.CLOSED}
    assert CaseStatus.CLOSED in CASE_MOVES[CaseStatus.WITH_CLINICIAN]
    assert not CASE_MOVES[CaseStatus.CLOSED]
    assert set(CASE_MOVES) == set(CaseStatus)
