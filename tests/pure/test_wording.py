"""The linear model on words beside the encoder: what it sees, and how far it may move a score."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from moderation.classifiers.folding import plain
from moderation.classifiers.labels import ALL, Label
from moderation.classifiers.shipped import CheckpointError
from moderation.classifiers.wording import BUCKETS, FILE, HEADS, MOST, SHARE, Wording, features
from moderation.training.loop import Say
from moderation.training.rows import PLACE, Row
from moderation.training.wording import fit_wording

COLUMN = {label: index for index, label in enumerate(ALL)}


def weighing(text: str, weight: float, head: int = 0) -> Wording:
    """One to whom every feature of a text weighs the same for a head, and all else nothing."""
    weights = np.zeros((BUCKETS, len(HEADS)), np.int8)
    weights[features(text), head] = np.sign(weight)
    return Wording(weights, np.full(len(HEADS), abs(weight), np.float32), np.zeros(len(HEADS)))


@pytest.mark.parametrize("text", ["", " ", "a", "ok", "🙂", "\x00", "é", "\ud800", "word " * 4000])
def test_any_text_has_features_within_the_buckets_and_always_the_same(text: str):
    found = features(text)

    assert ((found >= 0) & (found < BUCKETS)).all()
    assert (found == features(text)).all()
    assert len(set(found)) == len(found)


def test_other_words_are_other_features():
    one, other = set(features("i am going home")), set(features("the bus was late"))

    assert len(one & other) < 0.2 * len(one)
    assert set(features("going home")) != set(features("home going")), "order counts"


@pytest.mark.parametrize("head", range(len(HEADS)))
def test_a_head_adds_half_its_log_odds_to_its_labels_and_to_no_other(head: int):
    text = "i mean it"
    before = np.full((1, len(ALL)), 0.5)
    after = weighing(text, 100.0, head).adjusted(before, [text], ALL)
    expected = 1 / (1 + np.exp(-SHARE * MOST))

    assert {label for label in ALL if after[0, COLUMN[label]] != 0.5} == set(HEADS[head])
    assert after[0, COLUMN[HEADS[head][0]]] == pytest.approx(expected)
    assert (before == 0.5).all(), "what it was given stays as it was"


@pytest.mark.parametrize("sure", [0.0, 1.0])
def test_however_sure_it_is_a_probability_stays_one(sure: float):
    text = "word"
    scores = np.full((1, len(ALL)), sure)
    for weight in (-1000.0, 1000.0):
        after = weighing(text, weight).adjusted(scores, [text], ALL)
        assert ((after >= 0) & (after <= 1)).all()


def test_what_the_encoder_could_not_read_stays_unread():
    after = weighing("word", 1.0).adjusted(np.full((1, len(ALL)), np.nan), ["word"], ALL)

    assert np.isnan(after).all()


def test_a_checkpoint_without_one_has_none_and_a_broken_one_is_refused(tmp_path: Path):
    assert Wording.load(tmp_path) is None

    (tmp_path / FILE).write_bytes(b"not a tensor")
    with pytest.raises(CheckpointError, match="no whole"):
        Wording.load(tmp_path)
    heads = len(HEADS)
    whole = {
        "weights": np.zeros((BUCKETS, heads), np.int8),
        "steps": np.ones(heads, np.float32),
        "bias": np.zeros(heads, np.float32),
    }
    odd = {
        "weights of 4 heads": {"weights": np.zeros((8, heads), np.int8)},
        "weights of 4": {"weights": np.zeros((BUCKETS, heads), np.float16)},
        "finite": {"bias": np.full(heads, np.nan, np.float32)},
        "no whole": {"weights": None},
    }
    for says, changes in odd.items():
        tensors = {name: t for name, t in (whole | changes).items() if t is not None}
        save_file(tensors, tmp_path / FILE)
        with pytest.raises(CheckpointError, match=says):
            Wording.load(tmp_path)


def row(text: str, *, danger: bool | None) -> Row:
    targets = np.full(len(ALL), np.nan, np.float32)
    if danger is not None:
        targets[PLACE[Label.INTENT_OR_PLAN]] = float(danger)
    return Row(text, targets, np.ones(len(ALL), np.float32), "own:x")


def said(_: str) -> None:
    """Progress, unheard."""


def test_it_learns_which_words_are_of_danger(tmp_path: Path):
    say: Say = said
    own = [row(f"goodbye for ever number {n}", danger=True) for n in range(20)]
    own += [row(f"see you at lunch number {n}", danger=False) for n in range(20)]
    fit_wording([row("nobody said", danger=None)], own, tmp_path, say)

    learnt = Wording.load(tmp_path)

    assert learnt is not None
    bad, good = learnt.odds([plain("Goodbye for ever"), plain("see you at lunch")])
    assert bad[0] > 1
    assert good[0] < -1
    assert not bad[1:].any(), "of abuse nobody said anything"
    again = tmp_path / "again"
    again.mkdir()
    fit_wording([], own, again, say)
    assert (again / FILE).read_bytes() == (tmp_path / FILE).read_bytes()


def test_rows_that_are_all_alike_leave_no_model_behind(tmp_path: Path):
    (tmp_path / FILE).write_bytes(b"of an earlier run")
    fit_wording([], [row("hello", danger=False)], tmp_path, said)

    assert not (tmp_path / FILE).exists()
