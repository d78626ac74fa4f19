"""A moderator brings a clinician to whoever wrote a message."""

from __future__ import annotations

import pytest

from chat.kernel import clock
from chat.kernel.errors import Denied
from chat.models import AuditRow, Message, User
from chat.states import MessageState, Notice
from moderation.access import OwnPost
from moderation.actions.handover import REASON, hand_to_clinician
from moderation.actions.reviews import Taken, claim_review, claim_unread, decide_review
from moderation.models import Assessment, Review
from moderation.screening import screening_step
from moderation.states import Harm
from tests.conftest import Hands
from tests.moderation.room import CALM, DANGEROUS, RUDE, Room
from tests.triage import house
from triage.actions.cases import claim_case
from triage.escalation import escalation_step
from triage.intake import intake_step
from triage.models import Case, CaseEvent
from triage.states import Band, Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]


def ask(review: Review, by: User, revision: int = 1) -> Review:
    return hand_to_clinician(by=by, review_id=review.pk, revision=revision)


def mine(room: Room, words: str = RUDE) -> Review:
    message = room.says(room.ada, words)
    screening_step()
    return claim_review(by=room.mo, review_id=Review.objects.get(message=message).pk)


def test_asking_opens_a_case_and_gives_the_author_the_door(room: Room) -> None:
    review = ask(mine(room), room.mo)
    intake_step()
    assert Case.objects.get().person == room.ada
    message = Message.objects.get(pk=review.message_id)
    assert (message.state, message.notice) == (MessageState.HELD, Notice.DOOR)
    assert (review.harm, review.tier, review.claimed_by) == (Harm.DANGER, 0, room.mo)
    assert AuditRow.objects.filter(verb="review.handed_over").count() == 1
    codes = [reason["code"] for reason in Assessment.objects.get(message=message).reasons]
    assert codes == ["asked_by_moderator", "insult"]


def test_the_moderator_still_decides_and_the_door_stays(room: Room) -> None:
    review = ask(mine(room), room.mo)
    decide_review(
        by=room.mo,
        review_id=review.pk,
        decision="remove",
        clause="person_first",
        version=review.version,
        revision=1,
    )
    message = Message.objects.get(pk=review.message_id)
    assert (message.state, message.notice) == (MessageState.REMOVED, Notice.DOOR)


def test_it_works_while_no_machine_reads(room: Room) -> None:
    message = room.says(room.ada, CALM)
    review = claim_unread(by=room.mo, message_id=message.pk)
    ask(review, room.mo)
    intake_step()
    assert Case.objects.get().person == room.ada
    # The machine wakes up and finds nothing: the person's word stands.
    screening_step()
    message.refresh_from_db()
    assert (message.state, message.notice) == (MessageState.HELD, Notice.DOOR)
    assert Assessment.objects.get(message=message).open_case


def test_what_a_machine_finds_after_a_moderator_asked_joins_what_they_said(
    room: Room, hands: Hands
) -> None:
    message = room.says(room.ada, DANGEROUS)
    ask(claim_unread(by=room.mo, message_id=message.pk), room.mo)
    intake_step()
    assert Case.objects.get().band == Band.URGENT
    hands.forward(minutes=1)
    screening_step()
    intake_step()
    case = Case.objects.get()
    assert case.band == Band.IMMEDIATE
    assert len({reason["words"] for reason in case.reasons}) == len(case.reasons) == 2
    found = Assessment.objects.get(message=message)
    assert [reason["code"] for reason in found.reasons] == ["asked_by_moderator", "intent_or_plan"]
    assert found.scores == {"intent_or_plan": 0.9}
    assert Review.objects.get().assessment == found


def test_a_machine_that_reads_it_twice_joins_once(room: Room, hands: Hands) -> None:
    message = room.says(room.ada, DANGEROUS)
    ask(claim_unread(by=room.mo, message_id=message.pk), room.mo)
    intake_step()
    for _ in range(2):
        Message.objects.filter(pk=message.pk).update(due_at=clock.now())
        hands.forward(minutes=1)
        screening_step()
        intake_step()
    assert len(Assessment.objects.get(message=message).reasons) == 2
    assert list(CaseEvent.objects.values_list("kind", flat=True)) == ["opened", "more", "raised"]


def test_a_machine_that_finds_nothing_calls_nobody_a_second_time(room: Room, hands: Hands) -> None:
    message = room.says(room.ada, CALM)
    ask(claim_unread(by=room.mo, message_id=message.pk), room.mo)
    intake_step()
    hands.forward(minutes=1)
    screening_step()
    assert intake_step() == 0
    found = Assessment.objects.get(message=message)
    assert (found.urgency, found.open_case, found.due_at) == ("urgent", True, None)


def test_asking_twice_in_one_breath_changes_nothing(room: Room) -> None:
    review = mine(room)
    ask(review, room.mo)
    before = Assessment.objects.values().get(message=review.message_id)
    ask(review, room.mo)
    assert Assessment.objects.values().get(message=review.message_id) == before
    assert AuditRow.objects.filter(verb="review.handed_over").count() == 1


def test_a_case_that_is_open_hears_once_that_a_moderator_asked(room: Room) -> None:
    review = mine(room, DANGEROUS)
    intake_step()
    for _ in range(2):
        ask(review, room.mo)
        intake_step()
    case = Case.objects.get()
    assert case.band == Band.IMMEDIATE, "a machine's sooner word stays"
    assert [row["times"] for row in case.reasons if row["words"] == REASON["words"]] == [1]
    assert list(CaseEvent.objects.values_list("kind", flat=True)) == ["opened", "more"]


def test_what_a_machine_opened_and_nobody_took_up_yet_waits_on_as_it_did(
    room: Room, hands: Hands
) -> None:
    review = mine(room, DANGEROUS)
    began = hands.now
    hands.forward(minutes=5)
    ask(review, room.mo)
    intake_step()
    case = Case.objects.get()
    assert case.waiting_since == began
    assert REASON["words"] in {row["words"] for row in case.reasons}


@pytest.mark.parametrize("words", [DANGEROUS, RUDE])
def test_asked_hours_later_somebody_is_called_and_is_not_late_at_once(
    room: Room, hands: Hands, words: str
) -> None:
    """Also where a clinician had been there and took it for a mistake of the machine."""
    message = room.says(room.ada, words)
    screening_step()
    intake_step()
    for case in Case.objects.all():
        held = claim_case(case_id=case.pk, by=room.cleo)
        house.close(held, room.cleo, Outcome.MISREAD)
    hands.forward(hours=3)
    review = claim_review(by=room.mo, review_id=Review.objects.get(message=message).pk)
    ask(review, room.mo)
    intake_step()
    again = Case.objects.open().get()
    assert again.person == room.ada
    assert REASON["words"] in {row["words"] for row in again.reasons}
    assert (again.waiting_since, again.answer_by > hands.now) == (hands.now, True)
    assert escalation_step() == 0


def test_only_whoever_has_it_can_ask_and_only_about_the_words_they_saw(room: Room) -> None:
    review = mine(room)
    for who, refusal in ((room.lee, Taken), (room.cleo, Denied), (room.ada, Denied)):
        with pytest.raises(refusal):
            ask(review, who)
    with pytest.raises(Taken, match="words_changed"):
        ask(review, room.mo, revision=2)
    with pytest.raises(OwnPost):
        ask(claim_unread(by=room.lee, message_id=room.says(room.mo, CALM).pk), room.mo)
    assert not Assessment.objects.get(message=review.message_id).open_case
