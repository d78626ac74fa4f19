"""Readers of rules prove at every start that they still find what they are there for."""

from collections.abc import Sequence

import pytest

from moderation.classifiers.base import APPROACH, CONTACT, PATTERNS, Signal
from moderation.classifiers.golden import CALM, SENTENCES, proved
from moderation.classifiers.registry import build_readers
from moderation.classifiers.shipped import CheckpointError

RULES = (PATTERNS, CONTACT, APPROACH)


class Answering:
    """A reader of this name that says the same of every text."""

    version = "test"

    def __init__(self, name: str, *labels: str) -> None:
        self.name = name
        self.labels = labels

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        said = tuple(Signal(label, 0.9, self.name, self.version) for label in self.labels)
        return [said for _ in texts]


def test_the_readers_that_ship_prove_themselves() -> None:
    assert [reader.name for reader in build_readers(names=RULES)] == list(RULES)
    assert all(reader.version != "unavailable" for reader in build_readers(names=RULES))
    assert CALM


@pytest.mark.parametrize("name", RULES)
def test_one_that_finds_nothing_or_everything_is_not_used(name: str) -> None:
    for broken in (Answering(name), Answering(name, *map(str, SENTENCES[name].values()))):
        with pytest.raises(CheckpointError, match="golden"):
            proved(broken)
