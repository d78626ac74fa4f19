from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from moderation import readers
from moderation.training.corpus import CORPUS
from tests.moderation.room import PhraseReader, Room, make_room


@pytest.fixture
def phrase_reader() -> Iterator[None]:
    """Read with a reader whose phrases the tests know."""
    readers.use_readers([PhraseReader()])
    yield
    readers.use_readers([])


@pytest.fixture
def room(db: None) -> Room:
    return make_room()


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of our own messages: enough that a few of each kind are held out."""
    root = tmp_path_factory.mktemp("corpus")
    for file in (
        "self_harm/plain-me.txt",
        "intent_or_plan/veiled-me.txt",
        "negative/twin-none.txt",
    ):
        lines = (CORPUS / file).read_text("utf-8").splitlines(keepends=True)[:60]
        (root / file).parent.mkdir()
        (root / file).write_text("".join(lines), encoding="utf-8")
    return root
