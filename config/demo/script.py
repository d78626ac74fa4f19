"""Reads ``talk.toml``: what the people of the demo say."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("talk.toml")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing somebody says; ``who`` is a nickname, or a slot of a script."""

    who: str
    words: str


@cache
def script() -> dict[str, Any]:
    """The whole file, as it stands."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def line(raw: str) -> Line:
    who, _, words = raw.partition(":")
    return Line(who.strip(), words.strip())


def lines(raw: Sequence[str]) -> list[Line]:
    return [line(one) for one in raw]
