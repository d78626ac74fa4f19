"""What is measured, and which figures are held against which."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.bench import crowds, fanout, pairs, screening

Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scenario:
    measure: Callable[[Any, float], Awaitable[Figures]]
    ratios: Callable[[Figures], dict[str, float]]


def _over(figures: Figures, one: str, other: str, figure: str) -> float:
    below = figures.get(other, {}).get(figure) or 0
    return round(figures.get(one, {}).get(figure, 0) / below, 3) if below else 0.0


def _fanout_ratios(figures: Figures) -> dict[str, float]:
    ratios = {}
    for members in fanout.MEMBERS:
        at = f"{members}: "
        for who in ("a", "b", "c"):
            ours, theirs = f"ours, fast at {members}", f"{who}, fast at {members}"
            ratios[f"{at}deliveries against {who}"] = _over(figures, ours, theirs, "per_second")
        ours, theirs = f"ours, fixed at {members}", f"a, fixed at {members}"
        for point in ("p50", "p99"):
            ratios[f"{at}{point} against a"] = _over(figures, ours, theirs, point)
    return ratios


def _pairs_ratios(figures: Figures) -> dict[str, float]:
    return {
        f"messages on {kind}": _over(figures, f"ours, {kind}", f"a saved, {kind}", "per_second")
        for kind in pairs.KINDS
    }


def _storm_ratios(figures: Figures) -> dict[str, float]:
    return {"seconds at 300": _over(figures, "ours at 300", "a at 300", "seconds")}


def _idle_ratios(figures: Figures) -> dict[str, float]:
    return {"kB at 1000": _over(figures, "ours at 1000", "a at 1000", "kb_per_socket")}


def _growth_ratios(figures: Figures) -> dict[str, float]:
    cost = "cpu_us_per_delivery"
    return {
        "members 10 to 100": _over(figures, "ours, 100 members", "ours, 10 members", cost),
        "members 100 to 1000": _over(figures, "ours, 1000 members", "ours, 100 members", cost),
        "history 100 to 1000": _over(figures, "ours, 1000 lines", "ours, 100 lines", cost),
        "history 1000 to 10000": _over(figures, "ours, 10000 lines", "ours, 1000 lines", cost),
    }


def _two_ratios(figures: Figures) -> dict[str, float]:
    return {"two against one": _over(figures, "ours, 2 web", "ours, 1 web", "per_second")}


def _nothing(figures: Figures) -> dict[str, float]:
    return {}


BY_NAME = {
    "fanout": Scenario(fanout.at_all_sizes, _fanout_ratios),
    "pairs": Scenario(pairs.measure, _pairs_ratios),
    "storm": Scenario(crowds.storm, _storm_ratios),
    "idle": Scenario(crowds.idle, _idle_ratios),
    "growth": Scenario(fanout.growth, _growth_ratios),
    "two_web": Scenario(pairs.two_web, _two_ratios),
    "overload": Scenario(crowds.overload, _nothing),
    "screening": Scenario(screening.measure, screening.ratios),
}
