"""The rules in ``deploy/alerts.yml`` watch what the processes really count."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, generate_latest

import config.asgi  # noqa: F401  What serves is what registers.
from chat.models import WorkerBeat
from config.figures import Figures
from config.workers import WORKERS
from tests.cast import Cast
from tests.conftest import Hands
from triage.intake import intake_step

RULES = Path(__file__).resolve().parents[2] / "deploy" / "alerts.yml"


def rules() -> list[dict[str, Any]]:
    return [
        r for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for r in group["rules"]
    ]


def test_every_rule_watches_a_number_that_is_exported() -> None:
    exported = generate_latest(REGISTRY).decode()
    watched = {name for rule in rules() for name in re.findall(r"lantern_\w+", rule["expr"])}
    unknown = [
        name for name in watched if f"# TYPE {name.removesuffix('_bucket')} " not in exported
    ]
    assert unknown == [], "no process exports these: a rule on them would never fire"


def test_what_grows_is_there_before_its_first_event() -> None:
    """One that came with it would begin at one, and a rule that watches it grow would miss it."""
    exported = generate_latest(REGISTRY).decode()
    grown = {name for rule in rules() for name in re.findall(r"lantern_\w+_total", rule["expr"])}
    for name in grown - {"lantern_sockets_refused_total"}:
        assert re.search(rf"^{name} [\d.]+$", exported, re.MULTILINE), name
    for cap in ("process", "address"):
        assert f'lantern_sockets_refused_total{{cap="{cap}"}}' in exported


def test_every_rule_says_in_words_what_it_means() -> None:
    assert [
        r["alert"] for r in rules() if not r["annotations"]["summary"].endswith((".", "?"))
    ] == []


@pytest.mark.parametrize(
    "what",
    [
        "lantern_doorbell_lost_total",
        'up{job="lantern"} == 0',
        "lantern_database_answers",
        "lantern_worker_beat_age_seconds",
        "lantern_help_waiting_oldest_seconds",
        "lantern_cases_overdue",
        "lantern_messages_unread",
    ],
)
def test_what_hurts_is_watched(what: str) -> None:
    assert any(what in rule["expr"] for rule in rules())


def test_the_rule_for_workers_knows_the_steps_by_their_names() -> None:
    named = re.findall(r'step=~"([\w|]+)"', " ".join(rule["expr"] for rule in rules()))
    assert named
    assert set("|".join(named).split("|")) <= set(WORKERS)


def told(figures: Figures) -> dict[str, float]:
    """Each figure by its name, and by the step where it is of one."""
    found = [sample for family in figures.collect() for sample in family.samples]
    assert {label for sample in found for label in sample.labels} <= {"step"}, "about nobody"
    return {" ".join([one.name, *one.labels.values()]): one.value for one in found}


@pytest.mark.django_db
def test_the_figures_say_who_waits_and_who_works(cast: Cast, hands: Hands) -> None:
    calm = told(Figures())
    assert calm["lantern_database_answers"] == 1
    assert calm["lantern_worker_beat_age_seconds intake"] == math.inf
    waits = ("help_waiting_oldest_seconds", "cases_overdue", "messages_unread")
    assert [calm[f"lantern_{name}"] for name in waits] == [0, 0, 0]

    cast.asks_for_help(cast.ada)
    cast.says(cast.ben, cast.thread(), "is anybody up", read=False)
    intake_step()
    WorkerBeat.objects.report("intake", now=hands.now)
    hands.forward(minutes=10)

    worse = told(Figures())
    assert worse["lantern_worker_beat_age_seconds intake"] == 600
    assert [worse[f"lantern_{name}"] for name in waits[:2]] == [600, 1]
    assert worse["lantern_messages_unread"] >= 1


@pytest.mark.django_db
def test_asking_often_costs_the_database_nothing(django_assert_num_queries: Any) -> None:
    figures = Figures()
    with django_assert_num_queries(4):
        told(figures)
    with django_assert_num_queries(0):
        told(figures)


def test_with_the_database_away_it_says_so_and_nothing_untrue() -> None:
    """No database is open to this test."""
    assert told(Figures()) == {"lantern_database_answers": 0}
