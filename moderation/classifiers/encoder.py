"""The encoder: one network that reads for abuse, crisis and safeguarding in one pass.

A linear model on words may stand beside it (`wording.py`); their log-odds of danger are added up.

Long texts are read in overlapping windows and the highest score counts: an average would let a
sentence that matters drown in a page that does not. Batches are of like lengths and about
`BUDGET` padded tokens: mixing lengths costs more in padding than batching wins.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.base import ENCODER, Signal
from moderation.classifiers.folding import plain
from moderation.classifiers.shipped import GOLDEN, CheckpointError, digest, verified
from moderation.classifiers.wording import Wording

WINDOW: Final = 126
OVERLAP: Final = 32
"""Word pieces: a window has two marks besides, 128 in all. It was trained on up to 112; windows of
128 order long posts a little better than shorter ones, and most messages then need only one."""
BUDGET: Final = 768
MAX_CHARACTERS: Final = 40_000
GOLDEN_TOLERANCE: Final = 0.02
FAST_TOLERANCE: Final = 0.15
"""What a golden score may differ by. Int8 moves single scores a little; order hardly changes."""

Scores = NDArray[np.float64]


class TooLong(ValueError):
    """The text is longer than any message may be: it is refused, not read in part."""


class Backend(Protocol):
    """What turns windows into probabilities."""

    kind: str
    labels: tuple[str, ...]

    def scores(self, texts: Sequence[str], ids: Sequence[list[int]]) -> Scores:
        """Probabilities [text, label] of texts that fit one window."""
        ...


class Encoder:
    """The reader over the bundled checkpoint, or over another in the same format."""

    name = ENCODER

    def __init__(self, folder: Path, backend: Backend) -> None:
        from tokenizers import Tokenizer

        about: dict[str, Any] = json.loads((folder / "detoxify.json").read_text("utf-8"))
        self.version: str = about["version"]
        self.backend = backend
        self.labels = backend.labels
        self.why_slow = ""
        self._wording = Wording.load(folder)
        self._golden: list[list[float]] | None = about.get("golden")
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @classmethod
    def load(
        cls, folder: Path | None = None, sha256: str = "", prepared: Path | None = None
    ) -> "Encoder":
        """Load a checkpoint folder (None: the one that ships) and try it on golden sentences.

        With `prepared`, the fast form in that folder reads if it can be trusted; if not, the
        library does, and `why_slow` says why. Raises CheckpointError when files, weights or
        answers are not the expected ones.
        """
        checked = verified(folder, sha256)
        why = ""
        if prepared is not None:
            try:
                return cls._fast(checked, prepared)
            except Exception as cause:  # noqa: BLE001 - whatever is wrong, the library can read
                # Only our own errors are known to name no path.
                why = str(cause) if isinstance(cause, CheckpointError) else type(cause).__name__
        from moderation.classifiers.library import LibraryBackend

        encoder = cls(checked, LibraryBackend(checked))
        encoder.self_test()
        encoder.why_slow = why
        return encoder

    @classmethod
    def _fast(cls, checked: Path, prepared: Path) -> "Encoder":
        from moderation.classifiers.fast import FastBackend, trusted

        encoder = cls(checked, FastBackend(trusted(prepared, digest(checked))))
        encoder.self_test(FAST_TOLERANCE)
        return encoder

    def self_test(self, tolerance: float = GOLDEN_TOLERANCE) -> None:
        """Read the golden sentences; raise CheckpointError if the answers have changed."""
        found = self.probabilities(GOLDEN)
        if not np.isfinite(found).all():
            raise CheckpointError("the model answers with something that is not a number")
        if self._golden is None:
            return
        if np.abs(found - np.asarray(self._golden)).max() > tolerance:
            raise CheckpointError("the model does not answer as it did when it was made")

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        """Every label's probability for every text. Raises TooLong."""
        if not texts:
            return []
        rows = self.probabilities(texts)
        return [
            tuple(
                Signal(label, float(score), ENCODER, self.version)
                for label, score in zip(self.labels, row, strict=True)
            )
            for row in rows
        ]

    def probabilities(self, texts: Sequence[str]) -> Scores:
        """Probabilities [text, label], the maximum over each text's windows."""
        if any(len(text) > MAX_CHARACTERS for text in texts):
            raise TooLong(f"a text has more than {MAX_CHARACTERS} characters")
        windows, owners = self.windows(texts)
        scores = np.empty((len(windows), len(self.labels)))
        for batch in batches([len(ids) for _, ids in windows]):
            chosen = [windows[i] for i in batch]
            scores[batch] = self.backend.scores([t for t, _ in chosen], [i for _, i in chosen])
        if self._wording is not None:
            scores = self._wording.adjusted(scores, [text for text, _ in windows], self.labels)
        found = np.zeros((len(texts), len(self.labels)))
        np.maximum.at(found, owners, scores)
        if np.isnan(scores).any():
            found[np.asarray(owners)[np.isnan(scores).any(axis=1)]] = np.nan
        return found

    def windows(self, texts: Sequence[str]) -> tuple[list[tuple[str, list[int]]], list[int]]:
        """Each window's folded words and word pieces, and which text it is of."""
        windows: list[tuple[str, list[int]]] = []
        owners: list[int] = []
        folded = [plain(text) for text in texts]
        for owner, encoding in enumerate(self._tokenizer.encode_batch(folded)):
            ids, offsets = encoding.ids, encoding.offsets
            for start, end in window_bounds(encoding.word_ids[1:-1]):
                text = folded[owner][offsets[start + 1][0] : offsets[end][1]] if end else ""
                windows.append((text, [ids[0], *ids[start + 1 : end + 1], ids[-1]]))
                owners.append(owner)
        return windows, owners


def window_bounds(words: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """Start and end (exclusive) of each window over word pieces; windows begin and end at words.

    `words[i]` is the number of the word that piece i belongs to. At least one window comes out. A
    word longer than a window is cut inside.
    """
    start = 0
    while len(words) - start > WINDOW:
        end = _word_start(words, start + WINDOW)
        if end <= start + OVERLAP:
            end = start + WINDOW
        yield start, end
        start = max(_word_start(words, end - OVERLAP), start + 1)
    yield start, len(words)


def _word_start(words: Sequence[int | None], index: int) -> int:
    while index > 0 and words[index] == words[index - 1]:
        index -= 1
    return index


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indexes in batches of like lengths, each at most `BUDGET` padded tokens or one text."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[index] * (len(batch) + 1) > BUDGET:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
