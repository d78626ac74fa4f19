"""The bundled checkpoint, loaded and run as it is in a worker."""

import itertools
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from moderation.classifiers.encoder import (
    BUDGET,
    MAX_CHARACTERS,
    OVERLAP,
    WINDOW,
    Encoder,
    TooLong,
    batches,
    window_bounds,
)
from moderation.classifiers.labels import ALL, Label
from moderation.classifiers.library import LibraryBackend
from moderation.classifiers.shipped import CHECKPOINTS, SHIPPED, CheckpointError

FOLDER = CHECKPOINTS / SHIPPED


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    os.environ["HF_HUB_OFFLINE"] = "1"
    return Encoder.load()


def score(encoder: Encoder, text: str, label: Label) -> float:
    return float(encoder.probabilities([text])[0][encoder.labels.index(label)])


def test_the_checkpoint_that_ships_has_every_label(encoder: Encoder):
    assert encoder.labels == tuple(str(label) for label in ALL)


def test_it_is_small_enough_and_holds_no_pickle():
    assert sum(f.stat().st_size for f in FOLDER.iterdir()) < 40_000_000
    assert not list(FOLDER.glob("*.ckpt")) + list(FOLDER.glob("*.bin")) + list(FOLDER.glob("*.pt"))


def test_it_tells_abuse_and_danger_from_ordinary_talk(encoder: Encoder):
    assert score(encoder, "you are a stupid ugly idiot", Label.TOXICITY) > 0.8
    assert score(encoder, "see you at lunch", Label.TOXICITY) < 0.4
    assert score(encoder, "i want to end my life tonight", Label.INTENT_OR_PLAN) > 0.3
    assert score(encoder, "this homework is killing me", Label.INTENT_OR_PLAN) < 0.2


@pytest.mark.parametrize(
    "text",
    ["", " ", "😭😭😭", "\x00", "\ud800 lone", "a" * 10_000, "Привет как дела", "मैं ठीक हूँ", "\n\n"],
)
def test_any_text_gets_a_probability_for_every_label(encoder: Encoder, text: str):
    found = encoder.probabilities([text])

    assert found.shape == (1, len(ALL))
    assert ((found >= 0) & (found <= 1)).all()


def test_a_text_longer_than_any_message_is_refused(encoder: Encoder):
    with pytest.raises(TooLong):
        encoder.read(["x" * (MAX_CHARACTERS + 1)])


def test_no_texts_give_no_answers_and_one_gives_one(encoder: Encoder):
    assert encoder.read([]) == []
    assert len(encoder.read(["hi"])) == 1


def test_in_a_batch_a_text_is_read_as_it_is_alone(encoder: Encoder):
    texts = ["hello there " * n for n in range(1, 60, 7)] + ["you idiot", ""]
    together = encoder.probabilities(texts)
    alone = np.concatenate([encoder.probabilities([text]) for text in texts])

    assert np.abs(together - alone).max() < 1e-3


def test_what_stands_late_in_a_long_text_is_read(encoder: Encoder):
    calm = "today we went to the park and had a picnic by the lake. " * 60
    hidden = calm + "you are a stupid ugly idiot and everyone hates you"

    assert score(encoder, calm, Label.TOXICITY) < 0.3
    assert score(encoder, hidden, Label.TOXICITY) > 0.8


def test_what_is_written_in_disguise_is_read(encoder: Encoder):
    plain = score(encoder, "you stupid idiot", Label.TOXICITY)

    assert score(encoder, "y\u200bou st\u200bupid іdіоt", Label.TOXICITY) == pytest.approx(plain)


def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "copy"))


def test_a_changed_file_is_refused(tmp_path: Path):
    folder = copy(tmp_path)
    (folder / "vocab.txt").write_text("[PAD]\n")

    with pytest.raises(CheckpointError, match="SHA-256"):
        Encoder.load(folder)


def test_a_folder_with_another_pin_is_refused(tmp_path: Path):
    with pytest.raises(CheckpointError, match="SHA-256"):
        Encoder.load(copy(tmp_path), sha256="0" * 64)


def test_a_missing_file_is_named(tmp_path: Path):
    folder = copy(tmp_path)
    (folder / "config.json").unlink()

    with pytest.raises(CheckpointError, match=r"config\.json"):
        Encoder.load(folder)


def test_weights_without_a_counterpart_are_refused(tmp_path: Path):
    from safetensors.torch import load_file, save_file

    folder = copy(tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights["bert.pooler.dense.other"] = weights.pop("bert.pooler.dense.bias")
    save_file(weights, folder / "model.safetensors")

    with pytest.raises(CheckpointError, match="counterpart"):
        LibraryBackend(folder)


def test_a_model_that_answers_otherwise_is_refused(tmp_path: Path):
    from safetensors.torch import load_file, save_file

    folder = copy(tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"] = weights["classifier.bias"] + 2
    save_file(weights, folder / "model.safetensors")
    encoder = Encoder(folder, LibraryBackend(folder))

    with pytest.raises(CheckpointError, match="as it did"):
        encoder.self_test()


def test_windows_cover_everything_overlap_and_begin_at_words():
    words = [i // 3 for i in range(1000)]
    bounds = list(window_bounds(words))

    assert bounds[0][0] == 0
    assert bounds[-1][1] == len(words)
    assert all(end - start <= WINDOW for start, end in bounds)
    for (_, end), (start, _) in itertools.pairwise(bounds):
        assert end - start >= OVERLAP
        assert words[start - 1] != words[start]


def test_a_word_longer_than_a_window_is_cut():
    bounds = list(window_bounds([0] * 500))

    assert bounds[-1][1] == 500
    assert all(0 < end - start <= WINDOW for start, end in bounds)


def test_batches_keep_to_the_budget_and_lose_nothing():
    lengths = [5, 900, 17, 33, 80, 12, 12, 96] * 9
    found = list(batches(lengths))

    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(
        len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= BUDGET for batch in found
    )
