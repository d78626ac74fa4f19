"""Training and measuring rows: a text, and for each label 1, 0, or "nobody said" (NaN)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.labels import ALL, CRISIS, DANGER, SAFEGUARDING, TOXICITY, Label
from moderation.training.corpus import Line
from moderation.training.table import TEXT, UNSAID, Oddities, annotation, read_cells

Floats = NDArray[np.float32]

MAY_TRAIN: Final = frozenset({"open", "open-sa"})
"""Licence tiers whose rows may shape the weights that ship. Every other row is measured on only."""

COLUMNS: Final = {
    "toxic": Label.TOXICITY,
    "severe_toxic": Label.SEVERE_TOXICITY,
    "obscene": Label.OBSCENE,
    "threat": Label.THREAT,
    "insult": Label.INSULT,
    "identity_hate": Label.IDENTITY_ATTACK,
}
CRISIS_LABELS: Final = {"self_harm_or_suicide": 1.0, "distress": 0.0, "none": 0.0}
"""What the column `label` says about the writer's self-harm or suicide."""

NAMES: Final = {**COLUMNS, **{str(label): label for label in ALL}}
"""Columns that say yes or no to a label: Jigsaw's names for them, and ours."""

PLACE: Final = {label: index for index, label in enumerate(ALL)}
ALSO_RARE: Final = (
    Label.EATING_DISORDER,
    Label.ABUSE_DISCLOSURE,
    Label.WORRIED_ABOUT_FRIEND,
    Label.PAST_OR_RECOVERY,
)
HALF: Final = 0.5
ASSUMED: Final = 0.5
"""Weight of a 0 that no annotator gave: a comment on an article is not a cry for help, mostly."""

_FIRST_PERSON: Final = re.compile(
    r"\b(suicid|kill(ing)? my ?self|end(ing)? my life|want to die|wanna die|cut(ting)? my ?self|"
    r"self.?harm|better off dead|hurt(ing)? my ?self|anorexi|bulimi|raped? me|depress)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One text. `targets` and `weights` have one number per label of `labels.ALL`."""

    text: str
    targets: Floats
    weights: Floats
    source: str
    id: str = ""
    licence_tier: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a data file as it stands: `values` holds only what was annotated."""

    id: str
    text: str
    source: str
    licence_tier: str
    values: dict[str, float]
    crisis: float | None
    tag: str = ""


def read_records(path: Path, odd: Oddities | None = None) -> Iterator[Record]:
    """Every row of one file in the columns of the data's README. An empty cell is not a label.

    `crisis` is 1, 0 or None: whether the row is about the writer's self-harm or suicide. A row
    without an id gets its number, counted from 0. Cells that say neither yes nor no are taken as
    not annotated, and counted in `odd` with whatever else is odd. Raises Refused.
    """
    odd = Oddities() if odd is None else odd
    for number, cells in enumerate(read_cells(path, odd)):
        values: dict[str, float] = {}
        for name, label in NAMES.items():
            value = _value(cells, name, odd)
            if value is not None:
                values[str(label)] = value
        yield Record(
            id=cells.get("id", "").strip() or str(number),
            text=cells.get(TEXT, ""),
            source=cells.get("source", "").strip() or path.name,
            licence_tier=cells.get("licence_tier", "").strip(),
            values=values,
            crisis=_crisis(cells, odd),
            tag=cells.get("label", "").strip() or cells.get("tag", "").strip(),
        )


def _value(cells: dict[str, str], name: str, odd: Oddities) -> float | None:
    try:
        return annotation(cells.get(name, ""))
    except ValueError:
        odd.cells[name] += 1
        return None


def _crisis(cells: dict[str, str], odd: Oddities) -> float | None:
    """Distress alone does not say no: where a column `sh` is there and empty, nobody decided."""
    given = _value(cells, "sh", odd)
    if given is not None:
        return given
    label = cells.get("label", "").strip().casefold()
    if label not in CRISIS_LABELS and label not in UNSAID:
        odd.cells["label"] += 1
    if label == "distress" and "sh" in cells:
        return None
    return CRISIS_LABELS.get(label)


def open_rows(paths: Iterable[Path], caps: dict[str, int], rng: np.random.Generator) -> list[Row]:
    """Rows that may train, at most `caps[source]` of each source (all where none is given).

    Rows of any tier but `open` and `open-sa`, and rows without a tier, are left out.
    """
    by_source: dict[str, list[Row]] = {}
    for path in paths:
        for record in read_records(path):
            if record.licence_tier in MAY_TRAIN and record.text.strip():
                by_source.setdefault(record.source, []).append(_open_row(record))
    rows: list[Row] = []
    for source, found in sorted(by_source.items()):
        cap = caps.get(source, len(found))
        chosen = rng.permutation(len(found))[:cap]
        rows.extend([found[i] for i in sorted(chosen)] * REPEATS.get(source, 1))
    return rows


REPEATS: Final = {"convabuse": 3, "surge_toxicity": 3}
"""Small sources, labelled with care, that would drown among tens of thousands of coarse rows."""

LOW_WEIGHT: Final = {
    "davidson_hate_offensive": 0.6,
    "hatexplain": 0.5,
    "toxic_spans_civil": 0.7,
    "stormfront_hate": 0.7,
}
"""Sources that over-flag dialect and reclaimed words count for less."""


def _open_row(record: Record) -> Row:
    targets = np.full(len(ALL), np.nan, dtype=np.float32)
    weights = np.full(len(ALL), LOW_WEIGHT.get(record.source, 1.0), dtype=np.float32)
    for label, value in record.values.items():
        targets[PLACE[Label(label)]] = value
    if record.values.get(Label.IDENTITY_ATTACK, 0.0) >= HALF:
        targets[PLACE[Label.TOXICITY]] = 1.0  # An attack on a group is toxic, whoever was asked.
    told = _FIRST_PERSON.search(record.text) is not None
    if record.crisis == 0.0 or (record.crisis is None and not told):
        assumed: tuple[Label, ...] = (
            *DANGER,
            Label.EATING_DISORDER,
            Label.ABUSE_DISCLOSURE,
            *SAFEGUARDING,
        )
        if record.tag == "distress":
            assumed = DANGER
            targets[PLACE[Label.DISTRESS]] = 1.0
        for label in assumed:
            targets[PLACE[label]] = 0.0
            weights[PLACE[label]] = ASSUMED if record.crisis is None else 1.0
    return Row(record.text, targets, weights, record.source, record.id, record.licence_tier)


def corpus_rows(lines: Iterable[Line]) -> list[Row]:
    """Rows of our own messages, which say yes or no to nearly every label."""
    return [_corpus_row(line) for line in lines]


def _corpus_row(line: Line) -> Row:
    targets = np.zeros(len(ALL), dtype=np.float32)
    for label in line.labels:
        targets[PLACE[label]] = 1.0
    for label in _unsaid(line):
        targets[PLACE[label]] = np.nan
    weights = np.ones(len(ALL), dtype=np.float32)
    source, place = f"own:{line.file.split('/')[0]}", f"{line.file}:{line.number}"
    return Row(line.text, targets, weights, source, place, "open")


def _unsaid(line: Line) -> set[Label]:
    """What the writers of the corpus were not asked to tell apart: never read it as no."""
    labels = line.labels
    unsaid: set[Label] = set()
    if labels & set(TOXICITY):
        unsaid |= set(TOXICITY)
    if line.kind in ("self_swearing", "reclaimed", "blunt"):
        unsaid.add(Label.OBSCENE)
    if line.kind == "everyday":
        unsaid.add(Label.CONTACT_MOVE)  # Among friends "meet at exit c" is nothing.
    if labels & set(CRISIS):
        unsaid.add(Label.DISTRESS)
    if labels & {Label.METHOD_SEEKING, Label.SELF_HARM}:
        unsaid |= {Label.IDEATION, Label.SELF_HARM}
    if labels & {Label.PAST_OR_RECOVERY, Label.WORRIED_ABOUT_FRIEND}:
        unsaid.add(Label.ABUSE_DISCLOSURE)
    if Label.GROOMING in labels:
        unsaid.add(Label.CONTACT_MOVE)
    return unsaid - labels
