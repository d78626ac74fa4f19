"""A reader is broken for a while: what it left unread is read once it works again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chat.actions.messages import publish_message
from chat.kernel import clock
from chat.models import Message
from chat.states import MachineReading, MessageState, Notice
from moderation import readers
from moderation.actions.handover import hand_to_clinician
from moderation.actions.reviews import claim_review
from moderation.classifiers.base import ENCODER, PATTERNS, Classifier, Signal
from moderation.classifiers.registry import Unbuilt
from moderation.models import Assessment, Review
from moderation.screening import MAX_ATTEMPTS, screening_step
from moderation.states import Harm
from moderation.unread import unread_step
from tests.conftest import Hands
from tests.moderation.room import (
    CALM,
    DANGEROUS,
    RUDE,
    WORRIED,
    Choking,
    PhraseReader,
    Room,
)
from tests.moderation.test_screening_step import peer_sees
from triage.board import unread_messages
from triage.intake import intake_step
from triage.models import Case
from triage.states import Band

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]


class Encoder(PhraseReader):
    """As sure as the model has to be: more than a phrase."""

    name = ENCODER

    def _signals(self, text: str) -> list[Signal]:
        return [replace(signal, score=0.99) for signal in super()._signals(text)]


class Quiet(PhraseReader):
    """Reads everything and finds nothing."""

    phrases = ()


class NeverManages(Quiet):
    """Fails on one text however often it is tried, and on no other."""

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        if DANGEROUS in texts:
            raise RuntimeError("cannot read this")
        return super().read(texts)


BROKEN: Sequence[Classifier] = (Unbuilt(ENCODER, RuntimeError("no file")), Quiet())
MENDED: Sequence[Classifier] = (Encoder(), Quiet())


def reads_with(chosen: Sequence[Classifier], hands: Hands) -> None:
    """A minute later these read whatever is to be read."""
    readers.use_readers(chosen)
    hands.forward(seconds=61)
    while screening_step():
        continue


def test_private_words_that_were_left_unread_are_read_and_bring_somebody(
    room: Room, hands: Hands
) -> None:
    message = room.says_privately(room.ada, DANGEROUS)
    reads_with(BROKEN, hands)
    message.refresh_from_db()
    assert message.machine_reading == MachineReading.NOT_READ
    assert not Assessment.objects.get(message=message).open_case

    reads_with(MENDED, hands)
    message.refresh_from_db()
    assert (message.machine_reading, message.due_at) == (MachineReading.READ, None)
    intake_step()
    assert Case.objects.filter(person=room.ada, band="immediate").exists()


def test_a_post_left_unread_comes_to_the_top_once_danger_is_read_in_it(
    room: Room, hands: Hands
) -> None:
    message = room.says(room.ada, DANGEROUS)
    reads_with(BROKEN, hands)
    review = claim_review(by=room.mo, review_id=Review.objects.get(message=message).pk)
    assert review.harm == Harm.UNREAD

    reads_with(MENDED, hands)
    assert not peer_sees(room, message)
    assert (message.notice, message.machine_reading) == (Notice.DOOR, MachineReading.READ)
    again = Review.objects.get()
    assert (again.harm, again.tier, again.claimed_by) == (Harm.DANGER, 0, room.mo)
    assert again.version > review.version, "whoever has it open is shown what was found"
    intake_step()
    assert Case.objects.filter(person=room.ada).exists()


@pytest.mark.parametrize(
    ("body", "harm", "notice"),
    [
        (CALM, Harm.ROUTINE, Notice.UNREAD),
        (WORRIED, Harm.ROUTINE, Notice.DOOR),
        (RUDE, Harm.ABUSE, Notice.HELD_FOR_PERSON),
    ],
)
def test_a_post_that_went_to_a_person_stays_with_them_and_says_what_is_in_it(
    room: Room, hands: Hands, body: str, harm: str, notice: str
) -> None:
    message = room.says(room.ada, body)
    reads_with(BROKEN, hands)
    reads_with(MENDED, hands)
    message.refresh_from_db()
    assert (message.state, message.notice) == (MessageState.HELD, notice)
    review = Review.objects.awaiting().get()
    assert review.harm == harm
    assert review.assessment is not None
    assert "unread" not in {reason["code"] for reason in review.assessment.reasons}


def test_what_a_person_published_meanwhile_is_read_but_not_moved(room: Room, hands: Hands) -> None:
    message = room.says(room.ada, DANGEROUS)
    reads_with(BROKEN, hands)
    publish_message(message=message, by=room.mo)
    reads_with(MENDED, hands)
    assert peer_sees(room, message)
    assert (message.notice, message.machine_reading) == (Notice.NONE, MachineReading.READ)
    assert Assessment.objects.get(message=message).open_case


def test_while_it_is_broken_new_words_come_first_and_nothing_is_tried_in_vain(
    room: Room, hands: Hands
) -> None:
    old = room.says_privately(room.ada, CALM)
    for _ in range(MAX_ATTEMPTS + 1):
        reads_with(BROKEN, hands)
    new = room.says_privately(room.ben, CALM)
    assert screening_step() == 1
    new.refresh_from_db()
    assert new.machine_reading == MachineReading.NOT_READ
    assert screening_step() == 0
    reads_with(MENDED, hands)
    old.refresh_from_db()
    assert old.machine_reading == MachineReading.READ


def test_a_reader_that_is_there_and_reads_nothing_is_broken_too(room: Room, hands: Hands) -> None:
    class Deaf(Encoder):
        def read(self, texts):  # type: ignore[no-untyped-def]
            raise RuntimeError("no memory")

    message = room.says_privately(room.ada, DANGEROUS)
    for _ in range(MAX_ATTEMPTS + 1):
        reads_with((Deaf(), Quiet()), hands)
    reads_with(MENDED, hands)
    assert Assessment.objects.get(message=message).open_case


def test_clinicians_see_how_many_are_unread_until_they_are_read(room: Room, hands: Hands) -> None:
    room.says_privately(room.ada, CALM)
    room.says(room.ben, CALM)
    reads_with(BROKEN, hands)
    hands.forward(hours=2)
    unread_step()
    assert unread_messages(now=clock.now())[0] == 2
    reads_with(MENDED, hands)
    assert unread_messages(now=clock.now())[0] == 0


def test_a_text_that_no_reader_can_read_is_tried_for_some_minutes_and_no_more(
    room: Room, hands: Hands
) -> None:
    message = room.says(room.ada, "choke on this")
    for _ in range(MAX_ATTEMPTS):
        reads_with((Choking(),), hands)
        assert Message.objects.filter(pk=message.pk, due_at__isnull=False).exists()
    reads_with((Choking(),), hands)
    message.refresh_from_db()
    assert (message.state, message.due_at) == (MessageState.HELD, None)
    assert Review.objects.get(message=message).harm == Harm.UNREAD


def test_danger_that_was_seen_at_once_stays_seen_and_the_whole_is_read_later(
    room: Room, hands: Hands
) -> None:
    message = room.says(room.ada, DANGEROUS)
    reads_with((Unbuilt(ENCODER, RuntimeError("no file")), PhraseReader()), hands)
    intake_step()
    found = Assessment.objects.get(message=message)
    assert found.open_case
    reads_with((Encoder(), PhraseReader()), hands)
    again = Assessment.objects.get(message=message)
    assert again.pk == found.pk, "what the case names as its cause is there still"
    assert {reason["source"] for reason in again.reasons} == {ENCODER, PATTERNS}
    intake_step()
    assert Case.objects.filter(person=room.ada).count() == 1


def test_a_later_reading_that_sees_less_takes_nothing_back(room: Room, hands: Hands) -> None:
    message = room.says_privately(room.ada, DANGEROUS)
    reads_with((Unbuilt(ENCODER, RuntimeError("no file")), PhraseReader()), hands)
    assert Assessment.objects.get(message=message).open_case
    reads_with((Quiet(),), hands)
    message.refresh_from_db()
    assert message.machine_reading == MachineReading.READ
    assert Assessment.objects.get(message=message).open_case


def test_what_a_moderator_asked_for_stands_beside_what_is_read_later(
    room: Room, hands: Hands
) -> None:
    message = room.says(room.ada, CALM)
    reads_with(BROKEN, hands)
    review = claim_review(by=room.mo, review_id=Review.objects.get(message=message).pk)
    hand_to_clinician(by=room.mo, review_id=review.pk, revision=1)
    reads_with(MENDED, hands)
    message.refresh_from_db()
    assert (message.state, message.notice) == (MessageState.HELD, Notice.DOOR)
    assert Review.objects.get().harm == Harm.DANGER
    found = Assessment.objects.get(message=message)
    assert found.open_case
    assert "asked_by_moderator" in {reason["code"] for reason in found.reasons}


def test_danger_that_is_read_after_a_moderator_asked_reaches_whoever_comes(
    room: Room, hands: Hands
) -> None:
    room.says(room.ada, DANGEROUS)
    reads_with(BROKEN, hands)
    review = claim_review(by=room.mo, review_id=Review.objects.get().pk)
    hand_to_clinician(by=room.mo, review_id=review.pk, revision=1)
    intake_step()
    assert Case.objects.get().band == Band.URGENT

    reads_with(MENDED, hands)
    intake_step()
    assert Case.objects.get().band == Band.IMMEDIATE
    codes = [reason["code"] for reason in Assessment.objects.get().reasons]
    assert codes == ["asked_by_moderator", "intent_or_plan"]


def test_danger_seen_by_one_reader_does_not_wait_for_another_that_fails_on_these_words(
    room: Room, hands: Hands
) -> None:
    room.says(room.ada, DANGEROUS)
    reads_with(BROKEN, hands)
    assert not Assessment.objects.get().open_case

    reads_with((Encoder(), NeverManages()), hands)
    intake_step()
    assert Case.objects.get().person == room.ada
