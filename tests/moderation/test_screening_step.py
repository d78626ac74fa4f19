"""What one turn of the reader does to messages, and what it never does."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from django.db import connection

from chat.access import Audience
from chat.actions.messages import edit_message, publish_message, withdraw_message
from chat.kernel import clock
from chat.kernel.lease import lease
from chat.models import ConversationEvent, Message, Space, WorkerBeat
from chat.models.beat import SCREENING
from chat.realtime.feed import message_view
from chat.states import EventKind, MachineReading, MessageState, Notice
from moderation import readers
from moderation.classifiers.base import ENCODER, Signal
from moderation.classifiers.registry import Unbuilt
from moderation.models import Assessment, Review
from moderation.screening import MAX_ATTEMPTS, screening_step
from moderation.states import Harm, ReviewStatus
from moderation.unread import unread_step
from tests.conftest import Hands
from tests.moderation.room import (
    CALM,
    DANGEROUS,
    RUDE,
    WITH_NUMBER,
    WORRIED,
    Choking,
    PhraseReader,
    Room,
    make_room,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]


def peer_sees(room: Room, message: Message) -> bool:
    message.refresh_from_db()
    view = message_view(message, reader_id=room.ben.pk, audience=Audience.PEER)
    return view is not None


@pytest.mark.parametrize(
    ("body", "state", "notice", "harm"),
    [
        (CALM, MessageState.PUBLISHED, Notice.NONE, None),
        (WORRIED, MessageState.PUBLISHED, Notice.DOOR_OFFERED, None),
        (RUDE, MessageState.HELD, Notice.HELD_FOR_PERSON, Harm.ABUSE),
        (WITH_NUMBER, MessageState.HELD, Notice.CONTACT_DETAILS, Harm.CONTACT),
        (DANGEROUS, MessageState.HELD, Notice.DOOR, Harm.DANGER),
    ],
)
def test_each_message_is_shown_or_kept_and_its_author_told_why(
    room: Room, body: str, state: str, notice: str, harm: str | None
) -> None:
    message = room.says(room.ada, body)
    assert not peer_sees(room, message)
    assert screening_step() == 1
    assert peer_sees(room, message) == (state == MessageState.PUBLISHED)
    assert (message.state, message.notice) == (state, notice)
    assert message.machine_reading == MachineReading.READ
    review = Review.objects.filter(message=message).first()
    assert (review.harm if review else None) == harm


def test_a_cry_for_help_opens_a_case_and_says_where_it_was_seen(room: Room) -> None:
    message = room.says(room.ada, DANGEROUS)
    screening_step()
    found = Assessment.objects.get(message=message)
    assert found.open_case
    assert found.due_at is not None
    assert found.urgency == "immediate"
    start, end = found.reasons[0]["spans"][0]
    assert DANGEROUS[start:end] == "last night"
    assert found.reasons[0]["words"]
    assert found.scores == {"intent_or_plan": 0.9}
    assert "phrases-1" in found.classifier_version
    assert found.policy_version


def test_no_row_of_moderation_holds_a_word_of_the_message(room: Room) -> None:
    room.says(room.ada, f"{DANGEROUS} zanzibar")
    screening_step()
    with connection.cursor() as cursor:
        for table in ("moderation_assessment", "moderation_review", "chat_auditrow"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 — names of our own tables.
            assert "zanzibar" not in repr(cursor.fetchall())


def test_only_an_assessment_that_opens_a_case_is_work_for_others(room: Room) -> None:
    for body in (CALM, RUDE, DANGEROUS):
        room.says(room.ada, body)
    screening_step()
    for found in Assessment.objects.all():
        assert (found.due_at is not None) == found.open_case


class Unsure(PhraseReader):
    """The same as an encoder that sees a way to make contact, and is not sure."""

    name = ENCODER

    def _signals(self, text: str) -> list[Signal]:
        return [replace(s, source=ENCODER, score=0.6) for s in super()._signals(text)]


@pytest.mark.parametrize(
    ("bands", "state"), [("|11-13|14-15|", "held"), ("|14-15|16-17|", "published")]
)
def test_how_strict_a_space_is_depends_on_whom_it_admits(
    room: Room, bands: str, state: str
) -> None:
    readers.use_readers([Unsure()])
    message = room.says(room.ada, WITH_NUMBER)
    Space.objects.filter(pk=room.cast.space.pk).update(age_bands=bands)
    screening_step()
    message.refresh_from_db()
    assert message.state == state


def test_a_second_turn_changes_nothing(room: Room) -> None:
    room.says(room.ada, DANGEROUS)
    screening_step()
    before = (Assessment.objects.count(), Review.objects.count(), room.thread.events.count())
    assert screening_step() == 0
    Message.objects.update(due_at=clock.now())
    screening_step()
    counts = (Assessment.objects.count(), Review.objects.count(), room.thread.events.count())
    # The opening message of staff is read in the second turn for the first time.
    assert (counts[0] - 1, counts[1]) == before[:2]
    held = ConversationEvent.objects.filter(kind=EventKind.MESSAGE_HELD)
    assert held.count() == 1


def test_a_turn_that_died_is_taken_up_when_its_lease_runs_out(room: Room, hands: Hands) -> None:
    message = room.says(room.ada, CALM)
    assert lease(Message.objects.all(), seconds=60, limit=10) == [message]
    assert screening_step() == 0
    hands.forward(seconds=61)
    assert screening_step() == 1
    assert peer_sees(room, message)


@pytest.mark.django_db(transaction=True)  # The reader has a thread of its own.
def test_words_changed_while_they_were_read_are_read_again(room: Room) -> None:
    message = room.says(room.ada, CALM)

    class Slow(PhraseReader):
        def read(self, texts):  # type: ignore[no-untyped-def]
            if CALM in texts:
                edit_message(by=room.ada, message_id=message.pk, body=RUDE)
                connection.close()
            return super().read(texts)

    readers.use_readers([Slow()])
    assert screening_step() == 0
    assert not Assessment.objects.filter(message=message).exists()
    assert screening_step() == 1
    assert not peer_sees(room, message)
    assert Review.objects.get(message=message).harm == Harm.ABUSE


def test_a_message_a_person_published_meanwhile_is_read_but_not_moved(room: Room) -> None:
    message = room.says(room.ada, DANGEROUS)
    publish_message(message=message, by=room.mo)
    assert screening_step() == 1
    assert peer_sees(room, message)
    assert message.machine_reading == MachineReading.READ
    assert Assessment.objects.get(message=message).open_case
    assert not Review.objects.exists()


def test_a_private_talk_is_never_kept_back_and_still_opens_a_case(room: Room) -> None:
    message = room.says_privately(room.ada, DANGEROUS)
    assert message.state == MessageState.PUBLISHED
    screening_step()
    message.refresh_from_db()
    assert message.state == MessageState.PUBLISHED
    assert message.machine_reading == MachineReading.READ
    assert Assessment.objects.get(message=message).open_case
    assert not Review.objects.exists()


def test_a_broken_reader_sends_forum_words_to_a_person_and_lets_private_words_through(
    room: Room,
) -> None:
    public, private = room.says(room.ada, CALM), room.says_privately(room.ben, CALM)
    readers.use_readers([Unbuilt("encoder", RuntimeError("no file"))])
    WorkerBeat.objects.all().delete()
    screening_step()
    public.refresh_from_db()
    private.refresh_from_db()
    assert (public.state, public.notice) == (MessageState.HELD, Notice.UNREAD)
    assert Review.objects.get(message=public).harm == Harm.UNREAD
    assert private.state == MessageState.PUBLISHED
    assert {public.machine_reading, private.machine_reading} == {MachineReading.NOT_READ}
    assert not WorkerBeat.objects.is_awake(SCREENING, now=clock.now())


def test_one_text_no_reader_can_read_stops_no_other(room: Room) -> None:
    bad, good = room.says(room.ada, "choke on this"), room.says(room.ben, CALM)
    readers.use_readers([Choking()])
    screening_step()
    assert peer_sees(room, good)
    assert not peer_sees(room, bad)
    assert Review.objects.get(message=bad).harm == Harm.UNREAD
    assert WorkerBeat.objects.is_awake(SCREENING, now=clock.now())


def test_a_message_that_keeps_killing_the_turn_goes_to_a_person(room: Room) -> None:
    message = room.says(room.ada, CALM)
    Message.objects.filter(pk=message.pk).update(attempts=MAX_ATTEMPTS)
    screening_step()
    message.refresh_from_db()
    assert message.state == MessageState.HELD
    assert message.due_at is None
    assert Review.objects.get(message=message).harm == Harm.UNREAD


@pytest.mark.parametrize("private", [True, False])
def test_words_changed_many_times_are_read_like_the_first(room: Room, private: bool) -> None:
    says = room.says_privately if private else room.says
    message = says(room.ada, CALM)
    for number in range(MAX_ATTEMPTS):
        assert screening_step() == 1
        edit_message(by=room.ada, message_id=message.pk, body=f"{CALM} {number}")
    edit_message(by=room.ada, message_id=message.pk, body=DANGEROUS)
    screening_step()
    message.refresh_from_db()
    assert message.machine_reading == MachineReading.READ
    assert Assessment.objects.get(message=message, revision=message.revision).open_case


@pytest.mark.parametrize("given_up", [True, False])
def test_new_words_in_place_of_some_that_stopped_a_reader_are_read(
    room: Room, given_up: bool
) -> None:
    message = room.says_privately(room.ada, CALM)
    Message.objects.filter(pk=message.pk).update(attempts=MAX_ATTEMPTS)
    if given_up:
        screening_step()
    edit_message(by=room.ada, message_id=message.pk, body=DANGEROUS)
    screening_step()
    assert Assessment.objects.get(message=message, revision=2).open_case


def test_words_that_cannot_be_opened_go_to_a_person(room: Room) -> None:
    message = room.says(room.ada, CALM)
    Message.objects.filter(pk=message.pk).update(body_sealed=b"dev:moved from another row")
    screening_step()
    message.refresh_from_db()
    assert message.state == MessageState.HELD
    assert Review.objects.get(message=message).harm == Harm.UNREAD


def test_a_turn_that_fails_shows_nothing_logs_no_words_and_is_tried_again(
    room: Room,
    hands: Hands,
    caplog: pytest.LogCaptureFixture,
) -> None:
    message = room.says(room.ada, f"{CALM} zanzibar")

    class Vanishing(PhraseReader):
        @property
        def version(self) -> str:  # type: ignore[override]
            raise ValueError("zanzibar")

    readers.use_readers([Vanishing()])
    logging.getLogger("lantern").propagate = True
    with caplog.at_level(logging.DEBUG), pytest.raises(ValueError, match="zanzibar"):
        screening_step()
    assert "zanzibar" not in caplog.text
    assert not peer_sees(room, message)
    readers.use_readers([PhraseReader()])
    assert screening_step() == 0
    hands.forward(seconds=61)
    assert screening_step() == 1
    assert peer_sees(room, message)


def test_an_assessment_names_the_readers_that_read_though_others_are_built_meanwhile(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = room.says(room.ada, CALM)
    missing = Unbuilt("encoder", RuntimeError("no file"))

    class Slow(PhraseReader):
        def read(self, texts):  # type: ignore[no-untyped-def]
            # A minute goes by, and the reader that is missing may be built again.
            monkeypatch.setattr(readers, "_built_at", float("-inf"))
            return super().read(texts)

    class Mended(PhraseReader):
        version = "phrases-2"

    readers.use_readers([missing, Slow()])
    monkeypatch.setattr(readers, "_build", lambda: (Mended(),))
    screening_step()
    found = Assessment.objects.get(message=message)
    assert found.classifier_version == "encoder unavailable; patterns phrases-1"
    assert "phrases-2" in readers.state()


def test_staff_may_name_what_we_look_for(room: Room) -> None:
    message = room.says(room.cleo, f"If {DANGEROUS}, call somebody")
    screening_step()
    assert peer_sees(room, message)
    assert not Assessment.objects.get(message=message).open_case


def test_in_a_premoderated_space_a_person_reads_first() -> None:
    room = make_room(premoderated=True)
    message = room.says(room.ada, CALM)
    screening_step()
    assert not peer_sees(room, message)
    assert Review.objects.get(message=message).harm == Harm.ROUTINE


def test_changed_words_that_are_held_again_come_back_to_the_list(room: Room) -> None:
    message = room.says(room.ada, RUDE)
    screening_step()
    first = Review.objects.get(message=message)
    edit_message(by=room.ada, message_id=message.pk, body=DANGEROUS)
    screening_step()
    again = Review.objects.get(message=message)
    assert again.harm == Harm.DANGER
    assert again.version > first.version
    assert Assessment.objects.filter(message=message).count() == 2


def test_changed_words_that_are_published_leave_the_list(room: Room) -> None:
    message = room.says(room.ada, RUDE)
    screening_step()
    edit_message(by=room.ada, message_id=message.pk, body=CALM)
    screening_step()
    assert Review.objects.get(message=message).status == ReviewStatus.LAPSED
    assert not Review.objects.awaiting().exists()


def test_a_message_taken_back_leaves_the_list_at_once(room: Room, hands: Hands) -> None:
    message = room.says(room.ada, RUDE)
    screening_step()
    withdraw_message(by=room.ada, message_id=message.pk)
    assert not Review.objects.awaiting().exists()
    hands.forward(seconds=6)
    screening_step()
    assert Review.objects.get(message=message).status == ReviewStatus.LAPSED


def test_an_idle_reader_says_that_it_is_there_and_a_broken_one_does_not() -> None:
    screening_step()
    assert WorkerBeat.objects.is_awake(SCREENING, now=clock.now())
    WorkerBeat.objects.all().delete()
    readers.use_readers([Unbuilt("encoder", RuntimeError("no file"))])
    screening_step()
    assert not WorkerBeat.objects.is_awake(SCREENING, now=clock.now())


def test_authors_are_told_when_nobody_has_read_their_words_in_time(
    room: Room, hands: Hands
) -> None:
    message = room.says(room.ada, CALM)
    assert unread_step() == 0
    hands.forward(seconds=21)
    assert unread_step() == 1
    assert unread_step() == 0
    message.refresh_from_db()
    assert (message.notice, message.machine_reading) == (Notice.UNREAD, MachineReading.NOT_READ)
    screening_step()
    assert peer_sees(room, message)
    assert (message.notice, message.machine_reading) == (Notice.NONE, MachineReading.READ)
