"""One plain way of writing for every reader, with a way back to the original.

People write the same word in many ways, some to get past a filter: other alphabets that look alike,
accents, invisible characters, digits for letters, spaces between letters, letters stretched for
feeling. Folding undoes these. It is for reading only: nothing folded is ever stored or shown.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from moderation.classifiers.base import Span

LOOK_ALIKES: Final = str.maketrans(
    "аеёорсухіїјѕԁһкмнтвгпʀɑɡıɩοαερτυνικχβηωℓßøłđħ",
    "aeeopcyxiijsdhkmhtbrnragiioaeptuvikxbnwlsoldh",
)
"""Cyrillic, Greek and other letters that pass for a Latin one (our own short list)."""

PUNCTUATION: Final = str.maketrans(
    "\u2018\u2019\u201b\u02bc\u0060\u00b4\u201c\u201d\u201e\u00ab\u00bb\u2010\u2011\u2012\u2013\u2014\u2212\u2026",
    "''''''\"\"\"\"\"------.",
)

LEET: Final = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}
"""Read as letters only inside a word: "k1ll", "$elf", never "2010" or "m8"."""

EDGE_WORDS: Final = frozenset(
    {"suicide", "suicidal", "self", "selfharm", "harm", "kill", "killed", "killing", "die"}
    | {"dying", "dead", "death", "end", "stab", "slit", "cut", "cuts", "shit", "ass", "asshole"}
    | {"slut", "sex", "send", "snap", "insta", "address", "alone", "unalive"}
)
"""Words that are also read when a digit stands for their first or last letter: "5uicide"."""

_ORDINARY: Final = re.compile(r"[ -~\t\n\r]*")
_SPLIT: Final = re.compile(r"(?:[a-z013457@$][ .\-_*]){3}[a-z013457@$]")
_STRETCHED: Final = re.compile(r"(\D)\1\1")
_WHITE: Final = str.maketrans("\t\n\r`", "   '")
_STRETCH_KEPT: Final = 2
_SPLIT_LETTERS: Final = 4
_MIXED_ALPHABETS: Final = ("CYRILLIC", "GREEK")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. `origin[i]` is the place in the original of the i-th folded character."""

    text: str
    origin: tuple[int, ...]
    length: int

    def span(self, start: int, end: int) -> Span:
        """The part of the original that became `text[start:end]`; an empty part is widened to 1."""
        if start >= len(self.origin):
            return Span(self.length, self.length)
        first = self.origin[start]
        last = self.origin[min(max(end, start + 1), len(self.origin)) - 1]
        return Span(first, max(last + 1, first + 1))


def fold(
    text: str, *, stretch: int = _STRETCH_KEPT, apostrophes: bool = True, leet: bool = True
) -> Folded:
    """Fold `text`. Never raises, for any string.

    Letters repeated more than twice are cut to `stretch`; 0 leaves them. With `apostrophes=False`
    they are dropped, so that "don't", "don’t" and "dont" are one. With `leet=False` digits stay
    digits and single letters stay apart, for whoever looks for numbers and names.
    """
    folded = _folded_as_it_is(text, stretch, apostrophes, leet)
    if folded is not None:
        return folded
    pairs = list(_characters(text))
    if leet:
        pairs = _join_split_letters(pairs)
    pairs = _latin_words(pairs, leet)
    if stretch:
        pairs = _unstretched(pairs, stretch)
    if not apostrophes:
        pairs = [p for p in pairs if p[0] != "'"]
    return Folded("".join(c for c, _ in pairs), tuple(i for _, i in pairs), len(text))


def _folded_as_it_is(text: str, stretch: int, apostrophes: bool, leet: bool) -> Folded | None:
    """The short way for most messages: those in ASCII with nothing to undo. None for the others."""
    if _ORDINARY.fullmatch(text) is None:
        return None
    lowered = text.lower().translate(_WHITE)
    if leet and (_SPLIT.search(lowered) or not LEET.keys().isdisjoint(lowered)):
        return None
    if stretch and _STRETCHED.search(lowered):
        return None
    if apostrophes or "'" not in lowered:
        return Folded(lowered, tuple(range(len(text))), len(text))
    kept = tuple(index for index, c in enumerate(lowered) if c != "'")
    return Folded(lowered.replace("'", ""), kept, len(text))


def plain(text: str) -> str:
    """The folded text for the encoder: emoji become their names, white space becomes one space."""
    folded = fold(text).text
    if not folded.isascii():
        folded = "".join(_named(c) for c in folded)
    return " ".join(folded.split())


@lru_cache(maxsize=8192)
def _folded_character(c: str) -> str:
    """One character in its plain form: lower case, no accent, "" if it cannot be seen."""
    if c in "\n\t\r ":
        return " "
    kind = unicodedata.category(c)
    if kind in ("Cf", "Cc", "Mn", "Me", "Cs", "Cn", "Co"):
        return ""
    if kind in ("Zs", "Zl", "Zp"):
        return " "
    if kind == "Nd":
        return str(unicodedata.decimal(c))
    decomposed = unicodedata.normalize("NFKD", c)
    base = "".join(d for d in decomposed if unicodedata.category(d) not in ("Mn", "Me"))
    if not base.isascii():
        base = unicodedata.normalize("NFKC", base)
    return base.lower().translate(PUNCTUATION)


@lru_cache(maxsize=4096)
def _named(c: str) -> str:
    if c.isascii() or unicodedata.category(c) not in ("So", "Sk"):
        return c
    return f" {unicodedata.name(c, '').lower().replace('-', ' ')} "


def _characters(text: str) -> Iterator[tuple[str, int]]:
    for index, c in enumerate(text):
        if c.isascii() and c.isprintable():
            yield c.lower().replace("`", "'"), index
        else:
            for folded in _folded_character(c):
                yield folded, index


def _join_split_letters(pairs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Drop what stands between single letters: "k i l l", "s.u.i.c" (four or more of them)."""
    drop: set[int] = set()
    index = 0
    while index < len(pairs):
        end = _split_run(pairs, index)
        letters = (end - index + 1) // 2
        if letters >= _SPLIT_LETTERS and sum(c.isalpha() for c, _ in pairs[index:end]) >= 3:
            drop.update(range(index + 1, end - 1, 2))
        index = max(end, index + 1)
    return [p for i, p in enumerate(pairs) if i not in drop] if drop else pairs


def _split_run(pairs: list[tuple[str, int]], start: int) -> int:
    """The end of a run of letter, separator, letter, separator … that begins at a word's start."""
    if start and pairs[start - 1][0].isalnum():
        return start
    index = start
    while (
        index + 2 < len(pairs)
        and _letter(pairs[index][0])
        and pairs[index + 1][0] in " .-_*"
        and pairs[index + 1][0] == pairs[start + 1][0]
        and _letter(pairs[index + 2][0])
        and (index + 3 == len(pairs) or not pairs[index + 3][0].isalnum())
    ):
        index += 2
    return index + 1 if index > start else start


def _letter(c: str) -> bool:
    return c.isalpha() or c in LEET


def _latin_words(pairs: list[tuple[str, int]], leet: bool) -> list[tuple[str, int]]:
    """Word by word: look-alikes to Latin, digits inside a word to letters."""
    text = "".join(c for c, _ in pairs)
    if text.isascii() and not any(c in LEET for c in text):
        return pairs
    out: list[tuple[str, int]] = []
    start = 0
    for index in range(len(pairs) + 1):
        if index < len(pairs) and (text[index].isalnum() or text[index] in "@$"):
            continue
        word = text[start:index]
        out.extend(zip(_latin_word(word, leet), (i for _, i in pairs[start:index]), strict=True))
        out.extend(pairs[index : index + 1])
        start = index + 1
    return out


def _latin_word(word: str, leet: bool) -> str:
    """The word with as many characters as before."""
    if not word.isascii():
        word = _unmixed(word)
    if not leet or not any(c in LEET for c in word) or not any(c.isalpha() for c in word):
        return word
    inner = "".join(
        LEET[c] if c in LEET and _between_letters(word, i) else c for i, c in enumerate(word)
    )
    edges = "".join(LEET.get(c, c) for c in inner)
    return edges if edges in EDGE_WORDS else inner


def _unmixed(word: str) -> str:
    """Look-alikes become Latin, unless the word is truly written in another alphabet."""
    mapped = word.translate(LOOK_ALIKES)
    foreign = any(
        unicodedata.name(c, "").startswith(_MIXED_ALPHABETS) for c in mapped if not c.isascii()
    )
    mixed = any(c.isascii() for c in word) or mapped in EDGE_WORDS
    return mapped if mixed and not foreign else word


def _between_letters(word: str, index: int) -> bool:
    """A letter somewhere before and after, with nothing but such signs in between."""
    before = word[:index].rstrip("0134 5@$7")
    after = word[index + 1 :].lstrip("01345@$7")
    return bool(before and before[-1].isalpha() and after and after[0].isalpha())


def _unstretched(pairs: list[tuple[str, int]], stretch: int) -> list[tuple[str, int]]:
    """Runs of three or more of one sign are cut to `stretch`; digits are left alone."""
    out: list[tuple[str, int]] = []
    start = 0
    while start < len(pairs):
        end = start + 1
        while end < len(pairs) and pairs[end][0] == pairs[start][0]:
            end += 1
        run = pairs[start:end]
        out.extend(run if len(run) < 3 or run[0][0].isdigit() else run[:stretch])
        start = end
    return out
