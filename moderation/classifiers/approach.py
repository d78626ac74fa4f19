"""Parts of an approach: asking age, secrecy, pictures, being alone; offering gifts.

One such line decides nothing, and no rule of the policy knows these labels. They are stored with
the assessment, so that several of them can be seen together (`moderation.patterns_over_time`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from moderation.classifiers.base import APPROACH, Signal, Span
from moderation.classifiers.folding import Folded, fold
from moderation.classifiers.phrases import compiled

FILE: Final = Path(__file__).with_name("approach_patterns.yaml")
MAX_CHARACTERS: Final = 40_000
SEEN: Final = 0.9
"""The fixed score of a match: it says that the words are there, not what they mean."""


class TooLong(ValueError):
    """The text is longer than any message may be: it is refused, not read in part."""


class ApproachReader:
    """The reader over `approach_patterns.yaml`, or another file of the same form."""

    name = APPROACH

    def __init__(self, file: Path = FILE) -> None:
        """Compile the patterns; a broken one raises here, not while reading."""
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
        self.version = str(given["version"])
        self._detectors: list[tuple[str, list[Any]]] = [
            (str(entry["label"]), [compiled(pattern) for pattern in entry["patterns"]])
            for entry in given["detectors"]
        ]

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        """One signal per label that is seen, with all its places. Raises TooLong."""
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> tuple[Signal, ...]:
        if len(text) > MAX_CHARACTERS:
            raise TooLong(f"a text has more than {MAX_CHARACTERS} characters")
        folded = fold(text, apostrophes=False)
        return tuple(
            Signal(label, SEEN, APPROACH, self.version, spans, rule=label)
            for label, patterns in self._detectors
            if (spans := _places(patterns, folded))
        )


def _places(patterns: Sequence[Any], folded: Folded) -> tuple[Span, ...]:
    return tuple(
        folded.span(*match.span())
        for pattern in patterns
        for match in pattern.finditer(folded.text)
    )
