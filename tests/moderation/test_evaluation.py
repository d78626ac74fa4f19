"""`evaluate_classifier` on files nobody has seen: every row once, and no false figure."""

import csv
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from moderation.classifiers.base import ENCODER, PATTERNS, Signal
from moderation.classifiers.encoder import Encoder
from moderation.classifiers.labels import ALL, Label
from moderation.classifiers.registry import build_readers, read_messages
from moderation.classifiers.shipped import SHIPPED_SHA256
from moderation.policy import crisis_score, toxicity_score
from moderation.quality import card_lines
from moderation.training.__main__ import main
from moderation.training.bar import measure_bar
from moderation.training.card import BEGIN, CARD, END
from moderation.training.corpus import read_corpus
from moderation.training.evaluation import score_records, tables
from moderation.training.report import write_scores
from moderation.training.rows import Record

SAID = "i want to kill myself tonight"
MESSY = [
    ["a", SAID, "1", "", "self_harm_or_suicide"],
    ["a", "see you at lunch", "0", "NA", "none"],
    ["", "", "0", "-1", "severe"],
    ["d", "you are a stupid idiot\x00", "yes", "maybe", ""],
    ["e", "word " * 30_000, "no", "", "NA"],
]


def silence(words: str) -> None:
    pass


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    path = tmp_path / "unseen.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows([["ID", " Text", "TOXIC", "insult", "label"], *MESSY])
    return path


def scores_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


class Refuses:
    """A reader that cannot read one word."""

    name = ENCODER
    version = "test"

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        if any("poison" in text for text in texts):
            raise RuntimeError("cannot")
        return [(Signal(Label.IDEATION, len(text) / 100, ENCODER, "test"),) for text in texts]


def record(number: int, text: str, crisis: float) -> Record:
    return Record(str(number), text, "made up", "open", {}, crisis)


def test_every_row_is_scored_once_in_order_with_the_encoders_and_the_policys_numbers(
    messy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    call_command(
        "evaluate_classifier", data=[messy], scores=tmp_path / "s.csv", json=tmp_path / "f.json"
    )
    rows = scores_in(tmp_path / "s.csv")
    texts = [text for _, text, *_ in MESSY[:4]]  # The last one is cut, and takes long.
    readers = build_readers()
    encoder = next(reader for reader in readers if isinstance(reader, Encoder))
    own, readings = encoder.probabilities(texts), read_messages(readers, texts)

    assert list(rows[0]) == ["id", *ALL, "crisis"]
    assert [row["id"] for row in rows] == ["a", "a", "2", "d", "e"]
    for row, probabilities, reading in zip(rows[:4], own, readings, strict=True):
        assert float(row["crisis"]) == pytest.approx(crisis_score(reading), abs=1e-4)
        assert float(row["toxicity"]) == pytest.approx(toxicity_score(reading), abs=1e-4)
        read = dict(zip(encoder.labels, probabilities, strict=True))
        for label in set(ALL) - {Label.TOXICITY}:
            assert float(row[label]) == pytest.approx(read[label], abs=1e-4)
    assert "insult 1, label 1" in capsys.readouterr().out
    figures = json.loads((tmp_path / "f.json").read_text())
    counted = {f["task"]: (f["rows"], f["positives"]) for f in figures["figures"]}
    assert counted == {"crisis": (2, 1), "toxicity": (5, 2)}
    assert figures["checkpoint"]["sha256"] == SHIPPED_SHA256


def test_a_phrase_moves_the_policys_number_and_not_the_encoders_probability(tmp_path: Path):
    class Phrases(Refuses):
        name = PATTERNS

        def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
            return [(Signal(Label.IDEATION, 0.97, PATTERNS, "test", rule="said"),) for _ in texts]

    (alone,) = score_records([record(1, "ten letter", 1.0)], [Refuses()], silence)
    (both,) = score_records([record(1, "ten letter", 1.0)], [Refuses(), Phrases()], silence)

    assert alone.probabilities[Label.IDEATION] == both.probabilities[Label.IDEATION] == 0.1
    assert both.crisis > alone.crisis


def test_a_row_that_was_not_read_is_in_no_figure_and_has_empty_cells(tmp_path: Path):
    records = [
        record(1, "a longer line of words", 1.0),
        record(2, "poison", 1.0),
        record(3, "short", 0.0),
        record(4, "lone \ud800 half", 0.0),
    ]
    scored = score_records(records, [Refuses()], silence)
    write_scores(tmp_path / "s.csv", scored)
    (entry,) = tables("made up", scored)
    rows = scores_in(tmp_path / "s.csv")

    assert (entry.figures.rows, entry.figures.positives) == (3, 1)
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert set(list(rows[1].values())[1:]) == {""}
    assert "" not in rows[3].values()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "--data"),
        (["--data", "missing.csv"], "missing.csv cannot be read"),
        (["--data", "no-text.csv"], "no-text.csv has no column text; its columns: id, body"),
        (["--data", "empty.csv"], "empty.csv is empty"),
        (["--data", "fine.csv", "--checkpoint", "nowhere"], "no checkpoint folder nowhere"),
        (["--data", "fine.csv", "--checkpoint", "broken"], "broken has no"),
        (["--data", "fine.csv", "--scores", "nowhere/s.csv"], "no folder nowhere"),
        (["--data", "fine.csv", "--staff-figures", "s.json"], "add --own"),
        (["--data", "fine.csv", "--json", "broken"], "broken cannot be written"),
        (["--data", "fine.csv", "--scores", "./fine.csv"], "fine.csv is named twice"),
        (["--data", "fine.csv", "--json", "x", "--scores", "x"], "x is named twice"),
        (["--data", "fine.csv", "--card", "nowhere"], "no folder nowhere"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(
    arguments: list[str],
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fine.csv").write_text("text,toxic\na line,1\n")
    (tmp_path / "no-text.csv").write_text("id,body\n1,a line\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "broken").mkdir()
    about = {"version": "x", "config": {"dataset": {"args": {"classes": [str(a) for a in ALL]}}}}
    (tmp_path / "broken" / "detoxify.json").write_text(json.dumps(about))

    with pytest.raises(CommandError, match=why):
        call_command("evaluate_classifier", *arguments)
    capsys.readouterr()
    assert main(["evaluate", *arguments]) == 1
    said = capsys.readouterr()
    assert why in said.err
    assert len(said.err.splitlines()) == 1
    assert "rec" not in said.out


def test_own_messages_give_the_bar_the_staff_figures_and_the_card(
    small_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    card = tmp_path / "card"
    card.mkdir()
    (card / CARD).write_text(f"# A card\n\n{BEGIN}\nold\n{END}\n\n## Limits\n")
    shared: dict[str, Any] = {"own": True, "corpus": small_corpus, "card": card}
    call_command(
        "evaluate_classifier",
        json=tmp_path / "f.json",
        staff_figures=tmp_path / "figures.json",
        **shared,
    )
    held = [line for line in read_corpus(small_corpus) if line.held_out]
    bar = json.loads((tmp_path / "f.json").read_text())["bar"]
    said = capsys.readouterr().out

    assert bar["rows"] == len(held)
    assert bar["positives"] == sum(bool(line.labels) for line in held)
    assert set(bar["recall_by_kind"]) == {"plain", "veiled"}
    assert set(bar["false_alarms_by_kind"]) == {"twin"}
    assert bar["recall_at_2_interval"]
    assert "wanted 90%" in said
    staff = json.loads((tmp_path / "figures.json").read_text())
    assert staff["checkpoint"]["version"] == staff["readers"][ENCODER]
    assert {f["source"] for f in staff["figures"]} == {"messages written for it, a fifth held out"}
    assert {line.task for line in card_lines(tmp_path)} >= {"crisis", "self_harm"}
    written = (card / CARD).read_text("utf-8")
    assert "old" not in written
    assert "| no label: twin |" in written
    assert written.endswith(f"{END}\n\n## Limits\n")


def test_the_bar_counts_alarms_by_kind_and_leaves_other_labels_out(tmp_path: Path):
    for file, text in {
        "self_harm/plain-me.txt": "one now\n{self_harm,past_or_recovery} long ago\n",
        "negative/idiom-none.txt": "dying of laughter\nkilling time\n",
        "distress/positive-me.txt": "sad today\n",
    }.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    lines = read_corpus(tmp_path)
    scored = score_records(
        [record(i, line.text, 0.0) for i, line in enumerate(lines)], [Refuses()], silence
    )
    bar = measure_bar(lines, scored)

    assert (bar.figures.rows, bar.figures.positives) == (3, 1)
    assert {kind: (s.hits, s.of) for kind, s in bar.found.items()} == {"plain": (0, 1)}
    assert {kind: s.of for kind, s in bar.false_alarms.items()} == {"idiom": 2}
