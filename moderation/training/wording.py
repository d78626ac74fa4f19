"""Fitting the linear model that stands beside the encoder, on the same rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.folding import plain
from moderation.classifiers.labels import DANGER
from moderation.classifiers.wording import BUCKETS, FILE, features
from moderation.training.loop import Say
from moderation.training.rows import HALF, PLACE, Row

STRENGTH: Final = 16.0
"""The inverse of how strongly weights are held small (`C` of scikit-learn)."""

OTHERS: Final = 0.5
"""Weight of an open row: nobody looked at most of them for danger."""


def fit_wording(open_rows: Sequence[Row], own_rows: Sequence[Row], folder: Path, say: Say) -> None:
    """Write `wording.safetensors` into a checkpoint folder. Takes a minute; same rows, same file.

    Rows that are all of danger, or none, teach nothing: then there is no such file.
    """
    from safetensors.numpy import save_file
    from sklearn.linear_model import LogisticRegression

    weighed = [(row, 1.0) for row in own_rows] + [(row, OTHERS) for row in open_rows]
    kept = [(row, weight) for row, weight in weighed if _told(row) is not None]
    rows = [row for row, _ in kept]
    truth = np.array([bool(_told(row)) for row in rows])
    weights = np.array([weight for _, weight in kept])
    (folder / FILE).unlink(missing_ok=True)
    if len(set(truth)) < 2:
        say("fits no words: the rows are all alike")
        return
    say(f"fits the words of {len(rows)} rows, {int(truth.sum())} of them of danger")
    fitted = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=300, random_state=0)
    fitted.fit(_matrix([row.text for row in rows]), truth, sample_weight=weights)
    tensors = {
        "weights": fitted.coef_[0].astype(np.float16),
        "bias": fitted.intercept_.astype(np.float32),
    }
    save_file(tensors, folder / FILE)
    (folder / FILE).chmod(0o644)


def _told(row: Row) -> bool | None:
    """Whether the row is of danger to its writer, or None where nobody said."""
    said: NDArray[np.float32] = row.targets[[PLACE[label] for label in DANGER]]
    if np.isnan(said).all():
        return None
    return bool(np.nanmax(said) >= HALF)


def _matrix(texts: Sequence[str]) -> object:
    """One line per text: its buckets, all of one weight, and of length one."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    found = [features(plain(text)) for text in texts]
    sizes = np.array([len(buckets) for buckets in found])
    values = np.repeat(1 / np.sqrt(np.maximum(1, sizes)), sizes)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    return csr_matrix((values, np.concatenate(found), ends), shape=(len(texts), BUCKETS))
