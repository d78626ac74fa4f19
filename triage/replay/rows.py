"""The file: one message a row, with an optional label."""

from __future__ import annotations

import csv
import gzip
import sys
from dataclasses import dataclass
from pathlib import Path

from chat.kernel.errors import Invalid


class BadFile(Invalid):
    """The file cannot be read as messages; ``reason`` says why, in words for the operator."""

    code = "bad_file"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    label: str = ""


def read_rows(path: Path, *, limit: int | None = None) -> list[Row]:
    """The rows of a CSV or CSV.gz with a ``text`` column; raises :class:`BadFile`.

    ``label`` is used where there is one; a file with a ``toxic`` column of 0 and 1 instead gives
    the labels ``toxic`` and ``not toxic``.
    """
    csv.field_size_limit(sys.maxsize)
    if not path.is_file():
        raise BadFile(f"{path.name}: there is no such file.")
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if "text" not in (reader.fieldnames or []):
                raise BadFile(f"{path.name}: the first line must name a column 'text'.")
            rows: list[Row] = []
            for record in reader:
                if limit is not None and len(rows) >= limit:
                    break
                rows.append(Row(record["text"] or "", _label(record)))
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise BadFile(f"{path.name}: not a readable CSV ({type(error).__name__}).") from error
    if not rows:
        raise BadFile(f"{path.name}: there are no rows.")
    return rows


def _label(record: dict[str, str | None]) -> str:
    label = (record.get("label") or "").strip()
    if label:
        return label
    match (record.get("toxic") or "").strip():
        case "1" | "1.0":
            return "toxic"
        case "0" | "0.0":
            return "not toxic"
    return ""
