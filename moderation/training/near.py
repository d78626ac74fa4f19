"""Messages that are nearly the same: they would make a held-out fifth look easier than it is."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from moderation.training.corpus import Line, key

ALIKE: Final = 0.6
"""Share of words, of all words in either, that two messages may have in common."""

MIN_WORDS: Final = 4


def near_duplicates(
    lines: Sequence[Line], alike: float = ALIKE
) -> Iterator[tuple[Line, Line, float]]:
    """Pairs of lines with at least this Jaccard index of their words, and that index.

    Only pairs that share one of their three rarest words are compared, which finds every pair that
    differs in a few words without comparing all with all. Lines under `MIN_WORDS` are passed over.
    """
    words = [frozenset(key(line.text).split()) for line in lines]
    frequency = Counter(word for one in words for word in one)
    by_word: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(words):
        if len(one) < MIN_WORDS:
            continue
        rare = sorted(one, key=lambda word: (frequency[word], word))[:3]
        compared: set[int] = set()
        for word in rare:
            compared.update(by_word[word])
            by_word[word].append(index)
        for other in sorted(compared):
            share = len(one & words[other]) / len(one | words[other])
            if share >= alike:
                yield lines[other], lines[index], share
