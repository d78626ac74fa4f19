"""Measuring the readers and the policy, as they ship, on labelled files."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from moderation.classifiers.base import ENCODER, Classifier, Reading
from moderation.classifiers.encoder import MAX_CHARACTERS
from moderation.classifiers.labels import ALL, CRISIS, DANGER, TOXICITY, Label
from moderation.classifiers.registry import Unbuilt, build_readers, read_messages
from moderation.classifiers.shipped import CHECKPOINTS, SHIPPED, CheckpointError, digest
from moderation.policy import crisis_alarm, crisis_score, fired_labels, toxicity_score
from moderation.training.bar import Bar, measure_bar
from moderation.training.bootstrap import Bools, Floats
from moderation.training.corpus import CORPUS, Line, read_corpus
from moderation.training.figures import Figures, measure
from moderation.training.loop import Say
from moderation.training.refusal import Refused
from moderation.training.rows import HALF, Record, read_records
from moderation.training.table import Oddities

CHUNK: Final = 256
DANGER_TASK: Final = "crisis"
POOLED: Final = "(all sources)"
OWN_FILE: Final = "corpus, held-out fifth"


@dataclass(frozen=True, slots=True)
class Scored:
    """One measured row: what was annotated, and what was read.

    `probabilities` are the encoder's own. `crisis`, `toxicity`, `fired` and `alarm` are the
    policy's, over all readers. With anything in `failed` none of them means anything.
    """

    record: Record
    probabilities: dict[str, float]
    crisis: float
    toxicity: float
    fired: frozenset[str]
    alarm: bool
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """Figures of one task (a label, or "crisis") on one source."""

    file: str
    source: str
    task: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured. `rows` are in the order of the files; `sha256` is the checkpoint's."""

    entries: list[Entry]
    rows: list[Scored]
    bar: Bar | None
    readers: dict[str, str]
    sha256: str

    @property
    def unread(self) -> int:
        """Rows that some reader could not read: in no figure."""
        return sum(bool(one.failed) for one in self.rows)


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
    probabilities = {str(label): 0.0 for label in ALL}
    for signal in reading.signals:
        if signal.source == ENCODER:
            probabilities[signal.label] = signal.score
    return Scored(
        record,
        probabilities,
        crisis_score(reading),
        toxicity_score(reading),
        fired_labels(reading),
        crisis_alarm(reading),
        reading.failed,
    )


def tables(file: str, scored: Sequence[Scored]) -> list[Entry]:
    """Figures for every source of one file, and for all together where there are several.

    Rows that could not be read are in none of them.
    """
    scored = [one for one in scored if not one.failed]
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
    ranked = label == Label.TOXICITY  # By the number of the policy, as in the scores.
    scores: Floats = np.array([o.toxicity if ranked else o.probabilities[label] for o in rated])
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
            tag=line.kind,
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
    own: bool = False,
    corpus: Path = CORPUS,
) -> Evaluation:
    """Measure on `files` and, with `own`, on the held-out fifth of `corpus`.

    Raises Refused where there is nothing to measure, a file cannot be read, or a reader cannot be
    loaded: figures of what was not read would be false.
    """
    if not files and not own:
        raise Refused("Nothing to measure: name files with --data, or add --own.")
    sets = [(path.name, _file_records(path, say)) for path in files]
    held = [line for line in read_corpus(corpus) if line.held_out] if own else []
    if own:
        sets.append((OWN_FILE, corpus_records(held)))
    readers = loaded_readers(checkpoint)
    entries: list[Entry] = []
    everything: list[Scored] = []
    for name, records in sets:
        say(f"{name}: {len(records)} rows")
        scored = score_records(records, readers, say)
        _say_unread(scored, say)
        everything += scored
        entries += tables(name, scored)
    return Evaluation(
        entries,
        everything,
        _bar(held, everything[-len(held) :]) if held else None,
        {reader.name: reader.version for reader in readers},
        digest(checkpoint or CHECKPOINTS / SHIPPED),
    )


def _file_records(path: Path, say: Say) -> list[Record]:
    odd = Oddities()
    records = list(read_records(path, odd))
    for sentence in odd.sentences():
        say(f"{path.name}: {sentence}")
    if long := sum(len(record.text) > MAX_CHARACTERS for record in records):
        say(f"{path.name}: texts cut to {MAX_CHARACTERS} characters, as many as are read: {long}")
    if not any(record.values or record.crisis is not None for record in records):
        say(f"{path.name}: nothing is annotated in it, so it has scores but no figures")
    return records


def loaded_readers(checkpoint: Path | None) -> tuple[Classifier, ...]:
    """All readers. Raises Refused where one cannot be loaded."""
    readers = build_readers(checkpoint=checkpoint)
    for reader in readers:
        if isinstance(reader, Unbuilt):
            cause = reader.cause
            ours = isinstance(cause, CheckpointError)
            why = str(cause) if ours else f"{type(cause).__name__}: {cause}"
            raise Refused(f"The {reader.name} reader cannot be loaded: {' '.join(why.split())}.")
    return readers


def _say_unread(scored: Sequence[Scored], say: Say) -> None:
    failed = Counter(name for one in scored for name in one.failed)
    if failed:
        rows = sum(bool(one.failed) for one in scored)
        by = ", ".join(f"{name} {count}" for name, count in sorted(failed.items()))
        say(f"{rows} rows could not be read and are in no figure (by reader: {by})")


def _bar(lines: Sequence[Line], scored: Sequence[Scored]) -> Bar:
    read = [(line, one) for line, one in zip(lines, scored, strict=True) if not one.failed]
    return measure_bar([line for line, _ in read], [one for _, one in read])
