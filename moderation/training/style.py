"""Writing one message in another person's style, so that style is not what is learned.

The open sources are told apart by capitals and punctuation alone, and so would be a model that saw
each in its own style only. Folding takes the capitals away; this takes dots and apostrophes from
some, and gives others a slip of the finger.
"""

import re

import numpy as np

_MARKS = re.compile(r"[^\w\s']+")
_SHORT_WORD = 4


def restyle(text: str, rng: np.random.Generator) -> str:
    """The same words: perhaps without marks or apostrophes, perhaps with a slip or two."""
    if rng.random() < 0.4:
        text = _MARKS.sub(" ", text)
    if rng.random() < 0.3:
        text = text.replace("'", "")
    if rng.random() < 0.15:
        text = _slips(text, rng)
    return " ".join(text.split())


def _slips(text: str, rng: np.random.Generator) -> str:
    words = text.split(" ")
    for index in rng.integers(0, len(words), size=1 + len(words) // 12):
        word = words[index]
        if len(word) >= _SHORT_WORD and word.isalpha():
            words[index] = _slip(word, int(rng.integers(1, len(word) - 1)), rng.random())
    return " ".join(words)


def _slip(word: str, at: int, kind: float) -> str:
    if kind < 0.4:
        return word[:at] + word[at + 1 :]
    if kind < 0.7:
        return word[:at] + word[at] + word[at:]
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
