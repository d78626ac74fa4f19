"""Checkpoints that others published in Detoxify's format, once converted (`conversion.py`).

They know toxicity only. So they read beside the checkpoint that ships: theirs is what is said of
toxicity, ours is what is said of crisis and safeguarding. Labels are taken by name: their order
differs between models. They read the text as it was written, as they were trained to, and once more
folded as ours is: whoever disguises an insult is not better off for it. The higher score counts.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.base import ENCODER, Classifier, Signal
from moderation.classifiers.folding import plain
from moderation.classifiers.labels import ALL, TOXICITY
from moderation.classifiers.shipped import GOLDEN, CheckpointError, verified

WINDOW: Final = 480
OVERLAP: Final = 60
"""Word pieces of a window. The models take 512; the rest is room for their own marks."""

BATCH: Final = 16
MAX_CHARACTERS: Final = 40_000
GOLDEN_TOLERANCE: Final = 1e-3


class TooLong(ValueError):
    """The text is longer than any message may be: it is refused, not read in part."""


class PublishedModel:
    """One converted checkpoint, run by the library itself."""

    def __init__(self, folder: Path) -> None:
        """Load `folder`, whose digest was verified. Raises CheckpointError."""
        from tokenizers import Tokenizer

        from moderation.classifiers.library import LibraryBackend

        about: dict[str, Any] = json.loads((folder / "detoxify.json").read_text("utf-8"))
        self.version = str(about["version"])
        self._backend = LibraryBackend(folder)
        self.labels = self._backend.labels
        if not set(TOXICITY) <= set(self.labels):
            raise CheckpointError(f"the checkpoint {folder.name} lacks toxicity labels")
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._golden: list[list[float]] | None = about.get("golden")

    def self_test(self) -> None:
        """Read the golden sentences; raise CheckpointError if the answers have changed."""
        found = self.probabilities(GOLDEN)
        if not np.isfinite(found).all():
            raise CheckpointError("the model answers with something that is not a number")
        if self._golden and np.abs(found - np.asarray(self._golden)).max() > GOLDEN_TOLERANCE:
            raise CheckpointError("the model does not answer as it did when it was converted")

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Probabilities [text, label], the maximum over each text's windows. Raises TooLong."""
        if any(len(text) > MAX_CHARACTERS for text in texts):
            raise TooLong(f"a text has more than {MAX_CHARACTERS} characters")
        return self._scores(texts)

    def both_ways(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The higher of what is read as written and folded. Raises TooLong."""
        found = self.probabilities(texts)
        folded = [(i, plain(text)) for i, text in enumerate(texts)]
        changed = [(i, text) for i, text in folded if text != texts[i]]
        if changed:
            # Folded it may be longer, as emoji become words: only what was written is limited.
            rows = [i for i, _ in changed]
            found[rows] = np.maximum(found[rows], self._scores([text for _, text in changed]))
        return found

    def _scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        windows: list[tuple[int, str]] = []
        for owner, text in enumerate(texts):
            windows += [(owner, part) for part in self._parts(_writable(text))]
        found = np.zeros((len(texts), len(self.labels)))
        windows.sort(key=lambda window: len(window[1]))
        for start in range(0, len(windows), BATCH):
            batch = windows[start : start + BATCH]
            scores = self._backend.scores([part for _, part in batch], [[] for _ in batch])
            np.maximum.at(found, [owner for owner, _ in batch], scores)
        return found

    def _parts(self, text: str) -> list[str]:
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        if len(offsets) <= WINDOW:
            return [text]
        starts = range(0, len(offsets) - OVERLAP, WINDOW - OVERLAP)
        return [
            text[offsets[start][0] : offsets[min(start + WINDOW, len(offsets)) - 1][1]]
            for start in starts
        ]


def _writable(text: str) -> str:
    """Lone surrogates would crash the tokenizer."""
    return text.encode("utf-8", "replace").decode("utf-8")


class WithPublished:
    """The encoder's place in the list of readers, taken by two: ours, and a published model."""

    name = ENCODER

    def __init__(self, ours: Classifier, published: PublishedModel) -> None:
        self._ours = ours
        self._published = published
        self.why_slow = str(getattr(ours, "why_slow", ""))
        self.version = f"{ours.version} with {published.version}"

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        """Toxicity as the published model sees it, everything else as ours does."""
        if not texts:
            return []
        rows = self._published.both_ways(texts)
        return [
            (
                *(signal for signal in own if signal.label not in TOXICITY),
                *self._signals(row),
            )
            for own, row in zip(self._ours.read(texts), rows, strict=True)
        ]

    def _signals(self, row: NDArray[np.float64]) -> list[Signal]:
        return [
            Signal(label, float(score), ENCODER, self._published.version)
            for label, score in zip(self._published.labels, row, strict=True)
            if label in TOXICITY or label not in ALL
        ]


def with_published(folder: Path, sha256: str, ours: Classifier) -> Classifier:
    """A reader for a published checkpoint whose digest is pinned. Raises CheckpointError."""
    model = PublishedModel(verified(folder, sha256))
    model.self_test()
    return WithPublished(ours, model)
