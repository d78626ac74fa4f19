"""What is measured, and which figures are held against which."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.bench import crowds, danger, fanout, overload, pairs, profile, screening, whole_way

Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scenario:
    measure: Callable[[Any, float], Awaitable[Figures]]
    ratios: Callable[[Figures], dict[str, float]]
    seconds: float = 10.0
    """How long each part lasts where the command does not say."""


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
    at = f"{whole_way.MEMBERS}"
    for point in ("p50", "p99"):
        ratios[f"{at}: whole way, {point} against b"] = _over(
            figures, f"ours, whole way at {at}", f"b, fixed at {at}", point
        )
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
    against = {
        f"{members} members against a": _over(
            figures, f"ours, {members} members", f"a, {members} members", cost
        )
        for members in (10, 100, 1000)
    }
    return {
        **against,
        "members 10 to 100": _over(figures, "ours, 100 members", "ours, 10 members", cost),
        "members 100 to 1000": _over(figures, "ours, 1000 members", "ours, 100 members", cost),
        "history 100 to 1000": _over(figures, "ours, 1000 lines", "ours, 100 lines", cost),
        "history 1000 to 10000": _over(figures, "ours, 10000 lines", "ours, 1000 lines", cost),
    }


def _two_ratios(figures: Figures) -> dict[str, float]:
    two, rate = "ours, 2 web", "per_second"
    return {
        "two against one": _over(figures, two, "one web of ours", rate),
        "two against a on two": _over(figures, two, "a saved, 2 web", rate),
    }


def _overload_ratios(figures: Figures) -> dict[str, float]:
    def share(who: str, what: str) -> float:
        return round(figures[who][what] / (figures[who]["sent"] or 1), 3)

    return {
        **{
            f"{what} of what was sent, {who}": share(who, what)
            for what in ("stored", "shown")
            for who in ("ours, at 150%", "b, at 150%")
        },
        "join p50 against b": _over(figures, "ours, at 150%", "b, at 150%", "join_p50"),
        "join p95 against b": _over(figures, "ours, at 150%", "b, at 150%", "join_p95"),
        "memory grown against b": _over(figures, "ours, at 150%", "b, at 150%", "grown_mb"),
    }


def _danger_ratios(figures: Figures) -> dict[str, float]:
    ours, theirs = "ours, accepted to a clinician's screen", "b, send to a socket"
    return {f"{p} against b": _over(figures, ours, theirs, p) for p in ("p50", "p95")}


def _profile_ratios(figures: Figures) -> dict[str, float]:
    """What is not ours to make faster, and what a delivery costs beside the plain room."""
    ours = figures["ours, fast"]
    cost = ours["cpu_us_per_delivery"] or 1
    kernel = sum(ours.get(f"us, {place}", 0) for place in profile.KERNEL)
    below = kernel + sum(ours.get(f"us, {name}", 0) for name in profile.SERVER)
    return {
        "share in the kernel": round(kernel / cost, 3),
        "share in the kernel and the server below us": round(below / cost, 3),
        "share in our code": round(ours.get(f"us, {profile.OURS}", 0) / cost, 3),
        "cost against a": _over(figures, "ours, fast", "a, fast", "cpu_us_per_delivery"),
    }


BY_NAME = {
    "fanout": Scenario(fanout.at_all_sizes, _fanout_ratios),
    "pairs": Scenario(pairs.measure, _pairs_ratios),
    "storm": Scenario(crowds.storm, _storm_ratios),
    "idle": Scenario(crowds.idle, _idle_ratios),
    "growth": Scenario(fanout.growth, _growth_ratios),
    "two_web": Scenario(pairs.two_web, _two_ratios),
    "overload": Scenario(overload.overload, _overload_ratios, seconds=60.0),
    "danger": Scenario(danger.measure, _danger_ratios),
    "profile": Scenario(profile.measure, _profile_ratios),
    "screening": Scenario(screening.measure, screening.ratios),
}
