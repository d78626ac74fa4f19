"""Backbones too small to know anything, one for each that Detoxify's models were published with.

Two layers and a few dozen word pieces each, with the real tokenizers of their kind: word pieces
(BERT), pieces of bytes (RoBERTa), and pieces by likelihood (XLM-R, ALBERT).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORDS = ["the", "lamp", "is", "warm", "you", "are", "stupid", "nobody", "have", "a", "good", "day"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SAYINGS = [" ".join(WORDS)] * 3 + [f"{LETTERS} {LETTERS.upper()}"]

ORIGINAL = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
UNBIASED = ["toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat"]
UNBIASED += ["sexual_explicit"]

SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


@dataclass(frozen=True)
class Published:
    """What a checkpoint of that name was published with."""

    kind: str
    first_name: str
    classes: list[str]
    outputs: int
    positions: int


PUBLISHED = {
    "original": Published("Bert", "bert-base-uncased", ORIGINAL, 6, 512),
    "unbiased": Published("Roberta", "roberta-base", UNBIASED, 16, 514),
    "multilingual": Published("XLMRoberta", "xlm-roberta-base", UNBIASED, 16, 514),
    "original-small": Published("Albert", "albert-base-v2", ORIGINAL, 6, 512),
}


def make_backbone(folder: Path, name: str) -> Path:
    """Configuration and tokenizer of the published model ``name``, in ``folder``."""
    import transformers

    published = PUBLISHED[name]
    tokenizer = TOKENIZERS[published.kind](folder)
    tokenizer.save_pretrained(folder)
    config: Any = getattr(transformers, f"{published.kind}Config")
    config(
        vocab_size=len(tokenizer), max_position_embeddings=published.positions, **SMALL
    ).save_pretrained(folder)
    return folder


def _word_pieces(folder: Path) -> Any:
    from transformers import BertTokenizer

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [*LETTERS, *(f"##{letter}" for letter in LETTERS)]
    pieces = [*marks, *sorted(set(WORDS) - set(letters)), *letters]
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces))
    return BertTokenizer(str(folder / "vocab.txt"))


def _byte_pieces(folder: Path) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import RobertaTokenizer

    learned: Any = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer: Any = trainers.BpeTrainer(
        vocab_size=300, special_tokens=marks, initial_alphabet=alphabet, show_progress=False
    )
    learned.train_from_iterator(SAYINGS, trainer)
    learned.model.save(str(folder))
    files = {"vocab": str(folder / "vocab.json"), "merges": str(folder / "merges.txt")}
    made: Any = RobertaTokenizer
    return made(**files)


def _likely_pieces(marks: list[str]) -> Iterator[tuple[str, float]]:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    learned: Any = Tokenizer(models.Unigram())
    learned.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer: Any = trainers.UnigramTrainer(
        vocab_size=120, special_tokens=marks, unk_token="<unk>", show_progress=False
    )
    learned.train_from_iterator(SAYINGS, trainer)
    # Pairs, as the tokenizers insist; JSON only knows lists.
    yield from map(tuple, json.loads(learned.to_str())["model"]["vocab"])


def _xlm_pieces(folder: Path) -> Any:
    from transformers import XLMRobertaTokenizer

    made: Any = XLMRobertaTokenizer
    pieces = list(_likely_pieces(["<s>", "<pad>", "</s>", "<unk>"]))
    return made(vocab=[*pieces, ("<mask>", 0.0)])


def _albert_pieces(folder: Path) -> Any:
    from transformers import AlbertTokenizer

    made: Any = AlbertTokenizer
    return made(vocab=list(_likely_pieces(["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"])))


TOKENIZERS = {
    "Bert": _word_pieces,
    "Roberta": _byte_pieces,
    "XLMRoberta": _xlm_pieces,
    "Albert": _albert_pieces,
}
