"""A reader that stands still: nothing unread is shown, people are told, and reading goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from chat.kernel import clock
from chat.models import Message, WorkerBeat
from chat.models.beat import SCREENING
from chat.states import MachineReading, MessageState, Notice
from moderation import readers, watch
from moderation.classifiers.base import Signal
from moderation.listing import unsettled
from moderation.models import Review
from moderation.screening import ALONE_AFTER, LEASE_SECONDS, screening_step
from moderation.states import Harm
from moderation.unread import unread_step
from tests.conftest import Hands
from tests.moderation.room import CALM, DANGEROUS, PhraseReader, Room
from tests.moderation.test_screening_step import peer_sees
from triage.board import unread_messages

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]


class Standing(PhraseReader):
    """A reader that never comes back from one phrase until it is let go."""

    def __init__(self, phrase: str) -> None:
        self.phrase = phrase
        self.let_go = threading.Event()

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        if any(self.phrase in text for text in texts):
            self.let_go.wait(60)
        return super().read(texts)


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    monkeypatch.setattr(watch, "BASE_SECONDS", 0.2)
    reader = Standing("")
    readers.use_readers([reader])
    yield reader
    reader.let_go.set()
    for thread in watch._left:
        thread.join(10)


def test_what_it_stood_over_is_kept_staff_are_told_and_all_is_read_afterwards(
    room: Room, hands: Hands, standing: Standing
) -> None:
    WorkerBeat.objects.all().delete()
    post, talk = room.says(room.ada, DANGEROUS), room.says_privately(room.ben, CALM)
    assert screening_step() == 0
    assert not peer_sees(room, post)
    talk.refresh_from_db()
    assert (post.state, post.notice) == (MessageState.PENDING, Notice.UNREAD)
    assert (talk.state, talk.notice) == (MessageState.PUBLISHED, Notice.NONE)
    assert {post.machine_reading, talk.machine_reading} == {MachineReading.NOT_READ}
    assert not WorkerBeat.objects.is_awake(SCREENING, now=clock.now())
    hands.forward(seconds=25)
    assert post in unsettled(clock.now()), "moderators have it on their list"
    assert unread_messages(now=clock.now())[0] == 2, "clinicians see how many are unread"

    readers.use_readers([PhraseReader()])
    assert [screening_step(), screening_step()] == [1, 1], "each alone"
    assert not Message.objects.filter(due_at__isnull=False).exists()
    assert not peer_sees(room, post)
    assert Review.objects.get(message=post).harm == Harm.DANGER
    assert WorkerBeat.objects.is_awake(SCREENING, now=clock.now())


def test_one_text_that_stops_the_reader_goes_to_a_person_and_stops_no_other(
    room: Room, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing.phrase = "endless"
    bad, good = room.says(room.ada, "an endless story"), room.says(room.ada, CALM)
    screening_step()
    assert not peer_sees(room, good)
    monkeypatch.setattr(readers, "_build", lambda: (standing,))  # The cause is the text.
    for _ in range(3):  # It stands over the bad one again, gives it up, and reads the other.
        screening_step()
    assert peer_sees(room, good)
    assert not peer_sees(room, bad)
    assert Review.objects.get(message=bad).harm == Harm.UNREAD


def test_readers_that_all_stand_still_use_up_nobodys_turn(
    room: Room, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        room.says(room.ada, f"{CALM} {number}")
    Message.objects.filter(due_at__isnull=False).update(attempts=ALONE_AFTER)
    monkeypatch.setattr(readers, "_build", lambda: (standing,))
    screening_step()
    waiting = Message.objects.filter(due_at__isnull=False)
    assert waiting.count() == 4
    assert waiting.filter(lease_token=None, attempts=ALONE_AFTER).count() == 3
    for _ in range(4):  # The first is given up, the second stood over, and so on.
        screening_step()
    with pytest.raises(watch.NoRoom):
        screening_step()
    assert waiting.filter(lease_token=None, attempts=ALONE_AFTER).exists()
    standing.let_go.set()
    for thread in watch._left:
        thread.join(10)
    readers.use_readers([PhraseReader()])
    while screening_step():
        continue
    assert not waiting.exists()


def test_the_largest_batch_is_given_up_before_its_lease_ends_and_another_worker_takes_it(
    settings: Any,
) -> None:
    assert settings.SCREENING_BATCH == 64, "the default, and the most that may be set"
    assert watch.limit_for(settings.SCREENING_BATCH) < LEASE_SECONDS


def test_an_idle_reader_that_stands_still_does_not_say_that_it_is_there(
    standing: Standing,
) -> None:
    WorkerBeat.objects.all().delete()
    screening_step()
    assert not WorkerBeat.objects.is_awake(SCREENING, now=clock.now())


def test_a_process_that_cannot_move_at_all_ends_and_says_where_without_words() -> None:
    code = (
        "import re; from moderation import watch; watch.GRACE_SECONDS = 0.5\n"
        "watch.within(0.2, lambda: re.match('(a+)+$', 'a' * 50 + 'zanzibar'))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "watch.py" in ended.stderr
    assert "zanzibar" not in ended.stderr


@pytest.mark.parametrize("answer", ["nan", "short", "none"])
def test_an_answer_that_is_not_one_counts_as_unread(room: Room, answer: str) -> None:
    class Corrupt(PhraseReader):
        def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
            if answer == "nan":
                broken = Signal("ideation", float("nan"), self.name, self.version)
                return [(broken,) for _ in texts]
            return [()] * (len(texts) - 1) if answer == "short" else None  # type: ignore[return-value]

    post, talk = room.says(room.ada, CALM), room.says_privately(room.ben, CALM)
    readers.use_readers([Corrupt()])
    screening_step()
    talk.refresh_from_db()
    assert not peer_sees(room, post)
    assert (post.state, post.notice) == (MessageState.HELD, Notice.UNREAD)
    assert Review.objects.get(message=post).harm == Harm.UNREAD
    assert talk.state == MessageState.PUBLISHED
    assert {post.machine_reading, talk.machine_reading} == {MachineReading.NOT_READ}


def test_private_words_that_nobody_reads_in_time_say_so_and_are_read_later(
    room: Room, hands: Hands
) -> None:
    talk = room.says_privately(room.ada, DANGEROUS)
    assert unread_step() == 0
    hands.forward(seconds=21)
    assert unread_step() == 1
    assert unread_step() == 0
    talk.refresh_from_db()
    assert (talk.state, talk.notice) == (MessageState.PUBLISHED, Notice.NONE)
    assert talk.machine_reading == MachineReading.NOT_READ
    assert unread_messages(now=clock.now())[0] == 1
    screening_step()
    talk.refresh_from_db()
    assert talk.machine_reading == MachineReading.READ


@pytest.mark.linux
def test_a_reading_stands_back_for_others_and_what_keeps_its_verdict_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    monkeypatch.setattr(watch, "_niceness", 0)
    before = watch.within(5, niceness)
    watch.read_gently(3)

    assert watch.within(5, niceness) == before + 3
    assert niceness() == before
