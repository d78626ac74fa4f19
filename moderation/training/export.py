"""From a checkpoint to the graph that workers prefer, with proof that it reads alike.

Needs no torch, so a worker that finds no fast form can make it. What proves it:

- The unrounded graph must answer the golden sentences as the library did when the checkpoint was
  made. On the shipped weights both agree to within 10⁻⁵ on any text.
- A rounded graph is held against the unrounded one on a part of the corpus that is never trained
  on: every fourth message of its held-out fifth, since a first start waits for it. The AUC of
  toxicity and of the labels of danger, by which messages are put in order, may fall by 0.002 at
  most, and all labels with at least 40 positives there may move by no more on average, none falling
  by more than 0.004. For the rarer labels one message that changes places moves it as much, so the
  order of all messages is compared instead: Spearman's rank correlation of at least 0.99. A message
  whose writer was not asked about a label says nothing about it. What was found stands beside the
  graph (`fast.parity_of`).
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.choice import labels_of
from moderation.classifiers.encoder import FAST_TOLERANCE, Encoder
from moderation.classifiers.fast import (
    ABOUT,
    GRAPH,
    FastBackend,
    Prepared,
    is_prepared,
    packed,
    session,
)
from moderation.classifiers.labels import Label
from moderation.classifiers.shipped import digest, verified
from moderation.training.corpus import Line, read_corpus
from moderation.training.graph import Network
from moderation.training.rounding import Array, Rounded
from moderation.training.rows import PLACE, corpus_rows

Say = Callable[[str], object]
Floats = NDArray[np.float64]

AUC_MAY_CHANGE: Final = 0.002
"""On average over the labels, and for toxicity and danger, by which messages are put in order."""

AUC_MAY_FALL: Final = 0.004
"""Of any one label: where few are positive, some messages that change places move it by as much.
The shipped checkpoint's falls by 0.0004 at most, and on half of the fifth by 0.0010."""

WEIGHTIEST: Final = (Label.TOXICITY, Label.IDEATION, Label.INTENT_OR_PLAN, Label.SELF_HARM)
RANKS_AT_LEAST: Final = 0.99
ENOUGH_POSITIVES: Final = 40
HELD: Final = 4
"""One held-out message in so many is read both ways."""

SEEN: Final = 512
"""Messages of the trained part from which the scales of int8 are taken."""

SEEN_AT_ONCE: Final = 16
ROWS_KEPT: Final = 4
"""One word piece in so many is kept: of all, they would fill half a gigabyte."""

WHOLE: Final = "onnx"
INT8: Final[Mapping[str, tuple[str, ...]]] = {
    "onnx-int8": (),
    "onnx-int8-fine": (".output",),
    "onnx-int8-finest": (".attention", ".attended", ".intermediate", ".output"),
}
"""From the fastest on: which inputs keep 16 bits. Those after GELU first, since their rare large
values fit int8 worst."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far a graph is from the reference: change of scores, of AUCs, and of order.

    `auc_change` is the mean size of a change over the labels, `auc_fall` the largest fall of one,
    `weighty_fall` the largest among `WEIGHTIEST`.
    """

    kind: str
    largest: float
    mean: float
    auc_change: float
    auc_fall: float
    weighty_fall: float
    ranks: float

    @property
    def alike(self) -> bool:
        """Whether workers may read with it."""
        near = max(self.auc_change, self.weighty_fall) <= AUC_MAY_CHANGE
        return near and self.auc_fall <= AUC_MAY_FALL and self.ranks >= RANKS_AT_LEAST

    def __str__(self) -> str:
        return (
            f"{self.kind}: scores differ by {self.mean:.4f} on average and {self.largest:.2f} at "
            f"most, AUC by {self.auc_change:.4f} on average, down by {self.auc_fall:.4f} at most "
            f"({self.weighty_fall:.4f} for toxicity and danger), "
            f"rank correlation {self.ranks:.4f}"
        )


def prepare_once(
    folder: Path | None, sha256: str, out: Path, say: Say, lines: Sequence[Line] = ()
) -> None:
    """Write the fast form of a checkpoint (None: the one that ships) to `out`, unless it is there.

    Several processes may call it at once: one writes, the others wait. `lines` are the messages to
    prove it on, the whole corpus where none are given. Raises CheckpointError.
    """
    with _alone(out.parent):
        if not is_prepared(out, folder):
            prepare(folder, sha256, out, say, lines)


@contextmanager
def _alone(under: Path) -> Iterator[None]:
    under.mkdir(parents=True, exist_ok=True)
    with (under / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(
    folder: Path | None, sha256: str, out: Path, say: Say, lines: Sequence[Line] = ()
) -> Parity:
    """Write the fastest form of a checkpoint that reads alike to `out`.

    Raises CheckpointError if not even the unrounded graph answers as the library did.
    """
    checked = verified(folder, sha256)
    say("Preparing the fast form of the classifier (once per checkpoint) ...")
    network, lines = Network(checked), lines or read_corpus()
    encoder = _reading(checked, network.graph(), WHOLE)
    encoder.self_test()
    held = [line for line in lines if line.held_out][::HELD]
    trained = [line for line in lines if not line.held_out]
    reference = encoder.probabilities([line.text for line in held])
    int8 = network.rounded(_seen(encoder, network, trained))
    for kind in INT8:
        parity, graph = _tried(checked, network, int8, kind, held, reference)
        say(str(parity))
        if parity.alike:
            _write(checked, out, graph, parity)
            return parity
    same = Parity(WHOLE, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    _write(checked, out, network.graph(), same)
    return same


def _reading(checkpoint: Path, graph: bytes, kind: str) -> Encoder:
    return Encoder(checkpoint, FastBackend(Prepared(graph, labels_of(checkpoint), kind)))


def _seen(encoder: Encoder, network: Network, lines: list[Line]) -> dict[str, Array]:
    """What goes into each matrix on messages spread evenly over the trained part."""
    chosen = [line.text for line in lines[:: max(1, len(lines) // SEEN)]]
    windows = [ids for _, ids in encoder.windows(chosen)[0]]
    tapped = session(network.graph(tapped=True))
    found: dict[str, list[Array]] = {name: [] for name in network.rounds}
    for start in range(0, len(windows), SEEN_AT_ONCE):
        group = packed(windows[start : start + SEEN_AT_ONCE])
        for name, rows in zip(found, tapped.run(list(found), group), strict=True):
            # The largest and the smallest of each channel decide the scales: none may be left out.
            found[name] += [rows[::ROWS_KEPT], rows.max(axis=0)[None], rows.min(axis=0)[None]]
    return {name: np.concatenate(rows) for name, rows in found.items()}


def _tried(
    checkpoint: Path,
    network: Network,
    int8: dict[str, Rounded],
    kind: str,
    held: list[Line],
    reference: Floats,
) -> tuple[Parity, bytes]:
    fine = [name for name in int8 if name.endswith(INT8[kind])]
    graph = network.graph(int8, fine)
    try:
        encoder = _reading(checkpoint, graph, kind)
        encoder.self_test(FAST_TOLERANCE)
    except Exception:  # noqa: BLE001 - a processor or runtime that cannot: the next kind can
        return Parity(kind, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0), b""
    scores = encoder.probabilities([line.text for line in held])
    places = [PLACE[Label(label)] for label in encoder.labels]
    truth = np.stack([row.targets for row in corpus_rows(held)])[:, places]
    return parity(kind, reference, scores, truth, encoder.labels), graph


def parity(
    kind: str,
    reference: Floats,
    scores: Floats,
    truth: NDArray[np.floating],
    labels: Sequence[str] = (),
) -> Parity:
    """Compare two readings [text, label] of the same messages; `truth` is 1, 0 or NaN: unsaid.

    Without `labels` every label is taken for one of the weightiest.
    """
    changes, weighty, ranks = [0.0], [0.0], [1.0]  # So that none is ever empty.
    named = labels or [WEIGHTIEST[0]] * reference.shape[1]
    for label, before, after, told in zip(named, reference.T, scores.T, truth.T, strict=True):
        known = ~np.isnan(told)
        true = told[known] > 0.0
        if ENOUGH_POSITIVES <= true.sum() < len(true):
            changes.append(_auc(true, after[known]) - _auc(true, before[known]))
            if label in WEIGHTIEST:
                weighty.append(changes[-1])
        else:
            ranks.append(float(np.corrcoef(_ranks(before), _ranks(after))[0, 1]))
    apart = np.abs(reference - scores)
    return Parity(
        kind,
        largest=float(apart.max()),
        mean=float(apart.mean()),
        auc_change=float(np.mean(np.abs(changes))),
        auc_fall=-min(changes),
        weighty_fall=-min(weighty),
        ranks=min(ranks),
    )


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    shared: Floats = np.cumsum(counts) - (counts - 1) / 2
    return shared[where]


def _auc(true: NDArray[np.bool_], scores: Floats) -> float:
    """The share of pairs in the right order (Mann and Whitney, 1947)."""
    positives = int(true.sum())
    above = _ranks(scores)[true].sum() - positives * (positives + 1) / 2
    return float(above / (positives * (len(true) - positives)))


def _write(checkpoint: Path, out: Path, graph: bytes, parity: Parity) -> None:
    import onnxruntime

    about = {
        "checkpoint": digest(checkpoint),
        "kind": parity.kind,
        "labels": list(labels_of(checkpoint)),
        "parity": {name: value for name, value in asdict(parity).items() if name != "kind"},
        "runtime": onnxruntime.__version__,
        "sha256": hashlib.sha256(graph).hexdigest(),
    }
    out.mkdir(parents=True, exist_ok=True)
    _replace(out / GRAPH, graph)
    _replace(out / ABOUT, (json.dumps(about, indent=1) + "\n").encode())


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all: a process may be killed at any line."""
    aside = path.with_suffix(".new")
    aside.write_bytes(content)
    os.replace(aside, path)
