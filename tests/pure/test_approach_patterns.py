"""Parts of an approach: no words make a pattern slow."""

import time

import pytest

from moderation.classifiers.approach import ApproachReader

READER = ApproachReader()


@pytest.mark.parametrize(
    "unit", ["a", " ", "how old are you ", "send me a ", "dont tell ", "a.b.", "0 7 7 ", "(((("]
)
def test_no_pattern_takes_long_over_a_hundred_kilobytes_made_to_slow_it(unit: str):
    text = unit * (100_000 // len(unit))
    for label, patterns in READER._detectors:
        for pattern in patterns:
            assert min(seconds_over(pattern, text) for _ in range(3)) < 0.05, label


def seconds_over(pattern, text: str) -> float:
    # By the processor's clock: how busy the machine is says nothing about a pattern.
    began = time.process_time()
    for match in pattern.finditer(text):
        match.span()
    return time.process_time() - began
