"""Writing the folder that ships: safetensors in half precision, tokenizer, settings.

`moderation.classifiers.encoder` reads it. Nothing in it is pickled.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

from moderation.classifiers.labels import ALL
from moderation.classifiers.shipped import GOLDEN, digest


def write_checkpoint(
    folder: Path,
    model: BertForSequenceClassification,
    tokenizer: Tokenizer,
    *,
    version: str,
    notes: dict[str, Any],
    labels: Sequence[str] = ALL,
) -> str:
    """Write the checkpoint and return its digest (SHA-256 over the digests of its files)."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in model.state_dict().items()
        if not name.endswith("position_ids")
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    _text(folder / "vocab.txt", "".join(f"{piece}\n" for piece, _ in pieces))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / "tokenizer.json"))
    _json(folder / "config.json", _config(model, labels))
    _json(folder / "tokenizer_config.json", _tokenizer_config())
    _json(folder / "detoxify.json", _detoxify(version, labels, notes))
    return seal(folder)


def seal(folder: Path) -> str:
    """Store how the golden sentences are read, then the digest of all files beside them."""
    from moderation.classifiers.encoder import Encoder
    from moderation.classifiers.library import LibraryBackend

    path = folder / "detoxify.json"
    about = json.loads(path.read_text("utf-8"))
    about.pop("golden", None)
    _json(path, about)
    scores = Encoder(folder, LibraryBackend(folder)).probabilities(GOLDEN)
    _json(path, {**about, "golden": [[round(float(s), 5) for s in row] for row in scores]})
    found = digest(folder)
    _text(folder / "SHA256", found + "\n")
    return found


def _config(model: BertForSequenceClassification, labels: Sequence[str]) -> dict[str, Any]:
    config: dict[str, Any] = model.config.to_dict()
    config["architectures"] = ["BertForSequenceClassification"]
    config["id2label"] = {str(i): str(label) for i, label in enumerate(labels)}
    config["label2id"] = {str(label): i for i, label in enumerate(labels)}
    config["dtype"] = "float32"
    config.pop("_name_or_path", None)
    return config


def _tokenizer_config() -> dict[str, Any]:
    """`model_max_length` is what makes the library cut long texts: without it they crash it."""
    return {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": 512,
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }


def _detoxify(version: str, labels: Sequence[str], notes: dict[str, Any]) -> dict[str, Any]:
    """The `config` of a Detoxify checkpoint; loading sets `model_type` to the folder."""
    return {
        "version": version,
        "notes": notes,
        "config": {
            "arch": {
                "args": {
                    "num_classes": len(labels),
                    "model_type": "",
                    "model_name": "BertForSequenceClassification",
                    "tokenizer_name": "BertTokenizer",
                }
            },
            "dataset": {"args": {"classes": [str(label) for label in labels]}},
        },
    }


def _json(path: Path, value: Any) -> None:
    _text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
