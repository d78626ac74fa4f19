"""The project's own messages: reading them, and the fifth that is never trained on.

The format is described in `moderation/corpus/README.md`. The held-out fifth is fixed by a hash of
the folded words, so it stays the same when lines are added, moved, or written with other dots.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moderation.classifiers.folding import plain
from moderation.classifiers.labels import ALL, Label

CORPUS: Final = Path(__file__).resolve().parent.parent / "corpus"
PERSONS: Final = frozenset({"me", "friend", "past", "fiction", "none"})
NO_LABEL: Final = "negative"
ABUSE: Final = "toxic"
HELD_OUT_ONE_IN: Final = 5

_PREFIX: Final = re.compile(r"^\{([^{}]*)\}\s*")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


class CorpusError(ValueError):
    """A corpus file breaks the format. The message names file and line, never the text."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message: as written and as its words alone, its labels, its kind and whom it is about."""

    text: str
    words: str
    labels: frozenset[Label]
    kind: str
    person: str
    file: str
    number: int

    @property
    def held_out(self) -> bool:
        """True for the fifth that is only ever measured on."""
        return held_out(self.words)


def key(text: str) -> str:
    """The words alone: two lines with the same key are the same message."""
    return _NOT_WORD.sub(" ", plain(text)).strip()


def held_out(words: str) -> bool:
    """True if a message with this key belongs to the fixed fifth."""
    digest = hashlib.sha256(words.encode()).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT_ONE_IN == 0


def read_corpus(root: Path = CORPUS) -> list[Line]:
    """Every line under `root`, in a stable order.

    Raises CorpusError on an unknown folder, person or label, an empty line, or a message that is
    there twice with different labels; a plain repetition is passed over.
    """
    seen: dict[str, Line] = {}
    for path in sorted(root.glob("*/*.txt")):
        for line in _lines(path, root):
            first = seen.setdefault(line.words, line)
            if first.labels != line.labels:
                where = f"{line.file}:{line.number}"
                raise CorpusError(f"{where} repeats {first.file}:{first.number} with other labels")
    return list(seen.values())


def _lines(path: Path, root: Path) -> Iterator[Line]:
    file = str(path.relative_to(root))
    kind, _, person = path.stem.rpartition("-")
    if person not in PERSONS or not kind:
        raise CorpusError(f"{file}: a file is named KIND-PERSON.txt")
    folder = _folder_labels(path.parent.name, kind, file)
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        prefix = _PREFIX.match(raw)
        text = raw[prefix.end() :] if prefix else raw
        words = key(text)
        if not words:
            raise CorpusError(f"{file}:{number} has no words")
        labels = _named(prefix.group(1), f"{file}:{number}") if prefix else folder
        yield Line(text.strip(), words, labels, kind, person, file, number)


def _folder_labels(folder: str, kind: str, file: str) -> frozenset[Label]:
    if folder == NO_LABEL:
        return frozenset()
    if folder == ABUSE:
        return frozenset({Label.TOXICITY}) | _named(kind, file)
    labels = _named(folder, file)
    return labels | {Label.IDEATION} if Label.INTENT_OR_PLAN in labels else labels


def _named(names: str, where: str) -> frozenset[Label]:
    found = frozenset(name.strip() for name in names.split(",") if name.strip())
    unknown = found - {str(label) for label in ALL}
    if unknown:
        raise CorpusError(f"{where}: unknown label {sorted(unknown)[0]!r}")
    return frozenset(Label(name) for name in found)
