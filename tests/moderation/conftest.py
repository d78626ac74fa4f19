from __future__ import annotations

from collections.abc import Iterator

import pytest

from moderation import readers
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
