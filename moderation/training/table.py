"""Reading CSV files that nobody here has seen: what can be read is read, and the rest is named.

No message of an error holds a text of the file: only its name and the names of its columns.
"""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

from moderation.training.refusal import Refused

TEXT: Final = "text"
GZIP_MAGIC: Final = b"\x1f\x8b"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
"""How a spreadsheet begins what it calls Unicode text."""

LOST: Final = "\ufffd"
UNSAID: Final = frozenset(
    {"", "na", "n/a", "<na>", "nan", "none", "null", "nil", "-", "?", "unknown", "missing"}
)
"""Cells in which nobody said anything. So is every number under 0: Jigsaw marks with -1."""

_WORDS: Final = {
    "yes": 1.0,
    "y": 1.0,
    "true": 1.0,
    "t": 1.0,
    "no": 0.0,
    "n": 0.0,
    "false": 0.0,
    "f": 0.0,
}
_NAME_LENGTH: Final = 40
_NAMES: Final = 20


@dataclass(slots=True)
class Oddities:
    """What a table holds that cannot be what its author meant. Rows are counted, never repeated."""

    cells: Counter[str] = field(default_factory=Counter)
    """By column: cells that say neither yes nor no, taken as not annotated."""

    longer: int = 0
    """Rows with more cells than there are columns: mostly a comma in a text that nobody quoted."""

    shorter: int = 0
    damaged: int = 0
    """Rows whose text has a sign that was lost, as where a file is not in UTF-8."""

    def sentences(self) -> Iterator[str]:
        """One for each kind that was met."""
        if self.cells:
            cells = ", ".join(f"{name} {count}" for name, count in sorted(self.cells.items()))
            yield f"cells that say neither yes nor no, taken as not annotated: {cells}"
        if self.longer:
            yield (
                f"rows with more cells than there are columns: {self.longer}; what is too much was "
                "left out. Is there a comma in a text that is not in quotation marks?"
            )
        if self.shorter:
            yield (
                f"rows with fewer cells than there are columns: {self.shorter}; what is missing "
                "counts as empty"
            )
        if self.damaged:
            yield f"rows with a lost sign (�): {self.damaged}. Was the file saved as UTF-8?"


def open_table(path: Path) -> TextIO:
    """Open a CSV file as text, also a gzipped one, whatever its name. Broken bytes become �."""
    with path.open("rb") as raw:
        packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC

    def binary() -> BinaryIO:
        return cast("BinaryIO", gzip.GzipFile(path, "rb")) if packed else path.open("rb")

    with binary() as unpacked:
        encoding = "utf-16" if unpacked.read(2) in UTF_16 else "utf-8-sig"
    return io.TextIOWrapper(binary(), encoding=encoding, errors="replace", newline="")


def read_cells(path: Path, odd: Oddities | None = None) -> Iterator[dict[str, str]]:
    """Every row that is not a blank line, by the column's name in small letters without spaces.

    Raises Refused where the file cannot be read to its end, is empty, has no column `text`, or
    ends inside quotation marks: then some of its rows are part of the last one's text.
    """
    csv.field_size_limit(2**31 - 1)
    odd = Oddities() if odd is None else odd
    try:
        with open_table(path) as table:
            last = _LastRow(table)
            lines = csv.reader(last)
            names = _names(next((cells for cells in lines if cells), None), path)
            last.begin()
            for cells in lines:
                if cells:
                    odd.longer += any(cells[len(names) :])
                    odd.shorter += len(cells) < len(names)
                    found = dict(zip(names, cells, strict=False))
                    odd.damaged += LOST in found.get(TEXT, "")
                    yield found
                last.begin()
            last.check_closed(path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as cause:
        raise Refused(f"{path.name} is a gzip file that cannot be read to its end.") from cause
    except OSError as cause:
        raise Refused(
            f"{path} cannot be read: {cause.strerror or type(cause).__name__}."
        ) from cause
    except csv.Error as cause:
        raise Refused(f"{path.name} is not a table in CSV: {cause}.") from cause


class _LastRow:
    """The lines of a table, keeping those of the row that is being read."""

    def __init__(self, table: TextIO) -> None:
        self._table = table
        self._before: list[str] = []
        self._now: list[str] = []
        self._read = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._table:
            self._now.append(line)
            self._read += 1
            yield line

    def begin(self) -> None:
        """The next row begins here."""
        self._before, self._now = self._now, []

    def check_closed(self, path: Path) -> None:
        """Raise Refused where the last row ends inside quotation marks."""
        try:
            list(csv.reader(self._before, strict=True))
        except csv.Error as cause:
            if "unexpected end" in str(cause):
                first = self._read - len(self._before) + 1
                raise Refused(
                    f"{path.name} ends inside quotation marks that open in line {first}, so that "
                    "the rows after it are part of one text."
                ) from cause


def _names(header: Sequence[str] | None, path: Path) -> list[str]:
    if header is None:
        raise Refused(f"{path.name} is empty.")
    names = [name.strip().lstrip("\ufeff").casefold() for name in header]
    if TEXT not in names:
        raise Refused(f"{path.name} has no column {TEXT}; its columns: {_listed(names)}.")
    return names


def _listed(names: Sequence[str]) -> str:
    """A file without a header has a message here: what is long is not repeated."""
    short = [n if len(n) <= _NAME_LENGTH else "(a long name)" for n in names[:_NAMES]]
    more = [f"{len(names) - _NAMES} more"] if len(names) > _NAMES else []
    return ascii(", ".join([*short, *more]))[1:-1]


def annotation(cell: str) -> float | None:
    """What a cell says: a number from 0 to 1, or None where nobody said.

    Raises ValueError for anything else; callers count it and take it as not said.
    """
    word = cell.strip().casefold()
    if word in UNSAID:
        return None
    if word in _WORDS:
        return _WORDS[word]
    value = float(word)
    if value < 0.0:
        return None
    if not value <= 1.0:
        raise ValueError("not a share")
    return value
