"""The figures of a classifier on one set of labelled rows, with bootstrap intervals."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BOOTSTRAPS: Final = 200
INTERVAL: Final = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one label on one source; None where one class is missing.

    `false_alarms` is the share of negatives at or over the shipped threshold. `recall_at_1` and
    `recall_at_5` are recalls where 1 % and 5 % of the negatives would be flagged. Intervals are
    95 %, percentile bootstrap over rows.
    """

    rows: int
    positives: int
    auc: float | None = None
    auc_interval: tuple[float, float] | None = None
    average_precision: float | None = None
    precision: float | None = None
    recall: float | None = None
    recall_interval: tuple[float, float] | None = None
    f1: float | None = None
    false_alarms: float | None = None
    false_alarms_interval: tuple[float, float] | None = None
    recall_at_1: float | None = None
    recall_at_5: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(truth: Bools, scores: Floats, flagged: Bools, *, seed: int = 0) -> Figures:
    """Figures of `scores` and of the decision `flagged` against `truth`, all one per row."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    found: dict[str, Any] = {"rows": len(truth), "positives": positives}
    samples = _samples(len(truth), seed)
    if negatives:
        found["false_alarms"] = _share(flagged[~truth])
        found["false_alarms_interval"] = _interval(
            [_share(flagged[s][~truth[s]]) for s in samples if (~truth[s]).any()]
        )
    if positives:
        found["recall"] = _share(flagged[truth])
        found["recall_interval"] = _interval(
            [_share(flagged[s][truth[s]]) for s in samples if truth[s].any()]
        )
        found["precision"] = _share(truth[flagged]) if flagged.any() else 0.0
        total = found["precision"] + found["recall"]
        found["f1"] = 2 * found["precision"] * found["recall"] / total if total else 0.0
    if positives and negatives:
        found["auc"] = float(roc_auc_score(truth, scores))
        found["auc_interval"] = _interval(
            [
                float(roc_auc_score(truth[s], scores[s]))
                for s in samples
                if truth[s].any() and not truth[s].all()
            ]
        )
        found["average_precision"] = float(average_precision_score(truth, scores))
        found["recall_at_1"] = recall_at(truth, scores, 0.01)
        found["recall_at_5"] = recall_at(truth, scores, 0.05)
    return Figures(**found)


def recall_at(truth: Bools, scores: Floats, false_alarms: float) -> float:
    """Recall at the lowest threshold that flags no more than this share of the negatives."""
    return _share(scores[truth] > threshold_at(scores[~truth], false_alarms))


def threshold_at(negatives: Floats, false_alarms: float) -> float:
    """The score that only this share of the negatives exceeds (at most, not about)."""
    allowed = int(np.floor(len(negatives) * false_alarms))
    return float(np.sort(negatives)[::-1][allowed])


def _samples(rows: int, seed: int) -> list[NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, rows, size=rows) for _ in range(BOOTSTRAPS)]


def _share(flags: Bools) -> float:
    return float(flags.mean()) if flags.size else 0.0


def _interval(values: list[float]) -> tuple[float, float] | None:
    if not values:
        return None
    low, high = np.percentile(values, INTERVAL)
    return float(low), float(high)
