"""Contact and identity details: what would let somebody find a young person outside.

Numbers (also spelled out, split, or written with other digits), e-mail, links, names on other
apps, schools and addresses. Helpline and emergency numbers are let through: they are help.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import phonenumbers
import yaml

from moderation.classifiers.base import CONTACT, Signal, Span
from moderation.classifiers.folding import Folded, fold
from moderation.classifiers.labels import Label
from moderation.classifiers.phrases import compiled

FILE: Final = Path(__file__).with_name("contact_patterns.yaml")
MAX_CHARACTERS: Final = 40_000
REGIONS: Final = ("GB", "IE", "US")
MIN_DIGITS: Final = 9
MAX_DIGITS: Final = 15

SPELLED: Final = {
    "zero": "0", "oh": "0", "nought": "0", "nil": "0", "one": "1", "two": "2", "three": "3",
    "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_REPEATS: Final = {"double": 2, "triple": 3}

_NAMED: Final = r"(?:@?[a-z0-9][a-z0-9_.\-]{2,29})"
NOT_A_SCHOOL: Final = ("my school", "a school", "the school", "this school", "go to school")


class TooLong(ValueError):
    """The text is longer than any message may be: it is refused, not read in part."""


class ContactReader:
    """The reader for contact and identity details."""

    name = CONTACT

    def __init__(self, file: Path = FILE) -> None:
        """Compile the detectors of `file`; a broken pattern raises here, not while reading."""
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
        self.version = str(given["version"])
        self._helplines = frozenset(given["helplines"])
        app = f"(?:{'|'.join(given['apps'])})"
        self._detectors: list[tuple[str, float, Any]] = [
            (
                entry["name"],
                float(entry["score"]),
                compiled(entry["pattern"].replace("<app>", app).replace("<named>", _NAMED)),
            )
            for entry in given["detectors"]
        ]

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        """One signal per detector that fires, with all its places in the original text."""
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> tuple[Signal, ...]:
        if len(text) > MAX_CHARACTERS:
            raise TooLong(f"a text has more than {MAX_CHARACTERS} characters")
        folded = fold(text, stretch=0, apostrophes=False, leet=False)
        signals = []
        for name, score, regexp in self._detectors:
            spans = tuple(
                folded.span(*match.span())
                for match in regexp.finditer(folded.text)
                if not (name == "school" and match.group().startswith(NOT_A_SCHOOL))
            )
            if spans:
                signals.append(self._signal(name, score, spans))
        numbers = tuple(_numbers(folded, self._helplines))
        if numbers:
            signals.append(self._signal("phone_number", 0.95, numbers))
        return tuple(signals)

    def _signal(self, rule: str, score: float, spans: tuple[Span, ...]) -> Signal:
        return Signal(str(Label.CONTACT_MOVE), score, CONTACT, self.version, spans, rule)


def _numbers(folded: Folded, helplines: frozenset[str]) -> Iterator[Span]:
    """Runs of digits, however split or spelled, that are a telephone number somewhere."""
    for digits, start, end in _digit_runs(folded.text):
        bare = digits.lstrip("+")
        if bare in helplines or not MIN_DIGITS <= len(bare) <= MAX_DIGITS:
            continue
        if _is_number(digits):
            yield folded.span(start, end)


def _digit_runs(text: str) -> Iterator[tuple[str, int, int]]:
    """Digits that stand together but for spaces and marks, with spelled ones counted in."""
    digits = ""
    start = end = 0
    repeat = 1
    for word, at, after in _words(text):
        value = _value(word)
        if digits and (value is None or at - end > 3):
            if word in _REPEATS and at - end <= 3:
                repeat = _REPEATS[word]
                end = after
                continue
            yield digits, start, end
            digits = ""
        if value is not None:
            if not digits:
                start = at - (1 if at and text[at - 1] == "+" else 0)
                digits = "+" if start < at else ""
            digits += value * repeat if len(value) == 1 else value
            end = after
        repeat = _REPEATS.get(word, 1)
    if digits:
        yield digits, start, end


def _value(word: str) -> str | None:
    if word.isascii() and word.isdigit():
        return word
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
