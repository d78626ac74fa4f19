"""From rows to batches: one epoch's texts, cut to length, in batches of like lengths."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer

from moderation.classifiers.folding import plain
from moderation.classifiers.labels import DANGER, TOXICITY, Label
from moderation.training.rows import PLACE, Row
from moderation.training.style import hurried, restyle

MASK: Final = "[MASK]"
SHORT: Final = 10
"""Pieces, the two that mark beginning and end among them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step: ids and mask [n, tokens], targets and weights [n, labels]."""

    ids: torch.Tensor
    mask: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor


def mixed(rows: list[Row], share: float, rng: np.random.Generator) -> list[Row]:
    """Longer messages made of two to four of our own, with the labels of all of them.

    Our corpus is short lines; people also write long posts in which one sentence tells. A label
    holds for the whole where it holds for any part, and is unknown where a part is unknown.
    """
    made = []
    for _ in range(int(len(rows) * share)):
        parts = [
            rows[i] for i in rng.choice(len(rows), size=int(rng.integers(2, 5)), replace=False)
        ]
        targets = np.stack([part.targets for part in parts])
        told = np.nanmax(np.where(np.isnan(targets), -1.0, targets), axis=0)
        unknown = np.isnan(targets).any(axis=0) & (told < 1.0)
        whole = np.where(unknown, np.nan, np.maximum(told, 0.0)).astype(np.float32)
        weights = np.min([part.weights for part in parts], axis=0)
        made.append(Row(". ".join(p.text for p in parts), whole, weights, "own:mixed"))
    return made


def cuttings(rows: list[Row], count: int, rng: np.random.Generator) -> list[Row]:
    """Pieces of 2 to 14 words out of open rows that nobody took for danger, as if texted.

    Our own danger is short and hints, our own ordinary lines are in known words: taught by those
    alone, an encoder takes whatever is short and strange to it for a hint. What such a piece says
    of abuse is unknown: the rude word may have been in the rest.
    """
    harmless = [row for row in rows if _is_no_danger(row)]
    made = []
    for index in rng.integers(0, len(harmless), size=count if harmless else 0):
        row = harmless[index]
        words = row.text.split()
        length = int(rng.integers(2, 15))
        start = int(rng.integers(0, max(1, len(words) - length + 1)))
        text = " ".join(words[start : start + length])
        targets = row.targets.copy()
        targets[_OF_THE_WHOLE] = np.nan
        made.append(Row(hurried(text, rng), targets, row.weights, "open:cutting"))
    return made


_OF_THE_WHOLE: Final = [PLACE[label] for label in (*TOXICITY, Label.DISTRESS)]


def _is_no_danger(row: Row) -> bool:
    return all(row.targets[PLACE[label]] == 0.0 for label in DANGER)


def plain_rows(rows: list[Row]) -> list[Row]:
    """The same rows with their texts folded once, instead of once an epoch."""
    return [Row(plain(r.text[:3000]), r.targets, r.weights, r.source, r.id) for r in rows]


def epoch(
    rows: list[Row],
    tokenizer: Tokenizer,
    *,
    max_tokens: int,
    budget: int,
    rng: np.random.Generator,
    augment: bool = True,
    hide: float = 0.0,
) -> Iterator[Batch]:
    """Batches of about `budget` padded tokens, in random order; `hide` of the pieces are masked."""
    texts = [restyle(row.text, rng) if augment else row.text for row in rows]
    tokenizer.enable_truncation(max_tokens)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    mask = tokenizer.token_to_id(MASK)
    if hide and mask is not None:
        ids = [hidden(one, hide, mask, rng) for one in ids]
    noise = rng.random(len(ids)) * 6
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]) + noise[i])
    groups: list[list[int]] = [[]]
    longest = 0
    for index in order:
        longest = max(longest, len(ids[index]))
        if groups[-1] and longest * (len(groups[-1]) + 1) > budget:
            groups.append([])
            longest = len(ids[index])
        groups[-1].append(index)
    for place in rng.permutation(len(groups)):
        yield _batch([ids[i] for i in groups[place]], [rows[i] for i in groups[place]])


def hidden(ids: list[int], share: float, mask: int, rng: np.random.Generator) -> list[int]:
    """The same pieces, in every second text some of them masked: no single word may tell it all.

    An encoder this small knows by heart what it was taught, and leans on the words of one message
    alone; with some of them gone it has to read the rest. The first and the last piece stay, and so
    do texts of a few pieces, where the one that is gone may have been the "not".
    """
    if len(ids) < SHORT or rng.random() < 0.5:
        return ids
    gone = rng.random(len(ids)) < share
    gone[[0, -1]] = False
    return [mask if lost else one for one, lost in zip(ids, gone, strict=True)]


def _batch(ids: list[list[int]], rows: list[Row]) -> Batch:
    width = max(len(one) for one in ids)
    padded = torch.zeros((len(ids), width), dtype=torch.long)
    mask = torch.zeros((len(ids), width), dtype=torch.long)
    for index, one in enumerate(ids):
        padded[index, : len(one)] = torch.tensor(one)
        mask[index, : len(one)] = 1
    targets = torch.from_numpy(np.stack([row.targets for row in rows]))
    weights = torch.from_numpy(np.stack([row.weights for row in rows]))
    return Batch(padded, mask, targets, weights)
