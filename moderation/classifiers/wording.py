"""A linear model on words and runs of letters, which stands beside the encoder for danger.

The encoder goes by meaning and errs where a sentence of another kind means something like it; this
one goes by the very words and errs where they are new. Half of its log-odds are added to those of
the encoder: together they find more, and mistake fewer ordinary texts, than either.

It belongs to a checkpoint (`wording.safetensors`) and is made with it; one without it, as any
published one is, reads with the encoder alone. (scikit-learn hashes words too, but
it is for training only: a worker loads neither it nor torch.)
"""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.labels import DANGER
from moderation.classifiers.shipped import CheckpointError

FILE: Final = "wording.safetensors"
BITS: Final = 18
BUCKETS: Final = 1 << BITS
SHARE: Final = 0.5
"""What is added of its log-odds. Chosen on the corpus's held-out fifth and the text messages."""

MOST: Final = 4.0
"""Log-odds past which it is not believed further: it has seen no more than words."""

FLOOR: Final = 1e-4
LETTERS: Final = (3, 4, 5)
_WORD: Final = re.compile(r"[a-z0-9']+|[^\sa-z0-9']")
_STEP: Final = np.uint64(0x100000001B3)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Scores = NDArray[np.float64]
Features = NDArray[np.int64]


def features(folded: str) -> Features:
    """The buckets of a folded text: words alone, in twos and threes, and runs of 3 to 5 letters.

    Sums of 64 bits run over on purpose: they are hashes.
    """
    letters = np.frombuffer(f" {folded} ".encode("utf-8", "replace"), np.uint8).astype(np.uint64)
    words = np.array(
        [zlib.crc32(word.encode("utf-8", "replace")) for word in _WORD.findall(folded)], np.uint64
    )
    runs = [_runs(letters, length) for length in LETTERS]
    runs += [_runs(words, length) + np.uint64(length << 40) for length in (1, 2, 3)]
    mixed = np.concatenate(runs) * _MIX
    return np.unique((mixed ^ (mixed >> np.uint64(31))) * _MIX >> np.uint64(64 - BITS)).astype(
        np.int64
    )


def _runs(values: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """One number for each run of that many neighbours."""
    count = len(values) - length + 1
    if count < 1:
        return np.zeros(0, np.uint64)
    runs = np.full(count, np.uint64(length))
    for start in range(length):
        runs = runs * _STEP + values[start : start + count]
    return runs


class Wording:
    """The weights of the buckets. `odds` are log-odds of danger to the writer, now."""

    def __init__(self, weights: NDArray[np.float32], bias: float) -> None:
        if weights.shape != (BUCKETS,) or not np.isfinite([weights.sum(), bias]).all():
            raise CheckpointError(f"a model on words has {BUCKETS} finite weights and a bias")
        self._weights = weights
        self._bias = bias

    @classmethod
    def load(cls, folder: Path) -> "Wording | None":
        """That of a checkpoint folder, or None where it has none. Raises CheckpointError."""
        path = folder / FILE
        if not path.is_file():
            return None
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            tensors: dict[str, Any] = load_file(path)
            weights, bias = tensors["weights"].astype(np.float32), float(tensors["bias"][0])
        except (SafetensorError, KeyError, IndexError) as error:
            raise CheckpointError(f"the checkpoint {folder.name} has no whole {FILE}") from error
        return cls(weights, bias)

    def odds(self, folded: Sequence[str]) -> Scores:
        """Log-odds for each folded text, at most `MOST` either way."""
        found = np.empty(len(folded))
        for index, text in enumerate(folded):
            buckets = features(text)
            found[index] = self._weights[buckets].sum() / max(1, len(buckets)) ** 0.5 + self._bias
        return np.clip(found, -MOST, MOST)

    def adjusted(self, scores: Scores, folded: Sequence[str], labels: Sequence[str]) -> Scores:
        """The encoder's probabilities [text, label] with ours added where danger is read."""
        columns = [index for index, label in enumerate(labels) if label in DANGER]
        floored = np.clip(scores[:, columns], FLOOR, 1 - FLOOR)
        odds = np.log(floored / (1 - floored)) + SHARE * self.odds(folded)[:, None]
        together = scores.copy()
        together[:, columns] = 1 / (1 + np.exp(-odds))
        return together
