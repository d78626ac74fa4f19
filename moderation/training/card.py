"""The model card of a checkpoint: written when it is made, its figures when it is measured.

It lies beside the weights as README.md and is not among the files that make up the digest, so
measuring a checkpoint does not change which checkpoint it is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from moderation.classifiers.labels import ALL
from moderation.classifiers.shipped import CHECKPOINTS, FILES, SHIPPED, digest
from moderation.rates import Share
from moderation.training.evaluation import Entry, Evaluation
from moderation.training.figures import Interval
from moderation.training.loop import Plan
from moderation.training.refusal import Refused
from moderation.training.report import staff_entries
from moderation.training.rows import HALF, PLACE, Row

CARD: Final = "README.md"
BEGIN: Final = "<!-- figures: written by evaluate_classifier --card -->"
END: Final = "<!-- end of figures -->"

_ABOUT: Final = """\
A small English text encoder that reads one message for abuse, crisis and safeguarding, in the
checkpoint format of the `detoxify` library. It orders people's work. It never decides about a
person: no score closes, refuses or diagnoses anything.
"""

_LIMITS: Final = """\
## What it cannot do

- It misses cries for help, above all those that only hint. Phrases, peers' reports, moderators and
  the button "I need help now" must not depend on it.
- It reads English. Other languages, even mixed in, are mostly noise to it.
- Sarcasm, pictures, voice, what was said before, and who is speaking are outside its sight.
- It over-reads dialect and reclaimed words, and misses veiled hate.
- A probability here is an order, not a frequency: it is not calibrated to how often people are at
  risk.

## Who is missing

No young person's real message, and no real disclosure, has taught it. Our own messages are
imagined. Nobody has compared its misses by age, gender, ethnicity, disability or dialect of real
authors. Neither clinicians nor young people have reviewed the labels.
"""


def training_card(
    version: str, plan: Plan, open_rows: Sequence[Row], own_rows: Sequence[Row], begun_from: str
) -> str:
    """The card of a checkpoint that was just made, without figures."""
    rows = [*open_rows, *own_rows]
    return "\n".join(
        [
            f"# Model card: {version}\n",
            _ABOUT,
            "## How it was made\n",
            f"`manage.py train_classifier`, begun from {begun_from}.\n",
            *_table(("setting", "value"), [(k, str(v)) for k, v in asdict(plan).items()]),
            "\n## Data\n",
            "Rows under any licence but open and shared-alike ones are refused by the code that "
            "reads them.\nSmall, careful sources are counted as often as they are repeated.\n",
            *_table(("source", "licence", "rows"), _sources(rows)),
            "\nWhat a source did not annotate is masked: it teaches neither yes nor no. Rows that "
            "say nothing of\ncrisis count as “no” at half weight, unless they speak of it in "
            "the first person.\n",
            *_table(("label", "yes", "no", "masked"), _annotated(rows)),
            "\n## Figures\n",
            f"{BEGIN}\nNot measured yet: `manage.py evaluate_classifier --own --card FOLDER`.\n"
            f"{END}\n",
            _LIMITS,
        ]
    )


def _sources(rows: Sequence[Row]) -> list[tuple[str, str, str]]:
    found = Counter((row.source, row.licence_tier) for row in rows)
    return [(source, tier, f"{n:,}") for (source, tier), n in sorted(found.items())]


def _annotated(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    if not rows:
        return []
    targets = np.stack([row.targets for row in rows])
    counts = [(targets >= HALF).sum(axis=0), (targets < HALF).sum(axis=0)]
    counts.append(np.isnan(targets).sum(axis=0))
    return [(str(label), *(f"{int(c[PLACE[label]]):,}" for c in counts)) for label in ALL]


def check_card(folder: Path, checkpoint: Path | None) -> None:
    """Raises Refused where `folder` is not the checkpoint that is to be measured."""
    if not folder.is_dir():
        raise Refused(f"There is no folder {folder} with a card to write into.")
    holds_one = all((folder / name).is_file() for name in FILES)
    if holds_one and digest(folder) != digest(checkpoint or CHECKPOINTS / SHIPPED):
        raise Refused(f"{folder} holds another checkpoint: measure it with --checkpoint {folder}.")


def write_figures(folder: Path, done: Evaluation) -> None:
    """Put the figures between the marks of the card, or at its end where it has none."""
    path = folder / CARD
    text = path.read_text("utf-8") if path.is_file() else f"# Figures of {folder.name}\n"
    if BEGIN not in text or END not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    path.write_text(f"{before}{BEGIN}\n{figures_text(done)}\n{END}{after}", encoding="utf-8")


def figures_text(done: Evaluation) -> str:
    """The figures as tables, with 95 % intervals."""
    shown = staff_entries(done.entries) or done.entries
    figures = ("AUC", "recall", "precision", "F1", "false alarms", "recall at 1 %", "recall at 5 %")
    header = ("set", "task", "rows", "positive", *figures)
    readers = ", ".join(f"{name} {version}" for name, version in done.readers.items())
    lines = [
        f"Read by {readers}. 95 % bootstrap intervals. {done.unread} rows could not be read.\n",
        *_table(header, [_figures_row(entry) for entry in shown]),
    ]
    if done.bar:
        bar = done.bar.figures
        share = ("kind", "alarms", "rows", "share")
        harmless = bar.rows - bar.positives
        lines += [
            f"\nDanger alarm on intent, plan or self-harm now ({bar.positives}): "
            f"{_number(bar.recall, bar.recall_interval)}; where 2 % of the lines without "
            "any label\nwould be flagged by the crisis number: "
            f"{_number(bar.recall_at_2, bar.recall_at_2_interval)}. On lines without any "
            f"label ({harmless}):\n"
            f"{_number(bar.false_alarms, bar.false_alarms_interval)}.\n",
            *_table(share, _kinds("danger", done.bar.found)),
            "",
            *_table(share, _kinds("no label", done.bar.false_alarms)),
        ]
    return "\n".join(lines)


def _kinds(what: str, shares: Mapping[str, Share]) -> list[tuple[str, ...]]:
    return [
        (f"{what}: {kind}", str(s.hits), str(s.of), _number(s.value, (s.low, s.high)))
        for kind, s in shares.items()
    ]


def _figures_row(entry: Entry) -> tuple[str, ...]:
    f = entry.figures
    return (
        entry.source,
        entry.task,
        f"{f.rows:,}",
        f"{f.positives:,}",
        _number(f.auc, f.auc_interval),
        _number(f.recall, f.recall_interval),
        _number(f.precision, f.precision_interval),
        _number(f.f1, f.f1_interval),
        _number(f.false_alarms, f.false_alarms_interval),
        _number(f.recall_at_1, f.recall_at_1_interval),
        _number(f.recall_at_5, f.recall_at_5_interval),
    )


def _number(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f} ({interval[0]:.3f}–{interval[1]:.3f})" if interval else f"{value:.3f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in lines]
