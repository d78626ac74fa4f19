"""The fast form of the checkpoint: made, trusted, and left aside when it cannot be trusted."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from moderation.classifiers.encoder import MAX_CHARACTERS, WINDOW, Encoder, TooLong
from moderation.classifiers.fast import ABOUT, GRAPH, folder_for, is_prepared, packed
from moderation.classifiers.library import LibraryBackend
from moderation.classifiers.registry import BUILDERS, build_readers, read_messages
from moderation.classifiers.shipped import CHECKPOINTS, SHIPPED
from moderation.training.corpus import read_corpus
from moderation.training.export import INT8, WHOLE, parity, prepare_once
from tests import PREPARED

FOLDER = CHECKPOINTS / SHIPPED
BAD = [
    "",
    " ",
    "\n\n",
    "\x00",
    "\ud800 lone",
    "😭😭😭",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "a" * 10_000,
    "hello there " * 600,
    "Привет как дела",
    "मैं ठीक हूँ",
    "kіll mуsеlf на память 自分 سلام",
    "a\u0301" * 500,
    "?" * 5000,
]

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def made() -> Path:
    out = folder_for(FOLDER, PREPARED)
    if not is_prepared(out, None):
        prepare_once(None, "", out, lambda words: None)
    return out


@pytest.fixture(scope="module")
def fast(made: Path) -> Encoder:
    return Encoder.load(prepared=made)


@pytest.fixture(scope="module")
def library() -> Encoder:
    return Encoder(FOLDER, LibraryBackend(FOLDER))


def test_it_is_used_where_it_can_be_trusted(fast: Encoder):
    assert fast.backend.kind in (WHOLE, *INT8)
    assert fast.why_slow == ""


def test_it_has_the_labels_of_the_library_in_their_order(fast: Encoder, library: Encoder):
    assert fast.labels == library.labels


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_any_text_is_read_about_as_the_library_reads_it(fast: Encoder, library: Encoder, text: str):
    found = fast.probabilities([text])

    assert found.shape == (1, len(fast.labels))
    assert np.abs(found - library.probabilities([text])).max() < 0.25


def test_in_a_batch_it_reads_as_alone(fast: Encoder):
    texts = ["hello there " * n for n in range(1, 60, 7)] + ["you idiot", "i want to die", *BAD]
    together = fast.probabilities(texts)
    alone = np.concatenate([fast.probabilities([text]) for text in texts])

    # The scales are fixed beforehand: only the order of sums differs, and now and then a rounding.
    assert np.abs(together - alone).max() < 0.02


def test_a_megabyte_is_refused_and_its_neighbours_are_read(made: Path, fast: Encoder):
    with pytest.raises(TooLong):
        fast.read(["x" * 1_000_000])
    readers = build_readers(prepared=made)
    refused, read = read_messages(readers, ["x" * 1_000_000, "see you at lunch"])

    assert set(refused.failed) == set(BUILDERS)
    assert read.failed == ()


def test_the_longest_text_that_is_read_gets_a_verdict(fast: Encoder):
    assert np.isfinite(fast.probabilities(["word " * (MAX_CHARACTERS // 5)])).all()


def test_texts_are_laid_out_so_that_none_looks_into_another():
    laid = packed([[1, 2, 3], [4], [5, 6]])

    assert laid["ids"].tolist() == [1, 2, 3, 4, 5, 6]
    assert laid["positions"].tolist() == [0, 1, 2, 0, 0, 1]
    assert laid["firsts"].tolist() == [0, 3, 4]
    assert laid["padded"].flat[laid["places"]].tolist() == [0, 1, 2, 3, 4, 5]
    assert laid["lengths"].tolist() == [3, 1, 2]


def test_a_whole_window_fits_the_graph(fast: Encoder):
    ids = [list(range(5, 5 + WINDOW + 2))] * 3

    assert np.isfinite(fast.backend.scores([""] * 3, ids)).all()


@pytest.mark.parametrize("spoil", ["graph", "about", "runtime", "gone"])
def test_where_it_cannot_be_trusted_the_library_reads_and_says_why(
    made: Path, spoil: str, tmp_path: Path
):
    for name in (ABOUT, GRAPH):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    about = json.loads((tmp_path / ABOUT).read_text("utf-8"))
    if spoil == "graph":
        (tmp_path / GRAPH).write_bytes(b"not a graph")
    elif spoil == "about":
        (tmp_path / ABOUT).write_text(json.dumps({**about, "checkpoint": "0" * 64}))
    elif spoil == "runtime":
        (tmp_path / ABOUT).write_text(json.dumps({**about, "runtime": "0.1"}))
    else:
        (tmp_path / ABOUT).unlink()
    encoder = Encoder.load(prepared=tmp_path)

    assert encoder.backend.kind == "detoxify"
    assert encoder.why_slow


def test_reading_with_it_loads_neither_torch_nor_what_wrote_it(made: Path):
    """Each costs a worker seconds at every start, and hundreds of megabytes."""
    program = (
        "import sys; from pathlib import Path\n"
        "from moderation.classifiers.registry import build_readers, read_messages\n"
        f"readers = build_readers(prepared=Path({str(made)!r}))\n"
        "assert read_messages(readers, ['see you at lunch'])[0].failed == ()\n"
        "heavy = {'torch', 'transformers', 'detoxify', 'onnx', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_of_several_who_ask_at_once_one_prepares(small_corpus: Path, tmp_path: Path):
    out, said, few = tmp_path / "form", [], read_corpus(small_corpus)
    asking = [
        threading.Thread(target=prepare_once, args=(None, "", out, said.append, few))
        for _ in range(3)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()

    assert is_prepared(out, None)
    assert sum(words.startswith("Preparing") for words in said) == 1


def test_a_graph_that_ranks_otherwise_does_not_count_as_alike():
    rng = np.random.default_rng(0)
    scores = rng.random((400, 2))
    truth = np.stack([scores[:, 0] + rng.normal(0, 0.3, 400) > 0.9, scores[:, 1] > 0.98], axis=1)
    near = scores + rng.normal(0, 1e-4, scores.shape)
    far = np.stack([scores[:, 0] + rng.normal(0, 0.3, 400), scores[:, 1]], axis=1)
    swapped = np.stack([scores[:, 0], rng.permutation(scores[:, 1])], axis=1)

    assert parity("near", scores, near, truth).alike
    assert not parity("one label with many positives", scores, far, truth).alike
    assert not parity("one with few", scores, swapped, truth).alike
