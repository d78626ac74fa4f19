"""The bench in the suite: what it keeps is whole. A short turn, whose figures say nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import profile
from tests.bench.__main__ import median_of
from tests.servers import ROOT


@pytest.mark.servers
@pytest.mark.real
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["danger", "profile"])
def test_a_scenario_keeps_ours_and_its_baselines_and_what_they_come_to(
    tmp_path: Path, name: str
) -> None:
    command = [sys.executable, "-m", "tests.bench", name, "--runs", "1", "--seconds", "1"]

    run = subprocess.run(
        [*command, "--folder", str(tmp_path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr[-3000:]
    kept = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert all(kept[part] for part in ("ours", "baselines", "ratios"))
    # Of a second's samples none may be in our own code; what it costs against others is never 0.
    ratios = {name: value for name, value in kept["ratios"].items() if "our code" not in name}
    assert all(value > 0 for value in ratios.values()), ratios


def test_medians_are_taken_figure_by_figure_also_where_one_run_lacks_one() -> None:
    runs = [
        {"ours": {"p50": 1.0, "how": "x"}},
        {"ours": {"p50": 9.0, "us, Daphne": 2.0, "how": "x"}},
        {"ours": {"p50": 2.0, "us, Daphne": 4.0, "how": "y"}},
    ]

    assert median_of(runs) == {"ours": {"p50": 2.0, "us, Daphne": 3.0, "how": "y"}}


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        (
            [
                "/v/site-packages/twisted/internet/main.py:untilConcludes",
                "/v/site-packages/twisted/internet/tcp.py:writeSomeData",
                f"{ROOT}/chat/realtime/wire.py:put",
            ],
            profile.SEND,
        ),
        (["/usr/lib/python3.11/json/encoder.py:encode", f"{ROOT}/chat/x.py:f"], profile.OURS),
        (["/usr/lib/python3.11/selectors.py:select"], profile.WAIT),
        (["/v/site-packages/daphne/ws_protocol.py:serverSend"], "Daphne"),
        (["/usr/lib/python3.11/asyncio/events.py:_run"], "asyncio"),
        (
            ["/usr/lib/python3.11/threading.py:run", f"{ROOT}/tests/bench/profiled.py:<module>"],
            profile.REST,
        ),
    ],
)
def test_a_sample_belongs_to_the_innermost_place_that_has_a_name(
    stack: list[str], place: str
) -> None:
    assert profile.place_of(stack) == place
