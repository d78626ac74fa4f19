"""From a checkpoint to the ONNX graph that workers prefer, with proof that it reads alike."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from moderation.classifiers.encoder import Encoder
from moderation.classifiers.fast import ABOUT, GRAPH, FastBackend
from moderation.classifiers.labels import ALL
from moderation.classifiers.library import LibraryBackend
from moderation.classifiers.shipped import CheckpointError, digest, verified
from moderation.training.corpus import read_corpus
from moderation.training.loop import Say
from moderation.training.model import from_checkpoint

AUC_MAY_CHANGE: Final = 0.002
COMPARED: Final = 400
KINDS: Final = ("onnx-int8", "onnx")
ENOUGH_POSITIVES: Final = 15


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the fast graph is from the library: largest change of a score, and of any AUC."""

    largest: float
    mean: float
    auc_change: float


class _Scores(torch.nn.Module):
    """The network with its sigmoid, as one graph."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return torch.sigmoid(logits)


def prepare(folder: Path | None, out: Path, say: Say) -> Parity:
    """Write the fast form of a checkpoint (None: the one that ships) to `out`.

    Int8 where it keeps parity, else the same weights unrounded, about half as fast. Raises
    CheckpointError if neither does; what stands in `out` is then not used by any worker.
    """
    checked = verified(folder)
    out.mkdir(parents=True, exist_ok=True)
    found = Parity(0.0, 0.0, 0.0)
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "model.onnx"
        _export(checked, whole)
        for kind in KINDS:
            _write(checked, whole, out, kind)
            found = compare(checked, out)
            say(
                f"{kind}: largest change {found.largest:.4f}, mean {found.mean:.5f}, "
                f"AUC {found.auc_change:.4f}"
            )
            if found.auc_change <= AUC_MAY_CHANGE:
                return found
    (out / ABOUT).unlink()
    raise CheckpointError("the fast form does not read as the library does")


def _write(checkpoint: Path, whole: Path, out: Path, kind: str) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    if kind == "onnx-int8":
        quantize_dynamic(whole, out / GRAPH, weight_type=QuantType.QInt8, per_channel=True)
    else:
        shutil.copyfile(whole, out / GRAPH)
    about = {
        "checkpoint": digest(checkpoint),
        "kind": kind,
        "labels": [str(label) for label in ALL],
        "sha256": hashlib.sha256((out / GRAPH).read_bytes()).hexdigest(),
    }
    (out / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def _export(folder: Path, path: Path) -> None:
    model, _ = from_checkpoint(folder)
    scores: Any = _Scores(model)
    scores.eval()
    ids = torch.randint(5, 900, (2, 16))
    batch, tokens = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("tokens", max=512)
    shape = {0: batch, 1: tokens}
    program = torch.onnx.export(
        scores,
        (ids, torch.ones_like(ids)),
        dynamo=True,
        verbose=False,
        dynamic_shapes={"input_ids": shape, "attention_mask": shape},
        input_names=["input_ids", "attention_mask"],
        output_names=["scores"],
    )
    if program is None:
        raise CheckpointError("the checkpoint could not be exported")
    program.save(str(path), external_data=False)


def compare(folder: Path, prepared: Path) -> Parity:
    """Read the same held-out messages of ours with both, and compare scores and AUCs."""
    lines = [line for line in read_corpus() if line.held_out][:COMPARED]
    texts = [line.text for line in lines]
    slow = Encoder(folder, LibraryBackend(folder)).probabilities(texts)
    fast = Encoder(folder, FastBackend(prepared, digest(folder))).probabilities(texts)
    changes = []
    for index, label in enumerate(ALL):
        truth = np.array([label in line.labels for line in lines])
        if truth.sum() >= ENOUGH_POSITIVES:
            both = [roc_auc_score(truth, scores[:, index]) for scores in (slow, fast)]
            changes.append(abs(both[0] - both[1]))
    return Parity(
        float(np.abs(slow - fast).max()), float(np.abs(slow - fast).mean()), float(max(changes))
    )
