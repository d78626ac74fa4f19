"""Telephone numbers in running text, however split, spelled out or written with other digits."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import phonenumbers

from moderation.classifiers.base import Span
from moderation.classifiers.folding import Folded

REGIONS: Final = ("GB", "IE", "US")
MIN_DIGITS: Final = 9
MAX_DIGITS: Final = 15

SPELLED: Final = {
    "zero": "0", "oh": "0", "nought": "0", "nil": "0", "one": "1", "two": "2", "three": "3",
    "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_REPEATS: Final = {"double": 2, "triple": 3}
_BETWEEN: Final = frozenset({*_REPEATS, "then"})
"""Words that may stand between two parts of a number."""

MIN_STEPS: Final = 5
"""Fewer steps may still be a number told in parts that follow each other by chance: "7911 7912"."""

GAP: Final = 3
"""Signs that may stand between two parts of a number."""

_DISGUISED: Final = re.compile(r"(?<![^\W_])(?=[oil]*[0-9])[0-9oil]{2,}(?![^\W_])")
_LIKE_DIGITS: Final = str.maketrans("oil", "011")
"""Letters that pass for digits, where nothing but these and digits stands: "o77oo"."""


def numbers_in(folded: Folded, helplines: frozenset[str]) -> Iterator[Span]:
    """Runs of digits, however split or spelled, that are a telephone number somewhere."""
    for digits, start, end in _digit_runs(folded.text):
        bare = digits.lstrip("+")
        if bare in helplines or not MIN_DIGITS <= len(bare) <= MAX_DIGITS:
            continue
        if _is_number(digits) and not _is_counting(folded.text[start:end]):
            yield folded.span(start, end)


def _is_counting(run: str) -> bool:
    """Whether it counts up or down, one word a step, as for breathing: "1 2 3 4 5 6 7 8 9"."""
    steps = [_value(word, after="") for word, *_ in _words(run)]
    if len(steps) < MIN_STEPS or None in steps:
        return False
    counted = [int(step) for step in steps if step]
    return {after - before for before, after in pairwise(counted)} in ({1}, {-1})


def _digit_runs(text: str) -> Iterator[tuple[str, int, int]]:
    """Digits that stand together but for spaces and marks, with spelled ones counted in."""
    digits = ""
    start = end = near = 0
    repeat = 1
    for word, at, after in _words(_DISGUISED.sub(_in_digits, text)):
        value = _value(word, after=digits)
        goes_on = at - near <= GAP and (value is not None or word in _BETWEEN)
        if digits and not goes_on:
            yield digits, start, end
            digits = ""
        if value is not None:
            if not digits:
                start = at - (1 if at and text[at - 1] == "+" else 0)
                digits = "+" if start < at else ""
            digits += value * repeat if len(value) == 1 else value
            end = after
        near = after
        repeat = _REPEATS.get(word, 1)
    if digits:
        yield digits, start, end


def _in_digits(run: "re.Match[str]") -> str:
    return run.group().translate(_LIKE_DIGITS)


def _value(word: str, *, after: str) -> str | None:
    """The digits a word stands for: "nine hundred" is 900 where a number is being told."""
    if word.isascii() and word.isdigit():
        return word
    if word == "hundred" and after:
        return "00"
    return SPELLED.get(word) or ("0" if word == "o" else None)


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """Runs of letters and runs of digits, apart from each other even where they touch."""
    start = 0
    for index in range(1, len(text) + 1):
        if index < len(text) and _kind(text[index]) == _kind(text[start]):
            continue
        if _kind(text[start]):
            yield text[start:index], start, index
        start = index


def _kind(c: str) -> int:
    return 1 if c.isdigit() else 2 if c.isalpha() else 0


def _is_number(digits: str) -> bool:
    for region in REGIONS:
        try:
            number = phonenumbers.parse(digits, None if digits.startswith("+") else region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and (
            phonenumbers.is_valid_number(number) or digits.startswith(("07", "+447", "08"))
        ):
            return True
    return False
