"""Parts of an approach: no words make a pattern slow."""

from collections import deque

import pytest

from moderation.classifiers.approach import ApproachReader
from tests.growth import is_quick

READER = ApproachReader()


@pytest.mark.parametrize(
    "unit", ["a", " ", "how old are you ", "send me a ", "dont tell ", "a.b.", "0 7 7 ", "(((("]
)
def test_no_pattern_takes_long_over_a_hundred_kilobytes_made_to_slow_it(unit: str):
    text = unit * (100_000 // len(unit))
    for label, patterns in READER._detectors:
        for pattern in patterns:
            assert is_quick(lambda part, it=pattern: deque(it.finditer(part), 0), text), label
