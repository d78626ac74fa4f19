"""The rules in ``deploy/alerts.yml`` watch what the processes really count."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import REGISTRY, generate_latest

import config.asgi  # noqa: F401  What serves is what registers.

RULES = Path(__file__).resolve().parents[2] / "deploy" / "alerts.yml"
BORN_WITH_ITS_FIRST = {"lantern_sockets_refused_total": "lantern_sockets_refused"}
"""Counts by a name that only an event brings: until then there is no more than their heading."""


def rules() -> list[dict[str, Any]]:
    return [
        r for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for r in group["rules"]
    ]


def test_every_rule_watches_a_number_that_is_exported() -> None:
    exported = generate_latest(REGISTRY).decode()
    watched = {name for rule in rules() for name in re.findall(r"lantern_\w+", rule["expr"])}
    unknown = [n for n in watched if BORN_WITH_ITS_FIRST.get(n, n) not in exported]
    assert unknown == [], "no process exports these: a rule on them would never fire"


def test_every_rule_says_in_words_what_it_means() -> None:
    assert [
        r["alert"] for r in rules() if not r["annotations"]["summary"].endswith((".", "?"))
    ] == []


def test_a_ring_that_is_lost_is_watched() -> None:
    assert any("lantern_doorbell_lost_total" in rule["expr"] for rule in rules())
