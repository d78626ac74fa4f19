"""What staff and the log are told of how this process reads."""

import logging
from pathlib import Path
from typing import Any

import pytest

from moderation import readers
from moderation.classifiers.fast import ABOUT


@pytest.fixture(autouse=True)
def built_anew():
    readers.use_readers(())
    yield
    readers.use_readers(())


def test_a_worker_reads_with_the_fast_form():
    assert readers.all_can_read()
    assert "slow" not in readers.state()
    assert (readers.prepare_readers(lambda words: None) / ABOUT).is_file()


@pytest.mark.timeout(400)
def test_where_nothing_can_be_prepared_it_reads_all_the_same_and_staff_are_told(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "a file").write_text("")
    settings.PREPARED_DIR = tmp_path / "a file" / "prepared"

    with caplog.at_level(logging.WARNING, logger="lantern.screening"):
        assert readers.all_can_read()
    assert "encoder is slow: not prepared" in readers.state()
    assert "reads slowly" in caplog.text
    assert str(tmp_path) not in caplog.text
