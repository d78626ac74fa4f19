"""Fitting the linear model that stands beside the encoder."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.folding import plain
from moderation.classifiers.labels import Label
from moderation.classifiers.wording import BUCKETS, FILE, HEADS, features
from moderation.training.loop import Say
from moderation.training.rows import HALF, PLACE, Row

STRENGTH: Final = 16.0
"""The inverse of how strongly weights are held small (`C` of scikit-learn)."""


def fit_wording(open_rows: Sequence[Row], own_rows: Sequence[Row], folder: Path, say: Say) -> None:
    """Write `wording.safetensors` into a checkpoint folder. Takes minutes; same rows, same file.

    A head whose rows are all yes, or all no, says nothing; where that is so of every head, there is
    no such file.
    """
    from safetensors.numpy import save_file

    (folder / FILE).unlink(missing_ok=True)
    weights = np.zeros((BUCKETS, len(HEADS)), np.int8)
    steps, bias = np.ones(len(HEADS), np.float32), np.zeros(len(HEADS), np.float32)
    rows = [*own_rows, *open_rows]
    matrix = _matrix([row.text for row in rows])
    learnt = False
    for head, labels in enumerate(HEADS):
        told = np.array([_told(row, labels) for row in rows])
        known = np.flatnonzero(~np.isnan(told))
        if len(set(told[known])) < 2:
            say(f"fits no words of {_named(labels)}: the rows are all alike")
            continue
        truth = told[known] >= HALF
        say(f"fits words of {_named(labels)}: {len(known)} rows, {int(truth.sum())} of them are")
        trust = np.array([_weight(row, labels) for row in rows])[known]
        found, bias[head] = _fitted(matrix[known], truth, trust)
        steps[head] = max(np.abs(found).max() / 127, 1e-6)
        weights[:, head] = np.round(found / steps[head])
        learnt = True
    if learnt:
        tensors: dict[str, NDArray[Any]] = {"weights": weights, "steps": steps, "bias": bias}
        save_file(tensors, folder / FILE)
        (folder / FILE).chmod(0o644)


def _named(labels: Sequence[Label]) -> str:
    return " or ".join(labels)


def _fitted(matrix: Any, truth: Any, trust: Any) -> tuple[NDArray[np.float64], float]:
    """Weights [bucket] and bias of logistic regression."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=300, random_state=0)
    fitted.fit(matrix, truth, sample_weight=trust)
    return fitted.coef_[0], float(fitted.intercept_[0])


def _told(row: Row, labels: Sequence[Label]) -> float:
    """1 where any of the labels holds, 0 where none does, NaN where nobody said."""
    said: NDArray[np.float32] = row.targets[[PLACE[label] for label in labels]]
    return math.nan if np.isnan(said).all() else float(np.nanmax(said) >= HALF)


def _weight(row: Row, labels: Sequence[Label]) -> float:
    """What the row counts for in training the encoder counts here too."""
    return float(row.weights[[PLACE[label] for label in labels]].max())


def _matrix(texts: Sequence[str]) -> Any:
    """One line per text: its buckets, all of one weight, and of length one."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    found = [features(plain(text)) for text in texts]
    sizes = np.array([len(buckets) for buckets in found])
    values = np.repeat(1 / np.sqrt(np.maximum(1, sizes)), sizes)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    return csr_matrix((values, np.concatenate(found), ends), shape=(len(texts), BUCKETS))
