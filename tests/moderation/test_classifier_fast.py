"""The fast form of the checkpoint: made, trusted, and left aside when it cannot be trusted."""

from pathlib import Path

import numpy as np
import pytest

from moderation.classifiers.encoder import Encoder
from moderation.classifiers.fast import ABOUT, GRAPH
from moderation.training.export import AUC_MAY_CHANGE, Parity, prepare


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Parity]:
    out = tmp_path_factory.mktemp("fast")
    return out, prepare(None, out, lambda words: None)


@pytest.mark.timeout(400)
def test_it_ranks_as_the_library_does(made: tuple[Path, Parity]):
    assert made[1].auc_change <= AUC_MAY_CHANGE
    assert made[1].mean < 0.01


@pytest.mark.timeout(400)
def test_it_is_used_where_it_can_be_trusted(made: tuple[Path, Parity]):
    encoder = Encoder.load(prepared=made[0])

    assert encoder.backend.kind.startswith("onnx")
    assert encoder.why_slow == ""


@pytest.mark.timeout(400)
def test_in_a_batch_it_reads_nearly_as_alone(made: tuple[Path, Parity]):
    encoder = Encoder.load(prepared=made[0])
    texts = ["hello there " * n for n in range(1, 60, 7)] + ["you idiot", "", "😭"]
    together = encoder.probabilities(texts)
    alone = np.concatenate([encoder.probabilities([text]) for text in texts])

    assert np.abs(together - alone).max() < 0.1


@pytest.mark.timeout(400)
@pytest.mark.parametrize("spoil", ["graph", "about", "gone"])
def test_where_it_cannot_be_trusted_the_library_reads_and_says_why(
    made: tuple[Path, Parity], spoil: str, tmp_path: Path
):
    for name in (ABOUT, GRAPH):
        (tmp_path / name).write_bytes((made[0] / name).read_bytes())
    if spoil == "graph":
        (tmp_path / GRAPH).write_bytes(b"not a graph")
    elif spoil == "about":
        text = (tmp_path / ABOUT).read_text("utf-8")
        (tmp_path / ABOUT).write_text(text.replace('"checkpoint": "', '"checkpoint": "0'))
    else:
        (tmp_path / ABOUT).unlink()
    encoder = Encoder.load(prepared=tmp_path)

    assert encoder.backend.kind == "detoxify"
    assert encoder.why_slow
