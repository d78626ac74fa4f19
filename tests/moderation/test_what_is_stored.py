"""What is kept of a reading for looking back over messages: the writer's own, and of now."""

from __future__ import annotations

import datetime as dt

import pytest

from moderation.actions.assessments import scores_as_json
from moderation.classifiers.base import ENCODER, PATTERNS, Reading, Signal
from moderation.classifiers.labels import DANGER, Label
from moderation.classifiers.patterns import PatternReader
from moderation.patterns_over_time import Code, Line, heaviness, signals_over

NOW = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)
READER = PatternReader()

OTHERS = {
    "recovery": [
        "i used to cut myself but im two years clean",
        "when i was 14, i tried to kill myself",
        "i cut myself years ago",
    ],
    "friend": [
        "my friend says shes going to kill herself tonight",
        "my friend tried to kill herself years ago",
        "my best friend wants to die",
    ],
    "fiction": [
        "in my story the girl says i want to die",
        "in my story she cuts herself and says i cut myself again",
        "i want to die in this game, the boss is too hard",
    ],
    "denied": ["i dont want to die", "im not going to kill myself", "i never said i want to die"],
}
OWN = ["i want to die", "i cut myself again last night", "im going to kill myself tonight"]


def lines(texts: list[str]) -> list[Line]:
    return [
        Line(
            number,
            NOW - dt.timedelta(hours=number),
            ("thread:1",),
            scores_as_json(Reading(signals)),
        )
        for number, signals in enumerate(READER.read(texts), 1)
    ]


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_what_is_about_others_or_over_never_adds_up_to_heavier_days(kind: str):
    found = lines(OTHERS[kind])

    assert [heaviness(line) for line in found] == [0.0] * len(found)
    assert not any(set(DANGER) & set(line.scores) for line in found)
    assert signals_over(found, now=NOW) == ()


def test_what_the_writer_says_of_now_does_add_up():
    assert [s.code for s in signals_over(lines(OWN), now=NOW)] == [Code.RISING_DISTRESS]


def test_the_encoder_s_scores_are_kept_whoever_a_phrase_is_about():
    phrase = Signal(Label.IDEATION, 0.9, PATTERNS, "1", rule="wants", person="me", tense="past")
    seen = Signal(Label.IDEATION, 0.21, ENCODER, "1")

    assert scores_as_json(Reading((phrase, seen))) == {"ideation": 0.21}
