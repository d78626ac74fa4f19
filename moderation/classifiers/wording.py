"""A linear model on words and runs of letters, which stands beside the encoder for a few labels.

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

from moderation.classifiers.labels import DANGER, Label
from moderation.classifiers.shipped import CheckpointError

FILE: Final = "wording.safetensors"
BITS: Final = 18
BUCKETS: Final = 1 << BITS
HEADS: Final[tuple[tuple[Label, ...], ...]] = (
    DANGER,
    (Label.TOXICITY,),
    (Label.ABUSE_DISCLOSURE,),
    (Label.EATING_DISORDER,),
)
"""Each has weights of its own, and what it says is added to each of its labels. Four is what fits
into a checkpoint of 40 MB."""

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
    """The weights of the buckets [bucket, head], in steps of `steps` [head], and `bias` [head].

    `odds` are log-odds. Raises CheckpointError where a shape or a number is not as it must be.
    """

    def __init__(
        self, weights: NDArray[np.int8], steps: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> None:
        heads = len(HEADS)
        whole = weights.shape == (BUCKETS, heads) and weights.dtype == np.int8
        if not whole or steps.shape != (heads,) or bias.shape != (heads,):
            raise CheckpointError(f"a model on words has {BUCKETS} weights of {heads} heads")
        if not np.isfinite([*steps, *bias]).all():
            raise CheckpointError("a model on words has finite steps and biases")
        self._weights = weights
        self._steps = steps
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
            found = tensors["weights"], tensors["steps"], tensors["bias"]
        except (SafetensorError, KeyError) as error:
            raise CheckpointError(f"the checkpoint {folder.name} has no whole {FILE}") from error
        return cls(*found)

    def odds(self, folded: Sequence[str]) -> Scores:
        """Log-odds [text, head] for each folded text, at most `MOST` either way."""
        found = np.empty((len(folded), len(HEADS)))
        for index, text in enumerate(folded):
            buckets = features(text)
            total = self._weights[buckets].sum(axis=0, dtype=np.int64)
            found[index] = total * self._steps / max(1, len(buckets)) ** 0.5 + self._bias
        return np.clip(found, -MOST, MOST)

    def adjusted(self, scores: Scores, folded: Sequence[str], labels: Sequence[str]) -> Scores:
        """The encoder's probabilities [text, label] with ours added, for the labels of `HEADS`."""
        ours = self.odds(folded)
        together = scores.copy()
        for column, label in enumerate(labels):
            head = next((n for n, group in enumerate(HEADS) if label in group), None)
            if head is not None:
                floored = np.clip(scores[:, column], FLOOR, 1 - FLOOR)
                odds = np.log(floored / (1 - floored)) + SHARE * ours[:, head]
                together[:, column] = 1 / (1 + np.exp(-odds))
        return together
