"""Contact and identity details: what would let somebody find a young person outside.

Numbers (also spelled out, split, or written with other digits), e-mail, links, names on other
apps, schools and addresses. Helpline and emergency numbers, and the sites of two helplines, are let
through: they are help.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from moderation.classifiers.base import CONTACT, Signal, Span
from moderation.classifiers.folding import fold
from moderation.classifiers.labels import Label
from moderation.classifiers.phrases import compiled
from moderation.classifiers.telephone import numbers_in

FILE: Final = Path(__file__).with_name("contact_patterns.yaml")
MAX_CHARACTERS: Final = 40_000

_NAMED: Final = r"(?:@?[a-z0-9][a-z0-9_.\-]{2,29})"
_SURE_SIGN: Final = r"(?:[a-z0-9]{2,24}_[a-z0-9_.]{1,24}|[a-z][a-z.]{2,20}[0-9]{2,6})"
_SIGN: Final = rf"(?:{_SURE_SIGN}|[a-z][a-z0-9]{{2,20}}\.[a-z][a-z0-9_.]{{1,24}})"
_PLAIN_NAME: Final = re.compile(rf"\b{_SIGN}\b")
_LAST_WORD: Final = re.compile(r"[a-z0-9_.\-]+$")
_NAMES: Final = frozenset({"handle_given", "handle_on_app", "own_name"})
"""Detectors that take any word in a place for a name."""

SOON: Final = 60
"""Signs after a word that is no name in which one may still follow: "my snap is not my name, …"."""

SHORTEST_ADDRESS: Final = 3
"""Words of an address with one word for a name: "12 the close"."""

NOT_A_SCHOOL: Final = ("im at my ", "i go to my ", "im at the new ", "im at a new ")
"""Beginnings of what names no school: "im at my new school"."""
_MY_SCHOOL_IS: Final = re.compile(r"my school is (?:the )?(\S+)")
_HELP_SITE: Final = (
    r"(?:https?://)?(?:www\.)?(?:{0})(?:/(?:[a-z]+|[0-9])(?:-(?:[a-z]+|[0-9]))*)*/?[.,;!?)]*"
)
"""A page of a site of help. No name of a person fits in it: words, and digits one at a time."""
_GOES_ON: Final = re.compile(r"[\w@:\-]|[./]\w")


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
        self._help_site = re.compile(
            _HELP_SITE.format("|".join(map(re.escape, given["help_sites"])))
        )
        self._no_streets = frozenset(given["no_streets"])
        self._measures = frozenset(given["measures"])
        self._no_names = frozenset(given["no_names"])
        self._of_any_school = frozenset(given["of_any_school"])
        stands_for = {
            "<app>": f"(?:{'|'.join(given['apps'])})",
            "<clear_app>": f"(?:{'|'.join(given['clear_apps'])})",
            "<area>": f"(?:{'|'.join(given['areas'])})",
            "<named>": _NAMED,
            "<adverb>": f"(?:{'|'.join(given['before_a_name'])})",
            "<sign>": _SIGN,
            "<sure_sign>": _SURE_SIGN,
        }
        self._detectors: list[tuple[str, float, Any]] = [
            (
                entry["name"],
                float(entry["score"]),
                compiled(_filled_in(entry["pattern"], stands_for)),
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
                if not self._is_harmless(name, match)
            )
            if spans:
                signals.append(self._signal(name, score, spans))
        numbers = tuple(numbers_in(folded, self._helplines))
        if numbers:
            signals.append(self._signal("phone_number", 0.95, numbers))
        return tuple(signals)

    def _is_harmless(self, name: str, match: Any) -> bool:
        if name.startswith("school"):
            return self._names_no_school(match.group())
        if name in ("link", "link_short"):
            return self._is_help(match.group(), match.string[match.end() : match.end() + 2])
        if name in ("street", "address"):
            return self._names_no_street(match.group().split())
        return name in _NAMES and self._names_nobody(match)

    def _names_nobody(self, match: Any) -> bool:
        """Whether the word in the place of a name is none, and no plain name follows it soon."""
        word = _LAST_WORD.search(match.group())
        if word is None or word.group().rstrip(".-") not in self._no_names:
            return False
        return not _PLAIN_NAME.search(match.string[match.end() : match.end() + SOON])

    def _is_help(self, link: str, then: str) -> bool:
        """Whether a link leads to a site of help, not to "kooth.com.example.com"."""
        return bool(self._help_site.fullmatch(link)) and not _GOES_ON.match(then)

    def _names_no_street(self, words: list[str]) -> bool:
        """Whether it is "the main road", or how far; "2 main street" is a place."""
        measured = words[0][0].isdigit()
        if measured and words[1] in self._measures:
            return True
        return words[-2] in self._no_streets and not (measured and len(words) == SHORTEST_ADDRESS)

    def _names_no_school(self, found: str) -> bool:
        said = _MY_SCHOOL_IS.match(found)
        if said and said.group(1) in self._of_any_school:
            return True
        return found.startswith(NOT_A_SCHOOL)

    def _signal(self, rule: str, score: float, spans: tuple[Span, ...]) -> Signal:
        return Signal(str(Label.CONTACT_MOVE), score, CONTACT, self.version, spans, rule)


def _filled_in(pattern: str, stands_for: Mapping[str, str]) -> str:
    for name, source in stands_for.items():
        pattern = pattern.replace(name, source)
    return pattern
