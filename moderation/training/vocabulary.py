"""Fewer word pieces, so that the weights are small enough to ship.

Word pieces are kept when our own corpus or the open training rows use them, and always when they
are a single ASCII character: a word that lost its piece is then spelled with smaller ones, and
nothing that can be typed in Latin letters becomes unknown.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

SPECIAL: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
COMMON_WORDS: Final = 8000
"""Whole words early in the backbone's list are kept unseen: its list is in order of frequency."""


def choose(tokenizer: Tokenizer, texts: Iterable[str], *, size: int) -> list[str]:
    """The word pieces to keep, at most `size`, in the order of the backbone's own list."""
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    counts: Counter[int] = Counter()
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        counts.update(encoding.ids)
    must = {piece for piece in vocabulary if piece in SPECIAL or _single(piece)}
    words = sorted(
        (p for p in vocabulary if p.isascii() and p.isalpha()), key=vocabulary.__getitem__
    )
    pieces = {index: piece for piece, index in vocabulary.items()}
    wanted = [pieces[i] for i, n in counts.most_common() if n > 1]
    keep = set(must)
    for piece in [*wanted, *words[:COMMON_WORDS]]:
        if len(keep) >= size:
            break
        if piece.isascii():
            keep.add(piece)
    return sorted(keep, key=vocabulary.__getitem__)


def _single(piece: str) -> bool:
    bare = piece.removeprefix("##")
    return len(bare) == 1 and bare.isascii()


def build(pieces: list[str]) -> Tokenizer:
    """A tokenizer over these pieces that works as the backbone's does."""
    ids = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token=SPECIAL[1], max_input_chars_per_word=60))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    return tokenizer


def backbone_tokenizer(folder: Path) -> Tokenizer:
    """The backbone's tokenizer, without truncation or padding."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
