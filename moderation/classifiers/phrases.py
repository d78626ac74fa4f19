"""From the phrases of `crisis_patterns.yaml` to RE2.

RE2 takes time in proportion to the text whatever the pattern, so no message can hang the worker.
"""

import re as syntax
from collections.abc import Mapping, Sequence
from typing import Final

import re2

GAP_SIGNS: Final = r"[\s,.!?:;\-*\"()_~]{1,4}"
_WORD: Final = syntax.compile(r"<(\w+)>")
_DEPTH: Final = 4


class PatternError(ValueError):
    """The pattern file breaks its format. The message names the rule."""


class Phrases:
    """Compiles phrases with the words and fillers of one file."""

    def __init__(self, words: Mapping[str, Sequence[str]], fillers: Sequence[str]) -> None:
        self._words = words
        filler = "|".join(_spaced(f) for f in fillers)
        self.gap = f"{GAP_SIGNS}(?:(?:{filler}){GAP_SIGNS}){{0,2}}"

    def source(self, phrases: Sequence[str], where: str) -> str:
        """One RE2 source that matches any of the phrases as whole words."""
        return r"\b(?:" + "|".join(self._phrase(p, where) + _closed(p) for p in phrases) + ")"

    def choice(self, cues: Sequence[str]) -> str:
        """The source that matches any of these words or plain phrases."""
        return "(?:" + "|".join(_spaced(c) for c in cues) + ")"

    def _phrase(self, phrase: str, where: str) -> str:
        out = ""
        for token in _tokens(phrase):
            optional = token.endswith("?") and not token.startswith("(")
            piece = self._token(token.removesuffix("?") if optional else token, where, 0)
            if not out:
                out = piece if not optional else f"(?:{piece})?"
            elif optional:
                out += f"(?:{self.gap}{piece})?"
            else:
                out += self.gap + piece
        return out

    def _token(self, token: str, where: str, depth: int) -> str:
        """A word, a choice of words, or <name>: its words, which may use names in turn."""
        if depth > _DEPTH:
            raise PatternError(f"{where}: words refer to each other in a circle")
        if token.startswith("("):
            return token
        choices = [self._choice(choice, where, depth) for choice in token.split("|")]
        return choices[0] if len(choices) == 1 else f"(?:{'|'.join(choices)})"

    def _choice(self, choice: str, where: str, depth: int) -> str:
        choice = choice.removesuffix("?")
        name = _WORD.fullmatch(choice)
        if name is None:
            return choice
        if name.group(1) not in self._words:
            raise PatternError(f"{where}: nothing is listed for <{name.group(1)}>")
        options = []
        for words in self._words[name.group(1)]:
            parts = [self._token(part, where, depth + 1) for part in words.split(" ")]
            options.append(self.gap.join(parts))
        return f"(?:{'|'.join(options)})"


def compiled(source: str) -> "re2._Regexp":
    """Compile with RE2, with memory enough for the longest rule."""
    options = re2.Options()
    options.max_mem = 256 << 20
    options.never_capture = True
    options.log_errors = False
    return re2.compile(source, options)


def _tokens(phrase: str) -> list[str]:
    """Split at spaces outside of brackets."""
    tokens: list[str] = []
    depth = 0
    for part in phrase.split(" "):
        if depth:
            tokens[-1] += " " + part
        else:
            tokens.append(part)
        depth += part.count("(") - part.count(")")
    return tokens


def _closed(phrase: str) -> str:
    """A phrase ends with a whole word, but for one that says itself where it may end.

    It may have taken the full stop as its end, and after a full stop no word ends.
    """
    return "" if "$" in _tokens(phrase)[-1] else r"\b"


def _spaced(words: str) -> str:
    return words.replace(" ", r"\s+")
