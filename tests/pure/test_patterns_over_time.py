"""What several messages say together, and that one line never says it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.classifiers.contact import ContactReader
from moderation.classifiers.labels import ALL
from moderation.patterns_over_time import (
    CARRIES,
    HEAVINESS,
    NAMED,
    PART_OF_LABEL,
    PART_OF_RULE,
    RECENT,
    WINDOW,
    Code,
    Line,
    Part,
    PatternSignal,
    heaviness,
    parts_of,
    signals_over,
)
from moderation.policy_over_time import RULES_OVER_TIME, decide_over_time

NOW = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)
STAGES = ("asks_age", "asks_secrecy", "asks_picture", "asks_alone", "offers_gift", "flatters_age")
BEN, FAY = "person:2", "person:3"


def line(number: int, *towards: str, hours: float = 0.0, rule: str = "", **scores: float) -> Line:
    """To Ben, unless it may be meant for others."""
    rules = frozenset({rule}) if rule else frozenset()
    return Line(number, NOW - dt.timedelta(hours=hours), towards or (BEN,), scores, rules)


def codes(lines: list[Line], now: dt.datetime = NOW) -> set[Code]:
    return {signal.code for signal in signals_over(lines, now=now)}


def by_key(signals: tuple[PatternSignal, ...]) -> dict[tuple[Code, str], PatternSignal]:
    return {(signal.code, signal.towards): signal for signal in signals}


scores = st.dictionaries(
    st.sampled_from([*map(str, ALL), *STAGES]), st.floats(0.0, 1.0), max_size=4
)
ages = st.floats(0.0, 24.0 * 20)


@st.composite
def histories(draw: st.DrawFn, largest: int = 12) -> list[Line]:
    count = draw(st.integers(0, largest))
    return [
        Line(
            number,
            NOW - dt.timedelta(hours=draw(ages)),
            draw(st.sampled_from([(BEN,), (FAY,), (BEN, FAY), ("thread:9",)])),
            draw(scores),
            draw(st.sampled_from([frozenset(), frozenset({"meet_up"}), frozenset({"email"})])),
        )
        for number in range(1, count + 1)
    ]


APPROACHES = set(Code) - {Code.RISING_DISTRESS}


@given(histories(), scores, ages, st.sampled_from([BEN, FAY]))
def test_one_more_message_never_takes_an_approach_away(
    history: list[Line], more: dict[str, float], hours: float, towards: str
) -> None:
    extra = Line(99, NOW - dt.timedelta(hours=hours), (towards,), more)
    before = by_key(signals_over(history, now=NOW))
    after = by_key(signals_over([*history, extra], now=NOW))
    for key, signal in before.items():
        if signal.code in APPROACHES:
            assert after[key].score >= signal.score - 1e-9


@given(histories(), st.floats(0.35, 1.0))
def test_one_more_heavy_message_now_never_takes_rising_distress_away(
    history: list[Line], heavy: float
) -> None:
    # The newest message moves the point of comparison, so it is added where the newest one is.
    newest = max((one.at for one in history), default=NOW)
    with_newest = [*history, Line(98, newest, (BEN,), {"ideation": 0.9})]
    extra = Line(99, newest, (BEN,), {"ideation": heavy})
    before = by_key(signals_over(with_newest, now=NOW)).get((Code.RISING_DISTRESS, ""))
    after = by_key(signals_over([*with_newest, extra], now=NOW)).get((Code.RISING_DISTRESS, ""))
    if before is not None:
        assert after is not None
        assert after.score >= before.score - 1e-9


@given(histories(), st.lists(scores, max_size=5))
def test_what_lies_before_the_window_changes_nothing(
    history: list[Line], old: list[dict[str, float]]
) -> None:
    older = [
        Line(200 + n, NOW - WINDOW - dt.timedelta(minutes=1 + n), (BEN,), given)
        for n, given in enumerate(old)
    ]
    assert signals_over([*history, *older], now=NOW) == signals_over(history, now=NOW)


@given(histories(), st.floats(0.0, 24.0 * 30))
def test_time_alone_only_lets_a_signal_fade(history: list[Line], hours: float) -> None:
    before = by_key(signals_over(history, now=NOW))
    later = by_key(signals_over(history, now=NOW + dt.timedelta(hours=hours)))
    for key, signal in later.items():
        if signal.code in APPROACHES:
            assert signal.score <= before[key].score + 1e-9
    if hours > WINDOW.total_seconds() / 3600:
        assert not later


@given(scores, st.sampled_from([frozenset(), frozenset({"meet_up", "where_live"})]))
def test_one_line_alone_says_nothing(given_scores: dict[str, float], rules: frozenset[str]) -> None:
    assert signals_over([Line(1, NOW, (BEN,), given_scores, rules)], now=NOW) == ()


@given(histories())
def test_every_signal_names_the_messages_it_rests_on(history: list[Line]) -> None:
    lines = {one.message_id: one for one in history}
    for signal in signals_over(history, now=NOW):
        assert len({e.message_id for e in signal.evidence}) >= 2
        assert 0.0 < signal.score <= 1.0
        for evidence in signal.evidence:
            origin = lines[evidence.message_id]
            assert evidence.at == origin.at
            assert signal.towards in ("", *origin.towards)
            assert evidence.others == (len(origin.towards) - 1 if signal.towards else 0)
            assert evidence.part in parts_of(origin) or (
                evidence.part == Part.DISTRESS
                and any(origin.scores.get(label, 0.0) >= 0.35 for label in HEAVINESS)
            )
        if signal.code in (Code.CONTACT_REPEATED, Code.CONTACT_SPREAD):
            everything = {
                one.message_id
                for one in history
                if one.at >= NOW - WINDOW
                and Part.CONTACT in parts_of(one)
                and signal.towards in ("", *one.towards)
            }
            assert {e.message_id for e in signal.evidence} == everything


@given(histories())
def test_the_order_in_which_messages_come_out_of_the_database_changes_nothing(
    history: list[Line],
) -> None:
    assert signals_over(history[::-1], now=NOW) == signals_over(history, now=NOW)


@given(scores)
def test_what_carries_nothing_adds_nothing(given_scores: dict[str, float]) -> None:
    if not any(given_scores.get(label, 0.0) >= least for label, least, _ in CARRIES):
        one = Line(1, NOW, (BEN,), given_scores)
        assert (parts_of(one), heaviness(one)) == ({}, 0.0)


@pytest.mark.parametrize("words", ["where do u live", "wanna meet up in town"])
def test_a_rule_that_is_a_part_raises_the_label_that_is_looked_for(words: str) -> None:
    (signals,) = ContactReader().read([words])
    (found,) = [signal for signal in signals if signal.rule in PART_OF_RULE]
    assert found.score >= PART_OF_LABEL[found.label][1]


def test_age_then_secrecy_to_the_same_person_is_a_pattern() -> None:
    story = [line(1, hours=5, asks_age=0.9), line(2, hours=1, asks_secrecy=0.9)]
    (found,) = [s for s in signals_over(story, now=NOW) if s.code == Code.GROOMING]
    assert found.towards == BEN
    assert [(e.message_id, e.part) for e in found.evidence] == [(1, Part.AGE), (2, Part.SECRECY)]


def test_the_same_words_to_two_people_are_not_one_story() -> None:
    story = [line(1, BEN, asks_age=0.9), line(2, FAY, asks_secrecy=0.9)]
    assert Code.GROOMING not in codes(story)


def test_whom_it_comes_back_to_stands_out_among_those_who_may_be_meant() -> None:
    story = [
        line(1, BEN, FAY, hours=2, asks_age=0.9),
        line(2, "person:4", BEN, hours=1, asks_secrecy=0.9),
    ]
    (found,) = signals_over(story, now=NOW)
    assert (found.code, found.towards) == (Code.GROOMING, BEN)
    assert [evidence.others for evidence in found.evidence] == [1, 1]


def test_where_many_may_be_meant_some_are_named_the_likeliest_first() -> None:
    many = [f"person:{number}" for number in range(30, 1, -1)]
    story = [line(1, *many, asks_age=0.9), line(2, *many, asks_secrecy=0.9)]
    found = signals_over(story, now=NOW)
    assert {signal.towards for signal in found} == set(many[:NAMED])
    assert {evidence.others for signal in found for evidence in signal.evidence} == {28}


def test_whoever_is_surely_meant_is_named_beside_those_who_may_be() -> None:
    many = [f"person:{number}" for number in range(10, 20)]
    story = [
        line(1, *many, BEN, asks_age=0.9),
        line(2, *many, BEN, asks_secrecy=0.9),
        line(3, BEN, asks_age=0.9),
    ]
    found = {signal.towards for signal in signals_over(story, now=NOW)}
    assert BEN in found
    assert len(found) == NAMED + 1


def test_one_person_who_may_be_meant_each_time_is_not_several() -> None:
    story = [line(n, BEN, f"person:{n + 10}", contact_move=0.9) for n in range(1, 5)]
    found = codes(story)
    assert Code.CONTACT_REPEATED in found
    assert Code.CONTACT_SPREAD not in found


def test_parts_in_one_message_only_are_not_a_pattern() -> None:
    assert codes([line(1, asks_age=0.9, asks_secrecy=0.9, asks_picture=0.9)]) == set()


def test_near_misses_that_no_single_reading_would_hold_add_up() -> None:
    story = [line(n, hours=n, contact_move=0.55, grooming=0.45) for n in range(1, 6)]
    assert {Code.GROOMING, Code.CONTACT_REPEATED} & codes(story)


def test_friends_who_ask_each_others_age_twice_are_left_alone() -> None:
    assert codes([line(1, asks_age=0.9), line(2, asks_age=0.9)]) == set()


def test_asking_many_people_for_contact_shows_even_if_each_is_asked_once() -> None:
    story = [line(n, f"person:{n}", contact_move=0.9) for n in range(1, 5)]
    found = codes(story)
    assert Code.CONTACT_SPREAD in found
    assert Code.CONTACT_REPEATED not in found


def test_telling_of_oneself_and_asking_to_keep_it_quiet_draws_nobody_away() -> None:
    story = [
        line(1, hours=3, asks_secrecy=0.9, self_harm=0.8),
        line(2, hours=2, asks_secrecy=0.9, distress=0.9),
        line(3, hours=1, asks_age=0.9),
    ]
    assert codes(story) & {Code.GROOMING, Code.SECRECY_ASKING} == set()


def test_days_that_get_heavier_show_and_a_steady_sadness_does_not() -> None:
    rising = [line(n, "thread:1", hours=8 * n, distress=0.7) for n in range(1, 5)]
    assert Code.RISING_DISTRESS in codes(rising)
    steady = [line(n, "thread:1", hours=8 * n, distress=0.7) for n in range(1, 40)]
    assert Code.RISING_DISTRESS not in codes(steady)


def test_distress_that_ended_days_ago_is_not_rising() -> None:
    rising = [line(n, hours=n, ideation=0.9) for n in range(1, 5)]
    assert Code.RISING_DISTRESS in codes(rising)
    assert Code.RISING_DISTRESS not in codes(rising, NOW + RECENT)


def test_how_somebody_got_better_and_fear_for_a_friend_are_not_heavier_days() -> None:
    told = [
        line(1, hours=3, self_harm=0.8, past_or_recovery=0.9),
        line(2, hours=2, ideation=0.9, worried_about_friend=0.95),
        line(3, hours=1, intent_or_plan=0.6, past_or_recovery=0.85),
    ]
    assert codes(told) == set()


@pytest.mark.parametrize(
    "own",
    [
        line(1, ideation=0.9),
        line(1, ideation=0.9, past_or_recovery=0.7),
        line(1, ideation=0.9, worried_about_friend=0.5),
        line(1, ideation=0.995, past_or_recovery=0.9),
        line(1, ideation=0.992, worried_about_friend=0.999),
        line(1, method_seeking=0.9, past_or_recovery=0.9),
        replace(line(1, ideation=0.9, past_or_recovery=0.9), outright=True),
        replace(line(1, ideation=0.9, worried_about_friend=0.95), outright=True),
    ],
)
def test_somebodys_own_danger_counts_beside_the_past_and_a_friend(own: Line) -> None:
    days = [replace(own, message_id=number) for number in range(1, 4)]
    assert codes(days) == {Code.RISING_DISTRESS}


def test_who_tells_of_the_past_and_asks_to_keep_it_quiet_draws_nobody_away() -> None:
    told = [
        line(1, hours=2, asks_secrecy=0.9, self_harm=0.8, past_or_recovery=0.9),
        line(2, hours=1, asks_age=0.9),
    ]
    assert codes(told) == set()


@pytest.mark.parametrize(
    ("code", "about", "urgency", "review"),
    [
        (Code.GROOMING, "the_other", "urgent", True),
        (Code.CONTACT_REPEATED, "nobody", "", True),
        (Code.CONTACT_SPREAD, "nobody", "", True),
        (Code.AGE_ASKING, "nobody", "", False),
        (Code.SECRECY_ASKING, "nobody", "", False),
        (Code.RISING_DISTRESS, "writer", "soon", False),
    ],
)
def test_what_follows_from_each_pattern(code: Code, about: str, urgency: str, review: bool) -> None:
    (verdict,) = decide_over_time([PatternSignal(code, 0.8, ())])
    assert (verdict.case_about, verdict.urgency, verdict.review) == (about, urgency, review)


def test_every_pattern_has_a_rule_and_the_youngest_are_answered_sooner() -> None:
    assert set(RULES_OVER_TIME) == set(Code)
    (verdict,) = decide_over_time(
        [PatternSignal(Code.RISING_DISTRESS, 0.8, ())], author_age_band="11-13"
    )
    assert verdict.urgency == "urgent"
