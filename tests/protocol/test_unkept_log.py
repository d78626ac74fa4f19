"""A phone's line does no work whose outcome nobody ever sees."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from config.unkept_log import DRAWN, spare_the_log


@pytest.mark.parametrize(
    ("module", "function"), [(m, f) for m, functions in DRAWN.items() for f in functions]
)
def test_nothing_is_drawn_for_a_log_that_nobody_keeps(
    monkeypatch: pytest.MonkeyPatch, module: str, function: str
) -> None:
    drawn: list[Any] = []
    found = vars(importlib.import_module(module))
    assert function in found, "Autobahn draws this no more: take it out of DRAWN."
    monkeypatch.setitem(found, function, drawn.append)
    spare_the_log()

    found[function]([("a", 1)])

    assert drawn == []
