"""What is written of an evaluation: tables for people, figures as JSON, scores as CSV."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from moderation.classifiers.base import ENCODER
from moderation.classifiers.labels import ALL, Label
from moderation.policy import POLICY_VERSION
from moderation.training.bar import rendered_bar
from moderation.training.evaluation import (
    DANGER_TASK,
    OWN_FILE,
    POOLED,
    Entry,
    Evaluation,
    Scored,
)

STAFF_SOURCES: Final = ("cssrs_reddit_500", "openai_moderation_1680", "rallypoint_suicide", "sdcnl")
"""Sets that people labelled with care, or that are known to be hard. Others flatter: 0.98 on weakly
labelled rows was 0.79 on C-SSRS."""

STAFF_OWN: Final = "messages written for it, a fifth held out"


def as_json(done: Evaluation, entries: Sequence[Entry]) -> str:
    """Figures with the versions of everything that gave them."""
    value: dict[str, Any] = {
        "policy": POLICY_VERSION,
        "checkpoint": {"version": done.readers[ENCODER], "sha256": done.sha256},
        "readers": done.readers,
        "rows": len(done.rows),
        "unread": done.unread,
        "figures": [
            {"file": e.file, "source": e.source, "task": e.task, **e.figures.as_dict()}
            for e in entries
        ],
    }
    if done.bar:
        value["bar"] = done.bar.as_dict()
    return json.dumps(value, indent=1) + "\n"


def staff_entries(entries: Sequence[Entry]) -> list[Entry]:
    """What staff see: danger on `STAFF_SOURCES`, and every task on all of our own lines."""
    own = [e for e in entries if e.file == OWN_FILE and e.source == POOLED]
    shown = [e for e in entries if e.source in STAFF_SOURCES and e.task == DANGER_TASK]
    return [*shown, *(replace(e, source=STAFF_OWN) for e in own)]


def write_scores(path: Path, scored: Sequence[Scored]) -> None:
    """One line per row of the files, in their order; empty cells where it could not be read.

    `id`, the encoder's probability of each label, and the two numbers that the policy ranks by:
    `toxicity` (in its label's column) and `crisis`.
    """
    with path.open("w", encoding="utf-8", errors="replace", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", *ALL, DANGER_TASK])
        for one in scored:
            numbers = {**one.probabilities, str(Label.TOXICITY): one.toxicity}
            row = [*(numbers[label] for label in ALL), one.crisis]
            cells = ["" if one.failed else f"{number:.9g}" for number in row]
            writer.writerow([one.record.id, *cells])


def rendered(done: Evaluation) -> list[str]:
    """The table for a terminal: one line per source and task, then the bar."""
    head = (
        f"{'source':34}{'task':22}{'rows':>7}{'pos':>6}{'AUC':>7} {'95 %':^13}{'AP':>6}{'F1':>6}"
        f"{'prec':>6}{'rec':>6} {'95 %':^11}{'alarms':>8}{'r@1%':>6}{'r@5%':>6}"
    )
    lines = [head, "-" * len(head)]
    for entry in done.entries:
        f = entry.figures
        lines.append(
            f"{entry.source[:33]:34}{entry.task[:21]:22}{f.rows:7}{f.positives:6}"
            f"{_cell(f.auc, 7, 3)} {_between(f.auc_interval, 3):^13}"
            f"{_cell(f.average_precision, 6)}{_cell(f.f1, 6)}{_cell(f.precision, 6)}"
            f"{_cell(f.recall, 6)} {_between(f.recall_interval, 2):^11}{_percent(f.false_alarms)}"
            f"{_cell(f.recall_at_1, 6)}{_cell(f.recall_at_5, 6)}"
        )
    if done.unread:
        lines.append(f"{done.unread} of {len(done.rows)} rows could not be read: in no figure")
    return [*lines, *(rendered_bar(done.bar) if done.bar else [])]


def _between(interval: tuple[float, float] | None, places: int) -> str:
    return f"{interval[0]:.{places}f}-{interval[1]:.{places}f}" if interval else ""


def _cell(value: float | None, width: int, places: int = 2) -> str:
    return " " * width if value is None else f"{value:{width}.{places}f}"


def _percent(value: float | None) -> str:
    return " " * 8 if value is None else f"{100 * value:6.2f} %"
