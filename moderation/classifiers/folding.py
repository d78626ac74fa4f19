"""One plain way of writing for every reader, with a way back to the original.

People write the same word in many ways, some to get past a filter: other alphabets that look alike,
accents, invisible characters, digits for letters, spaces between letters, letters stretched for
feeling. Folding undoes these. It is for reading only: nothing folded is ever stored or shown.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from chat.kernel.look_alikes import FOREIGN, LOOK_ALIKES, REGIONAL, shapes
from moderation.classifiers.base import Span

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

WATCHED: Final = EDGE_WORDS | {
    "myself",
    "die",
    "killing",
    "suicides",
    "cutting",
    "cut",
    "kms",
    "kys",
}
"""Words that are also read in a disguise that would be ordinary in any other word: "k!ll"."""

SPELLED_OUT: Final = frozenset({"kms", "kys", "die", "cut", "sex"})
"""Words of three letters that are read when spaced out. Any other three letters are a list."""

_ORDINARY: Final = re.compile(r"[ -~\t\n\r]*")
_LETTER: Final = r"(?:[^\W\d_]|[013457@$])"
_ALNUM: Final = r"[^\W_]"
_SPLIT: Final = re.compile(
    rf"(?<!{_ALNUM}){_LETTER}([ .\-_*]){_LETTER}(?!{_ALNUM})(?:\1{_LETTER}(?!{_ALNUM}))+"
)
_MARKED: Final = re.compile(r"(?<![\w@$!|])[a-z0-9@$]+(?:[!|][a-z0-9@$]+)+(?![\w@$])")
_REGIONAL: Final = re.compile(f"[{chr(REGIONAL.start)}-{chr(REGIONAL.stop - 1)}]+")
_WORD: Final = re.compile(rf"(?:{_ALNUM}|[@$])+")
_INNER_SIGNS: Final = re.compile(r"(?<=[^\W\d_])[013457@$]+(?=[^\W\d_])")
_STRETCHED: Final = re.compile(r"([^\d])\1\1+")
_WHITE: Final = str.maketrans("\t\n\r`", "   '")
_LEET: Final = str.maketrans(LEET)
_STRETCH_KEPT: Final = 2
_SPLIT_LETTERS: Final = 4
_LONGEST_MARKED: Final = 14
_MARKS_READ: Final = 4


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
    folded, origin = _unstretched(*_letters(text, leet), stretch)
    return _finished(text, folded, origin, apostrophes)


def fold_both_ways(text: str) -> tuple[Folded, Folded]:
    """Without apostrophes, stretched letters cut to two and to one: "goood" is "good" or "god"."""
    folded, origin = _letters(text, leet=True)
    two, one = (
        _finished(text, *_unstretched(folded, origin, kept), apostrophes=False) for kept in (2, 1)
    )
    return two, one


def _letters(text: str, leet: bool) -> tuple[str, list[int]]:
    """Disguises undone, at full length."""
    if _ORDINARY.fullmatch(text) is not None:
        folded, origin = text.lower().translate(_WHITE), list(range(len(text)))
    else:
        folded, origin = _characters(text)
    if leet:
        folded, origin = _without(folded, origin, _between_split_letters(folded))
        folded = _MARKED.sub(_unmarked, folded)
    if not (folded.isascii() and (not leet or LEET.keys().isdisjoint(folded))):
        words = _WORD.findall(folded)
        latin = {word: _latin_word(word, leet) for word in set(words)}
        if any(word != read for word, read in latin.items()):
            folded = _WORD.sub(lambda word: latin[word.group()], folded)
    return folded, origin


def _unstretched(text: str, origin: list[int], stretch: int) -> tuple[str, list[int]]:
    """Runs of three or more of one sign are cut to `stretch`; digits are left alone."""
    if not stretch:
        return text, origin
    cuts = (range(m.start() + stretch, m.end()) for m in _STRETCHED.finditer(text))
    return _without(text, origin, cuts)


def _finished(text: str, folded: str, origin: list[int], apostrophes: bool) -> Folded:
    if not apostrophes and "'" in folded:
        marks = (range(i, i + 1) for i, c in enumerate(folded) if c == "'")
        folded, origin = _without(folded, origin, marks)
    return Folded(folded, tuple(origin), len(text))


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
    if c in shapes() and ord(c) not in REGIONAL:  # Flags: see `_regional`.
        return shapes()[c]
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


def _characters(text: str) -> tuple[str, list[int]]:
    """The text in plain characters, and the place of each in the original."""
    plain_of = {c: _plain_character(c) for c in set(text)}
    read = [plain_of[c] for c in text]
    for index in _regional(text):
        read[index] = shapes()[text[index]]
    if {len(plain) for plain in plain_of.values()} == {1}:
        return "".join(read), list(range(len(text)))
    return "".join(read), [index for index, plain in enumerate(read) for _ in plain]


def _plain_character(c: str) -> str:
    if c.isascii() and c.isprintable():
        return c.lower().replace("`", "'")
    return _folded_character(c)


def _regional(text: str) -> set[int]:
    """Places of letters that are no flags: one alone, an odd number, or a watched word."""
    letters: set[int] = set()
    for run in _REGIONAL.finditer(text):
        word = "".join(shapes()[c] for c in run.group())
        if len(word) % 2 or word in WATCHED:
            letters.update(range(*run.span()))
    return letters


def _without(text: str, origin: list[int], cuts: Iterable[range]) -> tuple[str, list[int]]:
    """The text without these parts, which come in order and do not overlap."""
    parts: list[str] = []
    kept: list[int] = []
    done = 0
    for cut in cuts:
        parts.append(text[done : cut.start])
        kept.extend(origin[done : cut.start])
        done = cut.stop
    if not done:
        return text, origin
    parts.append(text[done:])
    kept.extend(origin[done:])
    return "".join(parts), kept


def _between_split_letters(text: str) -> list[range]:
    """What stands between single letters: "k i l l", "s.u.i.c" (four or more), "k m s"."""
    cuts: list[range] = []
    for run in _SPLIT.finditer(text):
        letters = run.group()[::2]
        first = run.start()
        if letters[0] in "iua" and letters[1:].translate(_LEET) in WATCHED:
            letters, first = letters[1:], first + 2  # "i k m s": a word before it.
        long = len(letters) >= _SPLIT_LETTERS and sum(c.isalpha() for c in letters) >= 3
        if long or letters.translate(_LEET) in SPELLED_OUT:
            cuts += [range(at, at + 1) for at in range(first + 1, run.end(), 2)]
    return cuts


def _unmarked(word: "re.Match[str]") -> str:
    """As in "k!ll" and "su|cide": a mark inside a watched word is a letter, and nowhere else."""
    text = word.group()
    marks = [i for i, c in enumerate(text) if c in "!|"]
    if len(text) > _LONGEST_MARKED or len(marks) > _MARKS_READ:
        return text
    for letters in product("il", repeat=len(marks)):
        read = list(text)
        for at, letter in zip(marks, letters, strict=True):
            read[at] = letter
        if "".join(read).translate(_LEET) in WATCHED:
            return "".join(read)
    return text


def _latin_word(word: str, leet: bool) -> str:
    """The word with as many characters as before: look-alikes and digits inside it to letters."""
    if not word.isascii():
        word = _unmixed(word)
    if not leet or LEET.keys().isdisjoint(word) or not any(c.isalpha() for c in word):
        return word
    inner = _INNER_SIGNS.sub(lambda signs: signs.group().translate(_LEET), word)
    edges = inner.translate(_LEET)
    return edges if edges in EDGE_WORDS else inner


def _unmixed(word: str) -> str:
    """Look-alikes become Latin, unless the word is truly written in another alphabet."""
    mapped = word.translate(LOOK_ALIKES)
    if mapped in WATCHED:
        return mapped
    mixed = any(c.isascii() for c in set(word))
    foreign = any(_foreign(c) for c in set(mapped) if not c.isascii())
    return mapped if mixed and not foreign else word


@lru_cache(maxsize=4096)
def _foreign(c: str) -> bool:
    return unicodedata.name(c, "").startswith(FOREIGN)
