"""Whoever sees only the end of the run of all tests knows from it which one failed, and how."""

import os
import subprocess
import sys
from pathlib import Path

from tests.run import read_report
from tests.servers import ROOT

SUITE = """
import pytest

@pytest.fixture
def a_lamp():
    yield
    raise OSError("the lamp would not go out")

def test_all_is_well(): pass

def test_the_sum():
    assert 1 + 1 == 3, "a sum that is wrong"

@pytest.mark.skip(reason="no lamp here")
def test_without_a_lamp(): pass

def test_with_a_lamp(a_lamp): pass

@pytest.mark.parametrize("words", ["x" * 5000])
def test_of_a_long_text(words):
    assert not words, "words too long"
"""


def test_a_failed_test_is_named_with_its_place_and_its_words(tmp_path: Path) -> None:
    suite, report = tmp_path / "test_little.py", tmp_path / "report.xml"
    suite.write_text(SUITE, encoding="utf-8")
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    subprocess.run(
        [*pytest, f"--rootdir={tmp_path}", "-c", os.devnull, f"--junitxml={report}", str(suite)],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    passed, unpassed = read_report(report)
    assert passed == 1
    assert len(unpassed) == 4
    assert "test_little::test_the_sum" in unpassed[0]
    assert "test_little.py:12" in unpassed[0]
    assert "a sum that is wrong" in unpassed[0]
    assert "no lamp here" in unpassed[1]
    assert "the lamp would not go out" in unpassed[2]
    assert "test_of_a_long_text" in unpassed[3]
    assert "test_little.py:21" in unpassed[3]


def test_a_run_that_ends_before_its_report_has_not_passed(tmp_path: Path) -> None:
    assert read_report(tmp_path / "none.xml") == (0, ["pytest wrote no report"])
