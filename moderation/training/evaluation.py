"""Measuring the readers and the policy, as they ship, on labelled files."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from moderation.classifiers.base import Classifier, Reading
from moderation.classifiers.labels import ALL, CRISIS, DANGER, TOXICITY, Label
from moderation.classifiers.registry import build_readers, read_messages
from moderation.policy import crisis_alarm, crisis_score, fired_labels, toxicity_score
from moderation.training.corpus import Line, read_corpus
from moderation.training.figures import Bools, Figures, Floats, measure
from moderation.training.loop import Say
from moderation.training.rows import HALF, Record, read_records

CHUNK: Final = 256
MAX_CHARACTERS: Final = 20_000
DANGER_TASK: Final = "crisis"
POOLED: Final = "(all sources)"


@dataclass(frozen=True, slots=True)
class Scored:
    """One measured row: what was annotated, and what was read."""

    record: Record
    scores: dict[str, float]
    crisis: float
    toxicity: float
    fired: frozenset[str]
    alarm: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """Figures of one task (a label, or "crisis") on one source."""

    file: str
    source: str
    task: str
    figures: Figures


def score_records(
    records: Sequence[Record], readers: Sequence[Classifier], say: Say
) -> list[Scored]:
    """Read every record with every reader. Texts are cut to `MAX_CHARACTERS`."""
    scored: list[Scored] = []
    for start in range(0, len(records), CHUNK):
        chunk = records[start : start + CHUNK]
        readings = read_messages(readers, [r.text[:MAX_CHARACTERS] for r in chunk])
        scored += [_scored(r, reading) for r, reading in zip(chunk, readings, strict=True)]
        if start // CHUNK % 8 == 7 or start + CHUNK >= len(records):
            say(f"read {len(scored)} of {len(records)}")
    return scored


def _scored(record: Record, reading: Reading) -> Scored:
    scores = {str(label): 0.0 for label in ALL}
    for signal in reading.signals:
        scores[signal.label] = max(scores.get(signal.label, 0.0), signal.score)
    return Scored(
        record,
        scores,
        crisis_score(reading),
        toxicity_score(reading),
        fired_labels(reading),
        crisis_alarm(reading),
    )


def tables(file: str, scored: Sequence[Scored]) -> list[Entry]:
    """Figures for every source of one file, and for all together where there are several."""
    sources = sorted({one.record.source for one in scored})
    groups = [(s, [one for one in scored if one.record.source == s]) for s in sources]
    if len(groups) > 1:
        groups.append((POOLED, list(scored)))
    return [entry for source, rows in groups for entry in _entries(file, source, rows)]


def _entries(file: str, source: str, rows: Sequence[Scored]) -> Iterable[Entry]:
    told = [one for one in rows if one.record.crisis is not None]
    if told:
        truth = np.array([bool((one.record.crisis or 0.0) >= HALF) for one in told])
        scores = np.array([one.crisis for one in told])
        alarms = np.array([one.alarm for one in told])
        yield Entry(file, source, DANGER_TASK, measure(truth, scores, alarms))
    for label in ALL:
        rated = [one for one in rows if label in one.record.values]
        if rated:
            yield Entry(file, source, str(label), _label_figures(label, rated))


def _label_figures(label: Label, rated: Sequence[Scored]) -> Figures:
    truth = np.array([one.record.values[label] >= HALF for one in rated])
    scores: Floats = np.array(
        [one.toxicity if label == Label.TOXICITY else one.scores[label] for one in rated]
    )
    flagged: Bools = np.array([label in one.fired for one in rated])
    return measure(truth, scores, flagged)


def corpus_records(lines: Iterable[Line]) -> list[Record]:
    """Our own messages as records: every crisis and safeguarding label is annotated."""
    return [
        Record(
            id=f"{line.file}:{line.number}",
            text=line.text,
            source=f"own:{line.file.removesuffix('.txt')}",
            licence_tier="open",
            values=_annotated(line),
            crisis=float(bool(line.labels & set(DANGER))),
        )
        for line in lines
    ]


def _annotated(line: Line) -> dict[str, float]:
    values = {str(label): float(label in line.labels) for label in ALL if label not in TOXICITY}
    values[str(Label.TOXICITY)] = float(Label.TOXICITY in line.labels)
    if line.labels & set(CRISIS) and Label.DISTRESS not in line.labels:
        del values[str(Label.DISTRESS)]
    return values


def evaluate(
    *,
    files: Sequence[Path],
    say: Say,
    checkpoint: Path | None = None,
    json_out: Path | None = None,
    scores_out: Path | None = None,
    own: bool = False,
) -> list[Entry]:
    """Measure on `files` and, with `own`, on the corpus's held-out fifth.

    Writes the figures to `json_out` and per-row scores to `scores_out` where they are given.
    """
    readers = build_readers(checkpoint=checkpoint)
    entries: list[Entry] = []
    everything: list[Scored] = []
    sets = [(path.name, list(read_records(path))) for path in files]
    if own:
        held = [line for line in read_corpus() if line.held_out]
        sets.append(("corpus, held-out fifth", corpus_records(held)))
    for name, records in sets:
        say(f"{name}: {len(records)} rows")
        scored = score_records(records, readers, say)
        everything += scored
        entries += tables(name, scored)
    if json_out:
        _write_json(json_out, entries, readers)
    if scores_out:
        _write_scores(scores_out, everything)
    return entries


def _write_json(path: Path, entries: Sequence[Entry], readers: Sequence[Classifier]) -> None:
    from moderation.policy import POLICY_VERSION

    value: dict[str, Any] = {
        "policy": POLICY_VERSION,
        "readers": {reader.name: reader.version for reader in readers},
        "figures": [
            {"file": e.file, "source": e.source, "task": e.task, **e.figures.as_dict()}
            for e in entries
        ],
    }
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def _write_scores(path: Path, scored: Sequence[Scored]) -> None:
    """`id`, one probability per label (`toxicity` ranks abuse), and `crisis` for danger."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", *ALL, DANGER_TASK])
        for one in scored:
            row = [f"{one.scores[label]:.6f}" for label in ALL]
            writer.writerow([one.record.id, *row, f"{one.crisis:.6f}"])


def rendered(entries: Sequence[Entry]) -> list[str]:
    """The table for a terminal: one line per source and task."""
    head = (
        f"{'source':34}{'task':22}{'rows':>7}{'pos':>6}{'AUC':>7} {'95 %':^13}{'AP':>6}{'F1':>6}"
        f"{'prec':>6}{'rec':>6}{'alarms':>8}{'r@1%':>6}{'r@5%':>6}"
    )
    lines = [head, "-" * len(head)]
    for entry in entries:
        f = entry.figures
        between = f"{f.auc_interval[0]:.3f}-{f.auc_interval[1]:.3f}" if f.auc_interval else ""
        lines.append(
            f"{entry.source[:33]:34}{entry.task[:21]:22}{f.rows:7}{f.positives:6}"
            f"{_cell(f.auc, 7, 3)} {between:^13}{_cell(f.average_precision, 6)}{_cell(f.f1, 6)}"
            f"{_cell(f.precision, 6)}{_cell(f.recall, 6)}{_percent(f.false_alarms)}"
            f"{_cell(f.recall_at_1, 6)}{_cell(f.recall_at_5, 6)}"
        )
    return lines


def _cell(value: float | None, width: int, places: int = 2) -> str:
    return " " * width if value is None else f"{value:{width}.{places}f}"


def _percent(value: float | None) -> str:
    return " " * 8 if value is None else f"{100 * value:6.2f} %"
