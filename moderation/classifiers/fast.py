"""The fast backend: the same checkpoint as an ONNX graph, in int8 where that reads alike.

It is derived from the bundled checkpoint by `manage.py prepare_classifier`, and used only when it
was made from exactly that checkpoint, is unchanged, and answers the golden sentences as the library
does. Otherwise the library reads, and `Encoder.why_slow` says why.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.shipped import CheckpointError

GRAPH: Final = "model.onnx"
ABOUT: Final = "about.json"


class FastBackend:
    """Scores windows with ONNX Runtime on one thread."""

    def __init__(self, folder: Path, checkpoint_digest: str) -> None:
        """Open what `prepare_classifier` wrote to `folder`. Raises CheckpointError if it is not
        there, was made from another checkpoint, or has changed since."""
        about_file, graph = folder / ABOUT, folder / GRAPH
        if not about_file.is_file() or not graph.is_file():
            raise CheckpointError("not prepared")
        about: dict[str, Any] = json.loads(about_file.read_text("utf-8"))
        if about["checkpoint"] != checkpoint_digest:
            raise CheckpointError("prepared from another checkpoint")
        content = graph.read_bytes()
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise CheckpointError("changed since it was prepared")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        self.labels: tuple[str, ...] = tuple(about["labels"])
        self.kind: str = about["kind"]

    def scores(self, texts: Sequence[str], ids: Sequence[list[int]]) -> NDArray[np.float64]:
        """Probabilities [text, label] from the word pieces; `texts` are not used."""
        width = max(len(one) for one in ids)
        padded = np.zeros((len(ids), width), dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int64)
        for row, one in enumerate(ids):
            padded[row, : len(one)] = one
            mask[row, : len(one)] = 1
        found: Any = self._session.run(None, {"input_ids": padded, "attention_mask": mask})[0]
        return np.asarray(found, dtype=np.float64)
