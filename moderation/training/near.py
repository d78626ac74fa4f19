"""Messages that are nearly the same: they would make a held-out fifth look easier than it is."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.training.corpus import Line

ALIKE: Final = 0.6
"""Share of words, of all words in either, that two messages may have in common."""

MIN_WORDS: Final = 4

BITS: Final = 64
AT_ONCE: Final = 256
"""Lines held against all earlier ones with the same rare word: a few megabytes of numbers."""


def near_duplicates(
    lines: Sequence[Line], alike: float = ALIKE
) -> Iterator[tuple[Line, Line, float]]:
    """Pairs of lines with at least this Jaccard index of their words, and that index.

    Only pairs that share one of their three rarest words are compared, which finds every pair that
    differs in a few words without comparing all with all. Lines under `MIN_WORDS` are passed over.
    """
    words = [frozenset(line.words.split()) for line in lines]
    frequency = Counter(chain.from_iterable(words))
    by_rarity = sorted(frequency, key=lambda word: (frequency[word], word))
    place = {word: place for place, word in enumerate(by_rarity)}
    sharing: dict[int, list[int]] = defaultdict(list)
    for index, one in enumerate(words):
        if len(one) >= MIN_WORDS:
            for rare in sorted(map(place.__getitem__, one))[:3]:
                sharing[rare].append(index)
    sketches = np.array([_sketch(map(place.__getitem__, one)) for one in words], dtype=np.uint64)
    sizes = np.array([len(one) for one in words])
    hopeful: set[tuple[int, int]] = set()
    for among in sharing.values():
        if len(among) > 1:
            hopeful.update(_hopeful(np.array(among), sketches, sizes, alike))
    for index, other in sorted(hopeful):
        share = len(words[index] & words[other]) / len(words[index] | words[other])
        if share >= alike:
            yield lines[other], lines[index], share


def _sketch(places: Iterable[int]) -> int:
    """A line's words in 64 bits. A bit that only one of two lines has is a word only it has."""
    sketch = 0
    for place in places:
        sketch |= 1 << place % BITS
    return sketch


def _hopeful(
    among: NDArray[np.int_], sketches: NDArray[np.uint64], sizes: NDArray[np.int_], alike: float
) -> Iterator[tuple[int, int]]:
    """Pairs of these, the later first, whose sketches do not already say that they are not alike.

    Of two lines with n words together and this Jaccard index, at most (1 - alike) / (1 + alike) of
    n stand in one alone. Most pairs have more bits apart than that: millions are ruled out at once.
    """
    for start in range(0, len(among), AT_ONCE):
        some, until = among[start : start + AT_ONCE, None], among[: start + AT_ONCE]
        apart = np.bitwise_count(sketches[some] ^ sketches[until])
        may_be = (1 + alike) * apart <= (1 - alike) * (sizes[some] + sizes[until]) + 1e-9
        later, earlier = np.nonzero(may_be & (until < some))
        yield from zip(some[later, 0].tolist(), until[earlier].tolist(), strict=True)
