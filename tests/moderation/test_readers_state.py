"""What staff and the log are told of how this process reads."""

import logging
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moderation import readers
from moderation.classifiers.base import Classifier
from moderation.classifiers.fast import ABOUT
from moderation.classifiers.registry import Unbuilt
from moderation.classifiers.shipped import (
    CHECKPOINTS,
    SHIPPED,
    CheckpointError,
    check_pinned,
    digest,
    shipped_version,
)


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


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("pin", "cause"), [("0" * 64, "does not have its pinned SHA-256"), ("", "has no pin")]
)
def test_where_the_model_that_was_set_is_not_the_one_meant_the_one_that_ships_reads(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, pin: str, cause: str
):
    """A wrong setting must not send every message to a person."""
    folder = tmp_path / "ours"
    shutil.copytree(CHECKPOINTS / SHIPPED, folder)
    (folder / "SHA256").write_text(digest(folder))
    settings.DETOXIFY_MODEL, settings.DETOXIFY_SHA256 = str(folder), pin

    with caplog.at_level(logging.ERROR, logger="lantern.screening"):
        assert readers.all_can_read()
    assert f"encoder {shipped_version()}" in readers.versions(readers.readers())
    assert readers.state().startswith("encoder: not the model that was set: ")
    assert cause in readers.state()
    assert cause in caplog.text
    assert str(tmp_path) not in caplog.text


def test_a_reader_that_takes_long_to_fail_is_not_built_over_and_over(
    monkeypatch: pytest.MonkeyPatch,
):
    """The minute until the next try begins when the last one is over, or nobody would read."""
    now, tries = [1000.0], []
    missing = (Unbuilt("encoder", RuntimeError("no file")),)

    def build() -> tuple[Classifier, ...]:
        tries.append(now[0])
        now[0] += 2 * readers.REBUILD_AFTER_SECONDS
        return missing

    monkeypatch.setattr(readers, "_build", build)
    monkeypatch.setattr(readers, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert readers.readers() == readers.readers() == missing
    assert len(tries) == 1
    now[0] += readers.REBUILD_AFTER_SECONDS + 1
    assert readers.readers() == missing
    assert len(tries) == 2


def test_a_checkpoint_inside_the_repository_needs_no_pin_and_one_outside_does(tmp_path: Path):
    check_pinned(None, "")
    check_pinned(CHECKPOINTS / "another", "")
    check_pinned(tmp_path, "0" * 64)
    with pytest.raises(CheckpointError, match="has no pin"):
        check_pinned(tmp_path, "")
