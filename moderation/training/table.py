"""Reading CSV files that nobody here has seen: what can be read is read, and the rest is named.

No message of an error holds a text of the file: only its name and the names of its columns.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

from moderation.training.refusal import Refused

TEXT: Final = "text"
GZIP_MAGIC: Final = b"\x1f\x8b"
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


def open_table(path: Path) -> TextIO:
    """Open a CSV file as text, also a gzipped one, whatever its name. Broken bytes become �."""
    with path.open("rb") as raw:
        packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    binary = gzip.GzipFile(path, "rb") if packed else path.open("rb")
    return io.TextIOWrapper(
        cast("BinaryIO", binary), encoding="utf-8-sig", errors="replace", newline=""
    )


def read_cells(path: Path) -> Iterator[dict[str, str]]:
    """Every row that is not a blank line, by the column's name in small letters without spaces.

    Raises Refused where the file cannot be read to its end, is empty, or has no column `text`.
    """
    csv.field_size_limit(2**31 - 1)
    try:
        with open_table(path) as table:
            lines = csv.reader(table)
            names = _names(next((cells for cells in lines if cells), None), path)
            for cells in lines:
                if cells:
                    yield dict(zip(names, cells, strict=False))
    except (EOFError, zlib.error, gzip.BadGzipFile) as cause:
        raise Refused(f"{path.name} is a gzip file that cannot be read to its end.") from cause
    except OSError as cause:
        raise Refused(
            f"{path} cannot be read: {cause.strerror or type(cause).__name__}."
        ) from cause
    except csv.Error as cause:
        raise Refused(f"{path.name} is not a table in CSV: {cause}.") from cause


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
