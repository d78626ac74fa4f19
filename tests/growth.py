"""Whether reading stays quick, however a text was made to slow it and however busy a machine is."""

from __future__ import annotations

import time
from collections.abc import Callable

QUICK_SECONDS = 0.05
"""Of processor time. A reading within it is quick, whatever it grows by (S56)."""

TIMES_AT_MOST = 10
"""For four times the text: four, and the rest for a busy machine. Sixteen would be quadratic."""

TRIES = 5


def is_quick(read: Callable[[str], object], text: str) -> bool:
    """At once over all of ``text``, or else in no worse proportion than over a quarter of it."""
    whole = quarter = float("inf")
    for _ in range(TRIES):
        whole = min(whole, _seconds(read, text))
        if whole < QUICK_SECONDS:
            return True
        quarter = min(quarter, _seconds(read, text[: len(text) // 4]))
    return whole < TIMES_AT_MOST * quarter


def _seconds(read: Callable[[str], object], text: str) -> float:
    # By the processor's clock: how busy the machine is says little about a pattern.
    began = time.process_time()
    read(text)
    return time.process_time() - began
