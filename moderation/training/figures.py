"""The figures of a classifier on one set of labelled rows, with bootstrap intervals."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from moderation.training.bootstrap import RATES, Bools, Floats, intervals

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one label on one source; None where one class is missing.

    `false_alarms` is the share of negatives at or over the shipped threshold. `recall_at_1`, `_2`
    and `_5` are recalls where 1, 2 and 5 % of the negatives would be flagged. Intervals are 95 %,
    percentile bootstrap over rows.
    """

    rows: int
    positives: int
    auc: float | None = None
    auc_interval: Interval | None = None
    average_precision: float | None = None
    average_precision_interval: Interval | None = None
    precision: float | None = None
    precision_interval: Interval | None = None
    recall: float | None = None
    recall_interval: Interval | None = None
    f1: float | None = None
    f1_interval: Interval | None = None
    false_alarms: float | None = None
    false_alarms_interval: Interval | None = None
    recall_at_1: float | None = None
    recall_at_1_interval: Interval | None = None
    recall_at_2: float | None = None
    recall_at_2_interval: Interval | None = None
    recall_at_5: float | None = None
    recall_at_5_interval: Interval | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(truth: Bools, scores: Floats, flagged: Bools, *, seed: int = 0) -> Figures:
    """Figures of `scores` and of the decision `flagged` against `truth`, all one per row."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    found: dict[str, Any] = {}
    if negatives:
        found["false_alarms"] = _share(flagged[~truth])
    if positives:
        found["recall"] = _share(flagged[truth])
        found["precision"] = _share(truth[flagged]) if flagged.any() else 0.0
        total = found["precision"] + found["recall"]
        found["f1"] = 2 * found["precision"] * found["recall"] / total if total else 0.0
    if positives and negatives:
        found["auc"] = float(roc_auc_score(truth, scores))
        found["average_precision"] = float(average_precision_score(truth, scores))
        found |= {name: recall_at(truth, scores, rate) for name, rate in RATES.items()}
    between = intervals(truth, scores, flagged, seed)
    found |= {f"{name}_interval": between.get(name) for name in list(found)}
    return Figures(rows=len(truth), positives=positives, **found)


def recall_at(truth: Bools, scores: Floats, false_alarms: float) -> float:
    """Recall at the lowest threshold that flags no more than this share of the negatives."""
    return _share(scores[truth] > threshold_at(scores[~truth], false_alarms))


def threshold_at(negatives: Floats, false_alarms: float) -> float:
    """The score that only this share of the negatives exceeds (at most, not about)."""
    allowed = int(np.floor(len(negatives) * false_alarms))
    return float(np.sort(negatives)[::-1][allowed])


def _share(flags: Bools) -> float:
    return float(flags.mean()) if flags.size else 0.0
