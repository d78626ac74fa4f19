"""A process that ends while it reads: only what it had begun counts as tried."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chat.states import MachineReading
from moderation import readers
from moderation.classifiers.base import Classifier, Signal
from moderation.models import Assessment
from moderation.screening import MAX_ATTEMPTS, screening_step
from tests.conftest import Hands
from tests.moderation.room import CALM, DANGEROUS, PhraseReader, Room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]


class Killed(BaseException):
    """As by kill -9, by the system for want of memory, or by a crash in native code."""


class Deadly(PhraseReader):
    """A reader that one text ends, and its process with it."""

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        if any("deadly" in text for text in texts):
            raise Killed
        return super().read(texts)


def works(hands: Hands, *, turns: int) -> int:
    """So many turns, each process that dies followed by another; gives how many died."""
    died = 0
    for _ in range(turns):
        try:
            screening_step()
        except Killed:
            died += 1
            hands.forward(seconds=61)
    return died


def test_a_text_that_ends_the_process_leaves_all_behind_it_to_be_read(
    room: Room, hands: Hands
) -> None:
    bad = room.says(room.ada, "a deadly text")
    hands.forward(seconds=1)
    others = [room.says_privately(room.ben, f"{DANGEROUS} {number}") for number in range(3)]
    readers.use_readers([Deadly()])
    assert works(hands, turns=MAX_ATTEMPTS + 5) == MAX_ATTEMPTS
    bad.refresh_from_db()
    assert (bad.due_at, bad.machine_reading) == (None, MachineReading.NOT_READ)
    for other in others:
        other.refresh_from_db()
        assert other.machine_reading == MachineReading.READ
        assert Assessment.objects.get(message=other).open_case


def test_others_are_read_while_the_text_that_ended_the_process_is_left_alone(
    room: Room, hands: Hands
) -> None:
    room.says(room.ada, "a deadly text")
    crisis = room.says_privately(room.ben, DANGEROUS)
    readers.use_readers([Deadly()])
    assert works(hands, turns=2) == 2, "together, twice"
    with pytest.raises(Killed):
        screening_step()
    assert screening_step() == 1, "no second goes by before the other is read"
    assert Assessment.objects.get(message=crisis).open_case


def test_a_process_that_ends_while_it_loads_its_model_uses_up_nobodys_turn(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = room.says_privately(room.ada, CALM)

    def dies() -> tuple[Classifier, ...]:
        raise Killed

    readers.use_readers([])
    monkeypatch.setattr(readers, "_build", dies)
    for _ in range(MAX_ATTEMPTS + 1):
        with pytest.raises(Killed):
            screening_step()
    readers.use_readers([PhraseReader()])
    assert screening_step() == 1
    message.refresh_from_db()
    assert message.machine_reading == MachineReading.READ
