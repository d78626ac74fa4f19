"""One training run from data to checkpoint folder."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

from moderation.classifiers.shipped import digest
from moderation.training.batches import cuttings
from moderation.training.card import CARD, training_card
from moderation.training.checkpoint import seal, write_checkpoint
from moderation.training.corpus import CORPUS, read_corpus
from moderation.training.loop import Plan, Say, Trainer
from moderation.training.model import backbone_folder, blend, from_backbone, from_checkpoint
from moderation.training.refusal import Refused
from moderation.training.rows import Row, corpus_rows, open_rows
from moderation.training.vocabulary import backbone_tokenizer, build, choose
from moderation.training.wording import fit_wording

TRAINING_FILES: Final = ("train.toxicity.csv.gz", "train.crisis.csv.gz")
CAPS: Final = {
    "davidson_hate_offensive": 12000,
    "hatexplain": 8000,
    "stormfront_hate": 3000,
    "wiki_context_toxicity": 8000,
}
"""At most so many rows of a source whose labels are coarse or one-sided, or whose texts are long.

Short, everyday rows (`goemotions`, tweets) are kept whole: without them, what tells our own crisis
lines from the other rows is being a short line in the first person.
"""


def gather(
    data: Path, corpus: Path, seed: int, share: float = 1.0, *, whole_sources: bool = False
) -> tuple[list[Row], list[Row]]:
    """Open rows and own rows that may train. The held-out fifth of the corpus is left out."""
    rng = np.random.default_rng(seed)
    caps = {} if whole_sources else CAPS
    found = open_rows([data / name for name in TRAINING_FILES], caps, rng)
    if share < 1.0:
        found = [found[i] for i in sorted(rng.permutation(len(found))[: int(len(found) * share)])]
    own = corpus_rows(line for line in read_corpus(corpus) if not line.held_out)
    return found, own


def drawn(
    own: Sequence[Row], share: float, whole: Sequence[str], rng: np.random.Generator
) -> list[Row]:
    """Of our own messages, those in the files `whole` and `share` of the rest, drawn by lot.

    A short run on what was read wrongly need not see all the others again. Raises Refused where a
    file has no messages, since a slip in its name would quietly leave it out, and where the share
    is not between 0 and 1.
    """
    if not 0.0 <= share <= 1.0:
        raise Refused(f"A share of our own messages is between 0 and 1, not {share}.")
    files = {row.id.rpartition(":")[0] for row in own}
    for name in whole:
        if name not in files:
            raise Refused(
                f"No message of the corpus is in {name}. Files: {', '.join(sorted(files))}."
            )
    lot = rng.random(len(own))
    return [
        row
        for row, number in zip(own, lot, strict=True)
        if row.id.rpartition(":")[0] in whole or number < share
    ]


def train(
    *,
    data: Path,
    out: Path,
    work: Path,
    version: str,
    plan: Plan,
    say: Say,
    corpus: Path = CORPUS,
    share: float = 1.0,
    pieces: int = 14000,
    start_from: Path | None = None,
    blend_with: Sequence[Path] = (),
    whole_sources: bool = False,
    own_share: float = 1.0,
    own_whole: Sequence[str] = (),
) -> str:
    """Train and write the checkpoint to `out`; `work` keeps the state. Returns the digest.

    What is written is the mean of what was trained and of the checkpoints in `blend_with`, and a
    card beside it. Raises Refused where `work` holds a run of other data or another plan, and where
    `own_whole` names a file that the corpus has not.
    """
    found, every_own = gather(data, corpus, plan.seed, share, whole_sources=whole_sources)
    own = drawn(every_own, own_share, own_whole, np.random.default_rng(plan.seed))
    say(f"{len(found)} open rows, {len(own)} own rows")
    torch.manual_seed(plan.seed)  # Before the head is made, or no two runs would begin alike.
    if start_from:
        model, tokenizer = from_checkpoint(start_from)
    else:
        model, tokenizer = _from_backbone([*found, *own], pieces)
    trainer = Trainer(model, tokenizer, plan, work, say)
    trainer.run(found, own)
    blend(model, blend_with)
    notes = {
        "plan": asdict(plan),
        "open_rows": len(found),
        "own_rows": len(own),
        "whole_sources": whole_sources,
        "own_share": own_share,
        "own_whole": list(own_whole),
        "blended_with": [digest(folder) for folder in blend_with],
    }
    write_checkpoint(out, model, tokenizer, version=version, notes=notes)
    # Words alone are learnt in minutes, from every row there is, whatever the encoder saw.
    every, _ = gather(data, corpus, plan.seed, whole_sources=True)
    pieces_of_them = cuttings(every, plan.cuttings, np.random.default_rng(plan.seed))
    fit_wording([*every, *pieces_of_them], every_own, out, say)
    written = seal(out)
    begun_from = _name_of(start_from) if start_from else "all-MiniLM-L6-v2 (Apache-2.0)"
    card = training_card(version, plan, found, own, begun_from)
    (out / CARD).write_text(card, encoding="utf-8")
    return written


def _name_of(folder: Path) -> str:
    """By digest, not by path: a card is read elsewhere than where it was written."""
    return f"the checkpoint {folder.name} ({digest(folder)[:12]})"


def _from_backbone(rows: list[Row], pieces: int) -> tuple[BertForSequenceClassification, Tokenizer]:
    folder = backbone_folder()
    original = backbone_tokenizer(folder)
    vocabulary = choose(original, [row.text for row in rows], size=pieces)
    return from_backbone(folder, vocabulary, original), build(vocabulary)
