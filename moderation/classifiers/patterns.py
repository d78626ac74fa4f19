"""Explicit phrases: what somebody says in so many words, with where they say it.

The second reader beside the encoder, and independent of it: a clinician can read and change
`crisis_patterns.yaml`, every match has a rule's name and a place in the text, and a cue of negation
or the past or a story changes what the match is worth. What stands there is not a diagnosis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from moderation.classifiers.base import PATTERNS, Signal
from moderation.classifiers.folding import Folded, fold
from moderation.classifiers.labels import ALL, Label
from moderation.classifiers.phrases import PatternError, Phrases, compiled

FILE: Final = Path(__file__).with_name("crisis_patterns.yaml")
MAX_CHARACTERS: Final = 40_000
NEGATED_SCORE: Final = 0.3
"""A negation cuts a score below what decides, but the words are still shown to staff."""

IDIOM_SCORE: Final = 0.1
"""What is left of a phrase beside laughter or homework."""

NEGATION_REACH: Final = 28
"""Characters before a match in which a negation counts: about four or five words."""

QUOTATION_REACH: Final = 16
IDIOMATIC: Final = (Label.IDEATION, Label.INTENT_OR_PLAN)
SENTENCE_REACH: Final = 160
_CLAUSE_ENDS: Final = (".", "!", "?", "\n", ";", " but ", " so ", " cos ", " because ", " and i ")
_PERSONS: Final = ("", "me", "friend", "past", "fiction")
_GUARDS: Final = ("negation", "past", "fiction")
_CUES: Final = (*_GUARDS, "now", "quotation")
_SELF_ONLY_STOPS: Final = (
    r"\b(?:you|u|ur|your|youre|ya|he|she|hes|shes|they|theyre|those|these|ppl)\b"
)


class TooLong(ValueError):
    """The text is longer than any message may be: it is refused, not read in part."""


@dataclass(frozen=True, slots=True)
class PatternRule:
    """One rule of the file, compiled."""

    name: str
    label: Label
    score: float
    person: str
    guards: frozenset[str]
    about_self_only: bool
    regexp: Any


@dataclass(frozen=True, slots=True)
class Found:
    """A match before it is a signal: which rule, where in the folded text, and what it is worth."""

    rule: PatternRule
    start: int
    end: int
    score: float
    person: str


class PatternReader:
    """The reader over `crisis_patterns.yaml`, or another file of the same form."""

    name = PATTERNS

    def __init__(self, file: Path = FILE) -> None:
        """Compile the rules. Raises PatternError where the file breaks its format."""
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
        phrases = Phrases(given["words"], given["fillers"])
        self.version = str(given["version"])
        self.rules = tuple(_rule(entry, phrases) for entry in given["rules"])
        self._idioms = phrases.cue(given["idioms"])
        self._cues = {name: phrases.cue(given["cues"][name]) for name in _CUES}
        self._others = compiled(_SELF_ONLY_STOPS)

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        """The signals of each text: one per rule that matches, with all its places."""
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> tuple[Signal, ...]:
        if len(text) > MAX_CHARACTERS:
            raise TooLong(f"a text has more than {MAX_CHARACTERS} characters")
        folded = fold(text, apostrophes=False)
        signals = self._signals(folded)
        shorter = fold(text, stretch=1, apostrophes=False)
        if len(shorter.text) != len(folded.text):
            known = {signal.rule for signal in signals}
            signals += [s for s in self._signals(shorter) if s.rule not in known]
        return tuple(signals)

    def _signals(self, folded: Folded) -> list[Signal]:
        found: list[Found] = []
        for rule in self.rules:
            for match in rule.regexp.finditer(folded.text):
                judged = self._judge(rule, folded.text, *match.span())
                if judged is not None:
                    found.append(judged)
        return [self._signal(rule, found, folded) for rule in self.rules if _has(found, rule)]

    def _signal(self, rule: PatternRule, found: list[Found], folded: Folded) -> Signal:
        """One signal a rule: the best match gives score and person, every match a place."""
        own = [one for one in found if one.rule is rule]
        best = max(own, key=lambda one: (one.person == rule.person, one.score))
        spans = tuple(folded.span(one.start, one.end) for one in own)
        return Signal(rule.label, best.score, PATTERNS, self.version, spans, rule.name, best.person)

    def _judge(self, rule: PatternRule, text: str, start: int, end: int) -> Found | None:
        """What a match is worth where it stands; None if the rule does not apply."""
        if rule.about_self_only and self._others.search(text):
            return None
        around = text[max(0, start - SENTENCE_REACH) : end + SENTENCE_REACH]
        if rule.score > IDIOM_SCORE and rule.label in IDIOMATIC and self._idioms.search(around):
            return Found(rule, start, end, IDIOM_SCORE, rule.person)
        score, person = rule.score, rule.person
        if "negation" in rule.guards and self._cues["negation"].search(_clause(text, start)):
            score = NEGATED_SCORE
        if "fiction" in rule.guards and (
            self._cues["fiction"].search(around) or self._quoted(rule, text, start)
        ):
            person = "fiction"
        elif "past" in rule.guards and self._is_past(around):
            person = "past"
        return Found(rule, start, end, score, person)

    def _quoted(self, rule: PatternRule, text: str, start: int) -> bool:
        """Somebody else's words, told just before: a poster, a song, what a nan always says."""
        if rule.person != "me":
            return False
        return bool(self._cues["quotation"].search(text[max(0, start - QUOTATION_REACH) : start]))

    def _is_past(self, around: str) -> bool:
        return bool(self._cues["past"].search(around)) and not self._cues["now"].search(around)


def _has(found: list[Found], rule: PatternRule) -> bool:
    return any(one.rule is rule for one in found)


def _clause(text: str, start: int) -> str:
    """The words just before a match, back to where the clause begins."""
    before = text[max(0, start - NEGATION_REACH) : start]
    for end in _CLAUSE_ENDS:
        before = before.rpartition(end)[2]
    return before


def _rule(entry: dict[str, Any], phrases: Phrases) -> PatternRule:
    name = str(entry.get("name", ""))
    guards = frozenset(entry.get("guards", ()))
    person = entry.get("person", "")
    if entry.get("label") not in set(ALL) or person not in _PERSONS or not guards <= set(_GUARDS):
        raise PatternError(f"{name}: unknown label, person or guard")
    return PatternRule(
        name=name,
        label=Label(entry["label"]),
        score=float(entry["score"]),
        person=person,
        guards=guards,
        about_self_only=bool(entry.get("about_self_only", False)),
        regexp=compiled(phrases.source(entry["phrases"], name)),
    )
