"""A training run can be killed anywhere, goes on as if it had not been, and never mixes data."""

import csv
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from detoxify import Detoxify
from django.core.management import CommandError, call_command
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

from moderation.classifiers.encoder import Encoder
from moderation.classifiers.labels import ALL
from moderation.classifiers.library import LibraryBackend
from moderation.classifiers.shipped import CHECKPOINTS, SHIPPED, digest
from moderation.training.card import CARD
from moderation.training.loop import STATE, Plan, Trainer
from moderation.training.refusal import Refused
from moderation.training.rows import Row
from moderation.training.run import drawn, train
from moderation.training.vocabulary import build

WORDS = ["one", "two", "tea", "rain", "bus", "late", "home", "song"]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *"abcdefghijklmnopqrstuvwxyz"]
PLAN = Plan(
    epochs=2, budget=60, mixed_share=0.2, own_repeats=1, average=0.9, dropout=0.1, save_steps=10
)
BEGIN = CHECKPOINTS / SHIPPED


class Killed(Exception):
    """Stands for whatever ends a process in the middle of a run."""


def silence(words: str) -> None:
    pass


def killed_at_step_25(words: str) -> None:
    if words.startswith("step 25/"):
        raise Killed


def tiny_model(seed: int = 1) -> BertForSequenceClassification:
    torch.manual_seed(seed)
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=len(PIECES),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            num_labels=len(ALL),
        )
    )


def rows(count: int, seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    return [
        Row(
            " ".join(rng.choice(WORDS, size=6)),
            rng.integers(0, 2, size=len(ALL)).astype(np.float32),
            np.ones(len(ALL), dtype=np.float32),
            "made up",
        )
        for _ in range(count)
    ]


def trained(folder: Path, say=silence, plan: Plan = PLAN, model=None, open_rows=None, own=None):
    model = model or tiny_model()
    Trainer(model, build(PIECES), plan, folder, say).run(
        open_rows or rows(90, 2), own or rows(9, 3)
    )
    return model.state_dict()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_a_killed_run_goes_on_to_the_weights_of_one_that_ran_through(tmp_path: Path):
    through = trained(tmp_path / "through")
    with pytest.raises(Killed):
        trained(tmp_path / "killed", killed_at_step_25)
    said: list[str] = []
    resumed = trained(tmp_path / "killed", said.append)

    assert said[0] == "goes on from step 20"
    assert same(through, resumed)


def test_a_run_that_has_ended_is_not_trained_further(tmp_path: Path):
    assert same(trained(tmp_path), trained(tmp_path))


def test_another_seed_gives_other_weights(tmp_path: Path):
    assert not same(trained(tmp_path / "1"), trained(tmp_path / "2", plan=replace(PLAN, seed=9)))


def test_dropout_reaches_the_encoder(tmp_path: Path):
    assert not same(
        trained(tmp_path / "1"), trained(tmp_path / "2", plan=replace(PLAN, dropout=0.0))
    )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"plan": replace(PLAN, rate=1e-3)}, "another plan"),
        ({"open_rows": rows(90, 4)}, "other open rows:"),
        ({"open_rows": rows(45, 2)}, "other open rows:"),
        ({"own": rows(9, 4)}, "other own messages:"),
        ({"model": tiny_model(2)}, "other weights to begin from:"),
    ],
)
def test_a_run_does_not_go_on_with_something_else(tmp_path: Path, changed, why: str):
    with pytest.raises(Killed):
        trained(tmp_path, killed_at_step_25)
    before = (tmp_path / STATE).read_bytes()
    with pytest.raises(Refused, match=why):
        trained(tmp_path, **changed)

    assert (tmp_path / STATE).read_bytes() == before


def test_a_short_run_sees_some_files_whole_and_a_share_of_the_rest():
    own = [
        replace(row, id=f"{name}:{number}")
        for name in ("negative/texts-none.txt", "toxic/insult-none.txt")
        for number, row in enumerate(rows(400, 5))
    ]
    seen = drawn(own, 0.25, ["negative/texts-none.txt"], np.random.default_rng(1))
    again = drawn(own, 0.25, ["negative/texts-none.txt"], np.random.default_rng(1))

    assert seen[:400] == own[:400]
    assert 70 < len(seen[400:]) < 130
    assert [row.id for row in seen] == [row.id for row in again]


@pytest.mark.parametrize(
    ("share", "whole", "why"),
    [(0.2, ["negative/text-none.txt"], "negative/text-none.txt"), (1.5, [], "between 0 and 1")],
)
def test_a_short_run_of_what_is_not_there_is_refused(share: float, whole: list[str], why: str):
    own = [replace(row, id="toxic/insult-none.txt:1") for row in rows(3, 5)]

    with pytest.raises(Refused, match=why):
        drawn(own, share, whole, np.random.default_rng(1))


def test_a_run_does_not_go_on_with_other_word_pieces(tmp_path: Path):
    with pytest.raises(Killed):
        trained(tmp_path, killed_at_step_25)
    other = build([*PIECES[:5], *reversed(PIECES[5:])])

    with pytest.raises(Refused, match="other word pieces:"):
        Trainer(tiny_model(), other, PLAN, tmp_path, silence).run(rows(90, 2), rows(9, 3))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few made-up rows in the files that training reads."""
    folder = tmp_path_factory.mktemp("data")
    head = ["id", "text", "toxic", "label", "source", "licence_tier"]
    toxic = [[str(n), f"tea number {n} is fine", str(n % 2), "", "talk", "open"] for n in range(6)]
    crisis = [["c", "a long day at home", "", "none", "days", "open-sa"]]
    for name, found in (("toxicity", toxic), ("crisis", crisis)):
        with gzip.open(folder / f"train.{name}.csv.gz", "wt", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([head, *found])
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    (root / "negative").mkdir()
    lines = "".join(f"the bus was late {word}\n" for word in WORDS)
    (root / "negative" / "everyday-none.txt").write_text(lines)
    return root


def run(data: Path, corpus: Path, folder: Path) -> str:
    return train(
        data=data,
        out=folder / "out",
        work=folder / "work",
        version="test-1",
        plan=Plan(epochs=1, budget=200, own_repeats=1),
        say=silence,
        corpus=corpus,
        start_from=BEGIN,
    )


@pytest.fixture(scope="module")
def made(data: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    run(data, corpus, folder)
    return folder / "out"


def test_the_same_seed_gives_the_same_digest(made: Path, data: Path, corpus: Path, tmp_path: Path):
    assert run(data, corpus, tmp_path) == digest(made) != digest(BEGIN)


def test_what_is_written_is_read_by_the_detoxify_library(made: Path):
    encoder = Encoder.load(made)

    assert isinstance(encoder.backend, LibraryBackend)
    assert isinstance(encoder.backend.detoxify, Detoxify)
    assert encoder.version == "test-1"
    assert set(encoder.backend.detoxify.predict("the bus was late")) == set(ALL)


def test_the_card_says_what_was_learned_from_and_is_not_in_the_digest(made: Path):
    before = digest(made)
    card = (made / CARD).read_text("utf-8")
    (made / CARD).write_text(f"{card}\nmore\n", encoding="utf-8")

    assert "| talk | open | 6 |" in card
    assert "| days | open-sa | 1 |" in card
    assert "| own:negative | open |" in card
    assert "| toxicity | 3 |" in card
    assert "Not measured yet" in card
    assert "Who is missing" in card
    assert digest(made) == before
    assert str(made.parent) not in card


def test_a_refusal_is_one_line_for_who_typed_the_command(data: Path, corpus: Path, tmp_path: Path):
    (tmp_path / "no-checkpoint").mkdir()
    with pytest.raises(CommandError, match="it has no tokenizer"):
        call_command(
            "train_classifier",
            data=data,
            corpus=corpus,
            out=tmp_path / "out",
            work=tmp_path / "work",
            start_from=tmp_path / "no-checkpoint",
        )
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train_classifier", data=corpus, out=tmp_path / "out", work=tmp_path / "work")


def test_the_notes_of_a_checkpoint_name_its_plan(made: Path):
    notes = json.loads((made / "detoxify.json").read_text("utf-8"))["notes"]

    assert notes["plan"]["budget"] == 200
    assert (notes["open_rows"], notes["blended_with"]) == (7, [])
    assert Tokenizer.from_file(str(made / "tokenizer.json")).get_vocab_size() > 1000
