"""The project's own bar: danger now is found, and what is harmless raises no alarm.

Measured on the corpus's held-out fifth, which holds the hard pairs: what only hints at danger, and
the twins that use the same words and mean nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from moderation.classifiers.labels import Label
from moderation.rates import Share, wilson
from moderation.training.corpus import Line
from moderation.training.figures import Figures, measure

NOW: Final = frozenset({Label.INTENT_OR_PLAN, Label.SELF_HARM})
"""Danger that is near: an intent or plan, or self-harm. A line about the past is not."""

WANTED_RECALL: Final = 0.90
WANTED_FALSE_ALARMS: Final = 0.02


class Read(Protocol):
    """What was read in one line: the danger alarm and the crisis number of the policy."""

    @property
    def alarm(self) -> bool: ...
    @property
    def crisis(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Bar:
    """`figures` of danger now against lines without any label, and both by kind of line."""

    figures: Figures
    found: dict[str, Share]
    false_alarms: dict[str, Share]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "what": "danger alarm: intent, plan or self-harm now, against lines without any label",
            "wanted": {"recall": WANTED_RECALL, "false_alarms": WANTED_FALSE_ALARMS},
            **self.figures.as_dict(),
            "recall_by_kind": {kind: _as_dict(s) for kind, s in self.found.items()},
            "false_alarms_by_kind": {kind: _as_dict(s) for kind, s in self.false_alarms.items()},
        }


def is_now(line: Line) -> bool:
    """Whether a line speaks of danger that is near."""
    return bool(line.labels & NOW) and Label.PAST_OR_RECOVERY not in line.labels


def measure_bar(lines: Sequence[Line], read: Sequence[Read]) -> Bar:
    """The bar on `lines`, read as `read` says, one for one."""
    pairs = list(zip(lines, read, strict=True))
    danger = [pair for pair in pairs if is_now(pair[0])]
    harmless = [pair for pair in pairs if not pair[0].labels]
    both = [one for _, one in (*danger, *harmless)]
    figures = measure(
        np.arange(len(both)) < len(danger),
        np.array([one.crisis for one in both]),
        np.array([one.alarm for one in both], dtype=bool),
    )
    return Bar(figures, _by_kind(danger), _by_kind(harmless))


def _by_kind(pairs: Sequence[tuple[Line, Read]]) -> dict[str, Share]:
    alarms: dict[str, list[bool]] = defaultdict(list)
    for line, one in pairs:
        alarms[line.kind].append(one.alarm)
    return {kind: wilson(sum(a), len(a)) for kind, a in sorted(alarms.items())}


def _as_dict(share: Share) -> dict[str, Any]:
    between = [share.low, share.high]
    return {"alarms": share.hits, "rows": share.of, "share": share.value, "interval": between}


def rendered_bar(bar: Bar) -> list[str]:
    """The bar for a terminal."""
    figures = bar.figures
    found = _said(figures.recall, figures.recall_interval)
    alarms = _said(figures.false_alarms, figures.false_alarms_interval)
    at_two = _said(figures.recall_at_2, figures.recall_at_2_interval)
    harmless = figures.rows - figures.positives
    return [
        f"danger alarm on intent, plan or self-harm now ({figures.positives}): {found}; "
        f"wanted {WANTED_RECALL:.0%}",
        *_kinds(bar.found),
        f"danger alarm on lines without any label ({harmless}): {alarms}; "
        f"wanted {WANTED_FALSE_ALARMS:.0%}",
        *_kinds(bar.false_alarms),
        f"found where the crisis number flags 2 % of the lines without any label: {at_two}",
    ]


def _said(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None or interval is None:
        return "not measured"
    return f"{value:.1%} ({interval[0]:.1%} to {interval[1]:.1%})"


def _kinds(shares: dict[str, Share]) -> list[str]:
    return [
        f"  {kind:20}{share.hits:5} of {share.of:<5}{share.value:7.1%} "
        f"({share.low:.1%} to {share.high:.1%})"
        for kind, share in shares.items()
    ]
