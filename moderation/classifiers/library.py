"""The reference backend: the bundled checkpoint run by the `detoxify` library itself.

The library asks a model hub for its configuration unless the checkpoint names a local folder, loads
missing weights as random ones with no more than a printed word, and unpickles what it loads. So the
checkpoint it is given is made here, in memory, from safetensors, and what it has loaded is compared
with what it was given.
"""

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.shipped import CheckpointError


class LibraryBackend:
    """Scores texts with `Detoxify.predict`. One torch thread: more processes serve better."""

    kind = "detoxify"

    def __init__(self, folder: Path) -> None:
        """Load from `folder`. Raises CheckpointError if the weights did not all arrive."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from detoxify import Detoxify
        from safetensors.torch import load_file
        from transformers.utils import logging

        library_logging: Any = logging
        torch.set_num_threads(1)
        library_logging.disable_progress_bar()
        library_logging.set_verbosity_error()
        weights = {name: tensor.float() for name, tensor in _weights(folder, load_file).items()}
        checkpoint = io.BytesIO()
        torch.save({"state_dict": weights, "config": _config(folder)}, checkpoint)
        checkpoint.seek(0)
        self.detoxify: Any = Detoxify(checkpoint=checkpoint)
        self.labels: tuple[str, ...] = tuple(self.detoxify.class_names)
        _all_arrived(weights, self.detoxify.model.state_dict())

    def scores(self, texts: Sequence[str], ids: Sequence[list[int]]) -> NDArray[np.float64]:
        """Probabilities [text, label]. `ids` are not used: the library cuts words itself."""
        answer: dict[str, Any] = self.detoxify.predict(list(texts))
        columns = [
            np.atleast_1d(np.asarray(answer[label], dtype=np.float64)) for label in self.labels
        ]
        return np.stack(columns, axis=1)


def _weights(folder: Path, load: Any) -> dict[str, Any]:
    weights: dict[str, Any] = load(folder / "model.safetensors")
    return {n: t for n, t in weights.items() if not n.endswith("position_ids")}


def _config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "detoxify.json").read_text("utf-8"))["config"]
    config["arch"]["args"]["model_type"] = str(folder)
    return config


def _all_arrived(given: dict[str, Any], loaded: dict[str, Any]) -> None:
    names = {name for name in loaded if not name.endswith("position_ids")}
    if names != set(given):
        raise CheckpointError(f"{len(names ^ set(given))} weights have no counterpart")
    if not all(bool((loaded[name] == given[name]).all()) for name in names):
        raise CheckpointError("weights were changed on the way in")
