"""What a reader takes and what it gives: plain, frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

ENCODER: Final = "encoder"
PATTERNS: Final = "patterns"
CONTACT: Final = "contact"
APPROACH: Final = "approach"
"""The readers by name: `Signal.source` and the entries of `Reading.failed` use these."""


ME: Final = "me"
FRIEND: Final = "friend"
FICTION: Final = "fiction"
"""Whom a phrase is about: `Signal.person`."""

NOW: Final = "now"
PAST: Final = "past"
FUTURE: Final = "future"
"""When: `Signal.tense`."""


@dataclass(frozen=True, slots=True)
class Span:
    """Part of the original text, in code points: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing one reader saw.

    `score` is a probability from 0 to 1 (rules give a fixed one). `label` is a `labels.Label`.
    `rule` names the pattern or detector that fired, and is empty for the encoder. `person` says
    whom it is about where a rule knows: "me", "friend" or "fiction". `tense` says when: "now",
    "past" (over), "future" (meant or planned), or "" where no rule knows.
    """

    label: str
    score: float
    source: str
    version: str
    spans: tuple[Span, ...] = ()
    rule: str = ""
    person: str = ""
    tense: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was seen in one message, and the names of the readers that could not read it.

    A message with anything in `failed` has not been read: it needs a person.
    """

    signals: tuple[Signal, ...] = ()
    failed: tuple[str, ...] = ()


class Classifier(Protocol):
    """A reader. It may raise: `registry.read_messages` keeps one bad text from the others."""

    name: str
    version: str

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        """One tuple of signals for each text, in the order given. Any string is allowed."""
        ...
