"""All readers always run, and none can take the others down."""

import subprocess
import sys
from collections.abc import Sequence

from moderation.classifiers.base import Signal
from moderation.classifiers.registry import BUILDERS, Unbuilt, build_readers, read_messages


class Scripted:
    """A reader that fails on some texts and gives no number on others."""

    version = "1"

    def __init__(self, name: str, *, batches: bool = True) -> None:
        self.name = name
        self.batches = batches
        self.asked: list[int] = []

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        self.asked.append(len(texts))
        if "poison" in texts or (len(texts) > 1 and not self.batches):
            raise ValueError("cannot")
        score = {"nan": float("nan"), "inf": float("inf")}
        return [(Signal("toxicity", score.get(t, 0.5), self.name, "1"),) for t in texts]


def test_every_text_is_read_by_every_reader():
    found = read_messages([Scripted("one"), Scripted("two")], ["a", "b"])

    assert [[s.source for s in one.signals] for one in found] == [["one", "two"]] * 2
    assert [one.failed for one in found] == [(), ()]


def test_one_poisonous_text_leaves_its_neighbours_read():
    found = read_messages([Scripted("one"), Scripted("two")], ["a", "poison", "b"])

    assert [one.failed for one in found] == [(), ("one", "two"), ()]
    assert len(found[0].signals) == len(found[2].signals) == 2


def test_a_reader_that_only_fails_on_batches_is_asked_one_by_one():
    reader = Scripted("one", batches=False)
    found = read_messages([reader], ["a", "b"])

    assert reader.asked == [2, 1, 1]
    assert [one.failed for one in found] == [(), ()]


def test_a_score_that_is_no_number_counts_as_not_read():
    found = read_messages([Scripted("one")], ["nan", "inf", "fine"])

    assert [one.failed for one in found] == [("one",), ("one",), ()]
    assert found[0].signals == ()


def test_a_reader_that_answers_for_too_few_texts_has_not_read_them():
    class Short(Scripted):
        def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
            return []

    assert [one.failed for one in read_messages([Short("one")], ["a", "b"])] == [("one",)] * 2


def test_nothing_to_read_is_nothing_read():
    assert read_messages([Scripted("one")], []) == []


def test_a_reader_that_cannot_be_built_shows_in_every_reading(tmp_path):
    readers = build_readers(checkpoint=tmp_path / "nowhere")
    found = read_messages(readers, ["i want to kill myself tonight"])

    assert [reader.name for reader in readers] == list(BUILDERS)
    assert isinstance(readers[0], Unbuilt)
    assert found[0].failed == ("encoder",)
    assert "intent_or_plan" in {str(signal.label) for signal in found[0].signals}


def test_importing_the_readers_does_not_load_torch():
    code = (
        "import sys, moderation.classifiers.registry, moderation.classifiers.encoder, "
        "moderation.policy; sys.exit('torch' in sys.modules or 'django' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
