"""Explicit phrases: what somebody says in so many words, with where they say it.

The second reader beside the encoder, and independent of it: a clinician can read and change
`crisis_patterns.yaml`, every match has a rule's name and a place in the text, and a denial, the
past or a story changes what the match is worth (`around.py`). What stands there is not a diagnosis.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import yaml

from moderation.classifiers.around import Stands, Surroundings, stands
from moderation.classifiers.base import FICTION, FRIEND, FUTURE, ME, NOW, PAST, PATTERNS, Signal
from moderation.classifiers.folding import Folded, fold_both_ways
from moderation.classifiers.labels import ALL, Label
from moderation.classifiers.phrases import PatternError, Phrases, compiled

FILE: Final = Path(__file__).with_name("crisis_patterns.yaml")
MAX_CHARACTERS: Final = 40_000
NEGATED_SCORE: Final = 0.3
"""A negation cuts a score below what decides, but the words are still shown to staff."""

OTHERS_SCORE: Final = 0.3
"""What is left of a phrase said of somebody else, as in "when your suicidal thoughts come"."""

IDIOM_SCORE: Final = 0.1
"""What is left of a phrase beside laughter or homework, or of "i cut myself" before "shaving"."""

MOST_MATCHES: Final = 40
"""Matches of one rule that are looked at one by one. Nobody says a thing so often, so what comes
after them is not excused any more: it counts in full, and a long text takes no longer."""

IDIOMATIC: Final = (Label.IDEATION, Label.INTENT_OR_PLAN)
_PERSONS: Final = ("", ME, FRIEND, FICTION)
_TENSES: Final = ("", NOW, PAST, FUTURE)
_GUARDS: Final = ("negation", "past", "fiction", "others", "everyday", "back_again", "things")
_OTHER: Final = r"(?:you|u|ur|your|youre|ya|he|she|hes|shes|they|theyre|those|these|ppl)"
_OTHERS: Final = rf"\b{_OTHER}(?:\s+{_OTHER})*\b"
"""Looked for once in a text, and only whether it is there."""
_MARKS: Final = b" .,!?:;-"
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_UNKNOWN: Final = "\x7f"


class TooLong(ValueError):
    """The text is longer than any message may be: it is refused, not read in part."""


@dataclass(frozen=True, slots=True)
class PatternRule:
    """One rule of the file, compiled."""

    name: str
    label: Label
    score: float
    person: str
    tense: str
    guards: frozenset[str]
    about_self_only: bool
    regexp: Any


@dataclass(frozen=True, slots=True)
class Found:
    """A match before it is a signal: where in the folded text, and what it is worth there."""

    start: int
    end: int
    score: float
    person: str
    tense: str

    def weight(self, rule: PatternRule) -> tuple[bool, float]:
        """What is about the rule's person and not over comes first, then the higher score."""
        excused = self.person != rule.person or (self.tense == PAST and rule.tense != PAST)
        return (not excused, self.score)


class PatternReader:
    """The reader over `crisis_patterns.yaml`, or another file of the same form."""

    name = PATTERNS

    def __init__(self, file: Path = FILE) -> None:
        """Compile the rules. Raises PatternError where the file breaks its format."""
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
        phrases = Phrases(given["words"], given["fillers"])
        self.version = str(given["version"])
        self.rules = tuple(_rule(entry, phrases) for entry in given["rules"])
        self._around = Surroundings(given["cues"], phrases)
        self._others = compiled(_OTHERS)

    @property
    def patterns(self) -> dict[str, Any]:
        """Everything that is compiled, by name."""
        rules = {rule.name: rule.regexp for rule in self.rules}
        return {**rules, **self._around.patterns, "others": self._others}

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        """The signals of each text: one per rule that matches, with its places."""
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> tuple[Signal, ...]:
        if len(text) > MAX_CHARACTERS:
            raise TooLong(f"a text has more than {MAX_CHARACTERS} characters")
        folded, shorter = fold_both_ways(text)
        signals = self._signals(folded, text)
        if len(shorter.text) != len(folded.text):
            for name, (weight, signal) in self._signals(shorter, text).items():
                if name not in signals or weight > signals[name][0]:
                    signals[name] = weight, signal
        return tuple(signals[rule.name][1] for rule in self.rules if rule.name in signals)

    def _signals(self, folded: Folded, text: str) -> dict[str, tuple[tuple[bool, float], Signal]]:
        """One signal a rule: the best match gives score, person and tense, every match a place."""
        plain = _NOT_ASCII.sub(_UNKNOWN, folded.text)
        marked = _with_new_lines(plain, folded, text)
        others = self._others.search(plain) is not None
        signals = {}
        for rule in self.rules:
            if rule.about_self_only and others:
                continue
            found = list(self._found(rule, plain.encode("ascii"), marked))
            if not found:
                continue
            best = max(found, key=lambda one: one.weight(rule))
            spans = tuple(folded.span(one.start, one.end) for one in found)
            signal = Signal(rule.label, best.score, PATTERNS, self.version, spans, rule.name)
            signals[rule.name] = (
                best.weight(rule),
                replace(signal, person=best.person, tense=best.tense),
            )
        return signals

    def _found(self, rule: PatternRule, plain: bytes, marked: str) -> Iterator[Found]:
        """RE2 is asked in bytes: one for each character, so places need no counting again."""
        matches = rule.regexp.finditer(plain)
        for match in islice(matches, MOST_MATCHES):
            yield self._judge(rule, marked, *_words_of(match))
        for match in islice(matches, 1):
            start, end = _words_of(match)
            yield Found(start, end, rule.score, rule.person, rule.tense)

    def _judge(self, rule: PatternRule, text: str, start: int, end: int) -> Found:
        """What a match is worth where it stands."""
        here = stands(text, start, end)
        if rule.score > IDIOM_SCORE and rule.label in IDIOMATIC and self._around.is_idiom(here):
            return Found(start, end, IDIOM_SCORE, rule.person, rule.tense)
        if self._is_excused(rule, here):
            return Found(start, end, IDIOM_SCORE, rule.person, rule.tense)
        denied = "negation" in rule.guards and self._around.is_denied(here)
        score = NEGATED_SCORE if denied else rule.score
        if "fiction" in rule.guards and self._is_told(rule, here):
            return Found(start, end, score, FICTION, rule.tense)
        if "others" in rule.guards and self._around.is_of_others(here):
            return Found(start, end, min(score, OTHERS_SCORE), FRIEND, rule.tense)
        if "things" in rule.guards and self._around.is_of_a_thing(here):
            return Found(start, end, score, "", rule.tense)
        past = "past" in rule.guards and self._around.is_past(here)
        return Found(start, end, score, rule.person, PAST if past else rule.tense)

    def _is_excused(self, rule: PatternRule, here: Stands) -> bool:
        if "everyday" in rule.guards and self._around.is_everyday(here):
            return True
        return "back_again" in rule.guards and self._around.is_back_again(here)

    def _is_told(self, rule: PatternRule, here: Stands) -> bool:
        return self._around.is_told(here, by_somebody=rule.person == ME)


def _words_of(match: Any) -> tuple[int, int]:
    """The place of a match, without the marks around its words.

    A sentence ends at a full stop. If the phrase kept it, the next sentence would be taken for a
    part of this one, and a game spoken of there would make a plea a story.
    """
    said = match.group()
    end = match.start() + len(said.rstrip(_MARKS))
    return end - len(said.strip(_MARKS)), end


def _with_new_lines(plain: str, folded: Folded, text: str) -> str:
    """The folded text with its new lines back in place: they end a sentence too."""
    if "\n" not in text and "\r" not in text:
        return plain
    return "".join(
        "\n" if c == " " and text[place] in "\r\n" else c
        for c, place in zip(plain, folded.origin, strict=True)
    )


def _rule(entry: dict[str, Any], phrases: Phrases) -> PatternRule:
    name = str(entry.get("name", ""))
    guards = frozenset(entry.get("guards", ()))
    person, tense = entry.get("person", ""), entry.get("tense", "")
    if entry.get("label") not in set(ALL) or not guards <= set(_GUARDS):
        raise PatternError(f"{name}: unknown label or guard")
    if person not in _PERSONS or tense not in _TENSES:
        raise PatternError(f"{name}: unknown person or tense")
    return PatternRule(
        name=name,
        label=Label(entry["label"]),
        score=float(entry["score"]),
        person=person,
        tense=tense,
        guards=guards,
        about_self_only=bool(entry.get("about_self_only", False)),
        regexp=compiled(phrases.source(entry["phrases"], name)),
    )
