"""What shows over several messages and goes on: somebody is called again, and has a look again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from chat.actions.conversations import start_thread
from chat.actions.messages import edit_message
from chat.kernel import clock
from chat.models import Conversation, Message
from chat.states import MessageState
from moderation import readers
from moderation.actions.reviews import claim_review, decide_review
from moderation.classifiers.approach import ApproachReader
from moderation.models import PatternFinding, Review
from moderation.states import Harm
from tests.cast import settle
from tests.conftest import Hands
from tests.moderation.room import RUDE, PhraseReader, Room
from tests.moderation.test_looking_back import AGE, PICTURE, SECRET, read_everything, says
from triage.actions.cases import claim_case, close_case
from triage.intake import intake_step
from triage.models import Case, CaseEvent
from triage.states import Outcome


@pytest.fixture(autouse=True)
def _read_with_phrases_and_approaches() -> Iterator[None]:
    readers.use_readers([PhraseReader(), ApproachReader()])
    yield
    readers.use_readers([])


@pytest.fixture
def bens(room: Room, hands: Hands) -> Conversation:
    """A thread that Ben began, a while before Ada writes to him there."""
    thread = start_thread(by=room.ben, space=room.space, client_id=uuid.uuid4(), body="hi all")
    assert thread.opening_message is not None
    settle(thread.opening_message, publish=True)
    hands.forward(minutes=1)
    return thread


def somebody_was_with(room: Room, case: Case) -> None:
    talk = claim_case(case_id=case.pk, by=room.cleo).conversation
    assert talk is not None
    talk.refresh_from_db()
    shown, head = case.sources.latest("pk").pk, talk.last_seq
    close_case(case_id=case.pk, by=room.cleo, outcome_code=Outcome.STEADIER, shown=shown, head=head)


def publish(room: Room, message: Message) -> None:
    """A moderator decides that these words are all right."""
    review = claim_review(by=room.mo, review_id=Review.objects.get(message=message).pk)
    decide_review(
        by=room.mo, review_id=review.pk, decision="publish", clause="within_rules",
        version=review.version, revision=message.revision,
    )  # fmt: skip


def test_a_pattern_that_goes_on_after_its_case_was_closed_calls_somebody_again(
    room: Room, bens: Conversation, hands: Hands
) -> None:
    says(room, bens, AGE, SECRET)
    intake_step()
    first = Case.objects.get(person=room.ben)
    somebody_was_with(room, first)
    now = hands.forward(hours=2)
    says(room, bens, PICTURE)
    intake_step()
    again = Case.objects.open().get(person=room.ben)
    assert again.waiting_since == now
    assert again.reasons[0]["words"] == "Somebody may be trying to draw them away, step by step"
    assert PatternFinding.objects.filter(case_about=room.ben).count() == 1
    for case in (first, again):
        assert case.sources.count() == 1, "and each case keeps what brought it about"


def test_nothing_new_after_a_case_was_closed_calls_nobody(
    room: Room, bens: Conversation, hands: Hands
) -> None:
    says(room, bens, AGE, SECRET)
    intake_step()
    somebody_was_with(room, Case.objects.get(person=room.ben))
    hands.forward(hours=2)
    says(room, bens, "hi there")
    PatternFinding.objects.update(due_at=clock.now())
    assert intake_step() == 1
    assert not Case.objects.open().exists()


def test_while_the_case_is_open_more_of_the_same_is_no_news(
    room: Room, bens: Conversation, hands: Hands
) -> None:
    says(room, bens, AGE, SECRET)
    intake_step()
    case = Case.objects.get(person=room.ben)
    for words in (PICTURE, AGE):
        hands.forward(minutes=5)
        says(room, bens, words)
        intake_step()
    assert list(CaseEvent.objects.values_list("kind", flat=True)) == ["opened"]
    assert Case.objects.get(person=room.ben).reasons == case.reasons
    somebody_was_with(room, case)
    intake_step()
    assert not Case.objects.open().exists(), "what was seen meanwhile was seen"


def test_a_pattern_joins_the_case_that_is_open_now(
    room: Room, bens: Conversation, hands: Hands
) -> None:
    says(room, bens, AGE, SECRET)
    intake_step()
    somebody_was_with(room, Case.objects.get(person=room.ben))
    hands.forward(hours=2)
    room.cast.asks_for_help(room.ben)
    intake_step()
    says(room, bens, PICTURE)
    intake_step()
    case = Case.objects.open().get(person=room.ben)
    assert {source.kind for source in case.sources.all()} == {"help_request", "pattern"}


def test_a_pattern_found_by_a_fast_clock_does_not_hold_the_next_one_up(
    room: Room, bens: Conversation, hands: Hands
) -> None:
    hands.forward(days=365)
    says(room, bens, AGE, SECRET)
    intake_step()
    hands.back(days=363)
    says(room, bens, AGE, SECRET)
    assert PatternFinding.objects.filter(case_about=room.ben).count() == 2


def test_a_decision_about_other_words_keeps_nobody_from_looking_at_these(
    room: Room, bens: Conversation
) -> None:
    said = says(room, bens, f"{RUDE} one", f"{RUDE} two")
    for message in said:
        publish(room, message)
    for message, words in zip(said, (AGE, SECRET), strict=True):
        edit_message(by=room.ada, message_id=message.pk, body=words)
        read_everything()
    review = Review.objects.awaiting().get()
    assert (review.message_id, review.harm) == (said[1].pk, Harm.SAFEGUARDING)
    assert (review.decision, review.decided_by, review.decided_revision) == ("", None, None)
    assert Message.objects.get(pk=said[1].pk).state == MessageState.HELD


def test_a_decision_about_the_words_that_stand_holds_however_a_pattern_goes_on(
    room: Room, bens: Conversation
) -> None:
    _age, secret = says(room, bens, AGE, SECRET)
    publish(room, secret)
    (picture,) = says(room, bens, PICTURE)
    publish(room, picture)
    says(room, bens, "hi there")
    assert not Review.objects.awaiting().filter(message__in=[secret, picture]).exists()
    assert Message.objects.get(pk=secret.pk).state == MessageState.PUBLISHED
