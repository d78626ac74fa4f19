"""Telephone numbers in running text, however split, spelled out or written with other digits."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

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

BLOCK: Final = 3
LONG_BLOCK: Final = 5
"""Digits in one word of a number that is told in blocks: "077 0090 0123". A year or a time has no
more than four: what begins with a long block may go on as it likes, "07700 90 01 23"."""

MOST_TRIED: Final = 200
"""Trying takes long. A text with more in it that may be numbers is no accident."""

_WHOLE: Final = re.compile(
    r"0[1-357-9][0-9]{9}|08[35-9][0-9]{7}|\+(?:44[0-9]{10}|353[0-9]{9}|1[0-9]{10}|[2-9][0-9]{8,13})"
)
"""A number of these islands with all its digits, or one of anywhere that begins with "+"."""

_BESIDE: Final = re.compile(
    r"(?<![0-9+])(?:"
    r"\+(?:44(?: ?[0-9]){10}|353(?: ?[0-9]){9}|1(?: ?[0-9]){10}|[2-9](?: ?[0-9]){8,13}?)"
    r"|(?=[0-9](?: [0-9]){9}|0[0-9]{4}|0(?:7|[0-9]{2,3}) [0-9]{3})"
    r"0 ?(?:[1-357-9](?: ?[0-9]){9}|8 ?[35-9](?: ?[0-9]){7})"
    r"|[0-9]{9,15}"
    r")(?![0-9])"
)
"""Words in a line that may be the like, however they are split, and any one word long enough. Few
of them are no number: looking is quick, and asking `phonenumbers` is not."""

_AMERICAN: Final = re.compile(r"1?[2-9][0-9]{2}[2-9][0-9]{6}")

_APART: Final = re.compile(r"[,;|()]|\. ")
"""Marks that stand between a number and something else, rather than inside it."""

_WORD: Final = re.compile(r"[0-9]+|[^\W\d_]+")
"""Letters and digits, apart from each other even where they touch."""

_DISGUISED: Final = re.compile(r"(?<![^\W_])(?=[oil]*[0-9])[0-9oil]{2,}(?![^\W_])")
_LIKE_DIGITS: Final = str.maketrans("oil", "011")
"""Letters that pass for digits, where nothing but these and digits stands: "o77oo"."""


class Told(NamedTuple):
    """One word of a number: the digits it stands for, "+" before them where that is said."""

    digits: str
    start: int
    end: int
    spelled: bool


Run = Sequence[Told]


def numbers_in(folded: Folded, helplines: frozenset[str]) -> Iterator[Span]:
    """Runs of digits, or parts of such a run, that are a telephone number somewhere."""
    tries = iter(range(MOST_TRIED))
    for run in _runs(folded.text):
        for number in _numbers_of(run, folded.text, helplines, tries):
            yield folded.span(number[0].start, number[-1].end)


def _numbers_of(
    run: Run, text: str, helplines: frozenset[str], tries: Iterator[int]
) -> Iterator[Run]:
    """The run, if it is a number as it stands; or else the numbers that stand beside others in it.

    "07700 900123, 15" is a number and an age.
    """
    run = _past_helplines(run, helplines)
    if not run or _is_counting(run):
        return
    if _is_number_as_it_stands(run, tries):
        yield run
        return
    pieces = list(_pieces(run, text))
    for piece in filter(None, (_past_helplines(piece, helplines) for piece in pieces)):
        if len(pieces) > 1 and _is_number_as_it_stands(piece, tries):
            yield piece
        else:
            yield from _numbers_among(piece, tries)


def _past_helplines(run: Run, helplines: frozenset[str]) -> Run:
    """What follows the helplines a run begins with: "0800 1111, 24/7" is one, and all day."""
    at = 0
    while size := _helpline_at(run, at, helplines):
        at += size
    return run[at:]


def _helpline_at(run: Run, at: int, helplines: frozenset[str]) -> int:
    """How many words it has; the longest, as "116 123" is not "116"."""
    digits, size = "", 0
    for count, told in enumerate(run[at : at + MAX_DIGITS], start=1):
        digits += told.digits.lstrip("+")
        if digits in helplines:
            size = count
        if len(digits) > MAX_DIGITS:
            break
    return size


def _is_number_as_it_stands(run: Run, tries: Iterator[int]) -> bool:
    digits = _digits(run)
    fits = MIN_DIGITS <= len(digits.lstrip("+")) <= MAX_DIGITS
    return fits and _holds(digits, tries) and not _is_counting(run)


def _pieces(run: Run, text: str) -> Iterator[Run]:
    """Parts of a run that a mark keeps apart, or a "+", which only begins a number."""
    first = 0
    for at, (before, told) in enumerate(pairwise(run), start=1):
        between = text[before.end : told.start]
        if told.digits[0] == "+" or (between != " " and _APART.search(between)):
            yield run[first:at]
            first = at
    yield run[first:]


def _numbers_among(run: Run, tries: Iterator[int]) -> Iterator[Run]:
    """The numbers in a run, each told as numbers are and dates are not."""
    words = [" ".join(told.digits) if told.spelled else told.digits for told in run]
    line, past = " ".join(words), 0
    starts: list[int] = []
    while found := _BESIDE.search(line, past):
        starts = starts or list(accumulate((len(word) + 1 for word in words), initial=0))
        first = bisect_right(starts, found.start()) - 1
        last = bisect_right(starts, found.end() - 1) - 1
        if len(run[first].digits) >= MIN_DIGITS:
            last = first
        number = run[first : last + 1]
        if _is_told_as_one(number) and _is_number_as_it_stands(number, tries):
            yield number
            past = starts[last + 1]
        else:
            past = starts[first + 1]


def _is_told_as_one(words: Run) -> bool:
    """By single digits or in blocks. Dates, times, scores and ages have parts of one or two."""
    first = words[0].digits
    if len(words) == 1 or first[0] == "+":
        return True
    sizes = [1 if told.spelled else len(told.digits) for told in words]
    if len(first) >= LONG_BLOCK or set(sizes) == {1}:
        return True
    return min(sizes[1:]) >= BLOCK and (sizes[0] >= BLOCK or first == "07")


def _digits(run: Run) -> str:
    """What it adds up to, without any "+" but the first; no longer than decides anything."""
    digits = run[0].digits
    for told in run[1:]:
        if len(digits) > MAX_DIGITS + 1:
            break
        digits += told.digits.lstrip("+")
    return digits


def _holds(digits: str, tries: Iterator[int]) -> bool:
    """Whether it is a number. Past :data:`MOST_TRIED` in one text the shape alone decides."""
    if next(tries, None) is None:
        return bool(_WHOLE.fullmatch(digits) or _AMERICAN.fullmatch(digits))
    return _is_number(digits)


def _is_counting(run: Run) -> bool:
    """Whether it counts up or down, one word a step, as for breathing: "1 2 3 4 5 6 7 8 9"."""
    if len(run) < MIN_STEPS or any(len(told.digits) >= LONG_BLOCK for told in run):
        return False
    steps = [int(told.digits) for told in run]
    return {after - before for before, after in pairwise(steps)} in ({1}, {-1})


def _runs(text: str) -> Iterator[Run]:
    """Digits that stand together but for spaces and marks, with spelled ones counted in."""
    run: list[Told] = []
    near = 0
    repeat = 1
    for found in _WORD.finditer(_DISGUISED.sub(_in_digits, text)):
        word, (at, after) = found.group(), found.span()
        value = _value(word, follows=bool(run))
        goes_on = at - near <= GAP and (value is not None or word in _BETWEEN)
        if run and not goes_on:
            yield run
            run = []
        if value is not None:
            plus = "+" if at and text[at - 1] == "+" else ""
            digits = value * repeat if len(value) == 1 else value
            run.append(Told(plus + digits, at - len(plus), after, word != value))
        near = after
        repeat = _REPEATS.get(word, 1)
    if run:
        yield run


def _in_digits(run: "re.Match[str]") -> str:
    return run.group().translate(_LIKE_DIGITS)


def _value(word: str, *, follows: bool) -> str | None:
    """The digits a word stands for: "nine hundred" is 900 where a number is being told."""
    if word[0] in "0123456789":
        return word
    if word == "hundred" and follows:
        return "00"
    return SPELLED.get(word) or ("0" if word == "o" else None)


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
