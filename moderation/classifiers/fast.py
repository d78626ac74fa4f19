"""The fast backend: the same checkpoint as an ONNX graph, in int8 where that reads alike.

It is derived from the checkpoint by `moderation.training.export`, and used only when it was made
from exactly that checkpoint for this runtime, is unchanged, and answers the golden sentences as the
library does. Otherwise the library reads, and `Encoder.why_slow` says why.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.shipped import CHECKPOINTS, SHIPPED, CheckpointError, digest

GRAPH: Final = "model.onnx"
ABOUT: Final = "about.json"
SCORES: Final = "scores"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What stands in a prepared folder, and is the one that was meant."""

    graph: bytes
    labels: tuple[str, ...]
    kind: str


def trusted(folder: Path, checkpoint_digest: str) -> Prepared:
    """Read what was prepared in `folder`. Raises CheckpointError if it is not there, was made from
    another checkpoint or for another runtime, or has changed since."""
    import onnxruntime

    about_file, graph = folder / ABOUT, folder / GRAPH
    if not about_file.is_file() or not graph.is_file():
        raise CheckpointError("not prepared")
    try:
        about: dict[str, Any] = json.loads(about_file.read_text("utf-8"))
        found = (about["checkpoint"], about["runtime"], about["sha256"])
        labels, kind = tuple(about["labels"]), str(about["kind"])
    except (ValueError, KeyError, TypeError) as cause:
        raise CheckpointError("changed since it was prepared") from cause
    if found[0] != checkpoint_digest:
        raise CheckpointError("prepared from another checkpoint")
    if found[1] != onnxruntime.__version__:
        raise CheckpointError("prepared for another runtime")
    content = graph.read_bytes()
    if hashlib.sha256(content).hexdigest() != found[2]:
        raise CheckpointError("changed since it was prepared")
    return Prepared(content, labels, kind)


def folder_for(checkpoint: Path, under: Path) -> Path:
    """Where the fast form of a checkpoint lies: one folder for each digest."""
    return under / digest(checkpoint)[:16]


def is_prepared(folder: Path, checkpoint: Path | None) -> bool:
    """Whether `folder` holds a fast form of `checkpoint` (None: the one that ships) to trust."""
    try:
        trusted(folder, digest(checkpoint or CHECKPOINTS / SHIPPED))
    except CheckpointError:
        return False
    return True


def parity_of(folder: Path) -> dict[str, float]:
    """How far the graph in a prepared folder reads from the unrounded one; empty where unknown.

    `auc_change` is the mean size of the change of a label's AUC, `auc_fall` the largest fall of
    one, `ranks` the lowest rank correlation, `largest` and `mean` the change of single scores.
    """
    try:
        found: dict[str, float] = json.loads((folder / ABOUT).read_text("utf-8"))["parity"]
    except (OSError, ValueError, KeyError):
        return {}
    return found


class FastBackend:
    """Scores windows with ONNX Runtime on one thread."""

    def __init__(self, prepared: Prepared) -> None:
        self._session = session(prepared.graph)
        self.labels = prepared.labels
        self.kind = prepared.kind

    def scores(self, texts: Sequence[str], ids: Sequence[list[int]]) -> NDArray[np.float64]:
        """Probabilities [text, label] from the word pieces; `texts` are not used."""
        found: Any = self._session.run([SCORES], packed(ids))[0]
        return np.asarray(found, dtype=np.float64)


def session(graph: bytes) -> Any:
    """A session on one thread: more processes serve better.

    The graph is written as it should run. Beyond "basic", the runtime would join each sum with the
    normalisation after it, into a kernel that took eight times as long.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def packed(texts: Sequence[Sequence[int]]) -> dict[str, NDArray[Any]]:
    """Texts end to end, and how to lay them side by side: what the graph asks for.

    `ids` and `positions` [piece]; `lengths` and `firsts` [text], the first piece of each; `padded`
    [text, place], the piece that stands there, or the very first piece after the end of a text,
    where attention does not look; `places` [piece], where each stands in `padded` once flat.
    """
    lengths = np.array([len(ids) for ids in texts], dtype=np.int64)
    firsts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    width = int(lengths.max())
    across = np.arange(width)
    inside = across < lengths[:, None]
    return {
        "ids": np.fromiter((i for ids in texts for i in ids), np.int64, int(lengths.sum())),
        "positions": np.broadcast_to(across, inside.shape)[inside],
        "padded": np.where(inside, firsts[:, None] + across, 0),
        "places": np.flatnonzero(inside),
        "lengths": lengths.astype(np.int32),
        "firsts": firsts,
    }
