"""Claiming, releasing and deciding: one holder, one decision, and the author hears of it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from chat.actions.messages import edit_message, publish_message, withdraw_message
from chat.kernel import clock
from chat.kernel.errors import Denied, Invalid
from chat.models import AuditRow, ConversationEvent, Message, User
from chat.states import EventKind, MessageState, Notice
from moderation.access import OwnPost, access_review
from moderation.actions.reviews import (
    Taken,
    claim_review,
    claim_unread,
    decide_review,
    release_review,
)
from moderation.models import Assessment, Review
from moderation.policy import HARMS
from moderation.screening import screening_step
from moderation.states import AIM_MINUTES, TIERS, Decision, Harm, ReviewStatus
from tests.conftest import Hands
from tests.moderation.room import (
    CALM,
    DANGEROUS,
    RUDE,
    WITH_NUMBER,
    Room,
    held,
    outcome,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]


def decide(review: Review, by: User, decision: str = "publish", clause: str = "") -> Review:
    review.refresh_from_db()
    return decide_review(
        by=by,
        review_id=review.pk,
        decision=decision,
        clause=clause or ("within_rules" if decision == "publish" else "be_kind"),
        version=review.version,
        revision=review.message.revision,
    )


@pytest.mark.parametrize(
    ("who", "looks", "claims"),
    [
        ("mo", "done", "done"),
        ("lee", "done", "done"),
        ("cleo", "done", "not_found"),
        ("ada", "not_found", "not_found"),
        ("ben", "not_found", "not_found"),
        ("eve", "not_found", "not_found"),
    ],
)
def test_moderators_and_leads_decide_clinicians_look_and_others_find_nothing(
    room: Room, who: str, looks: str, claims: str
) -> None:
    review, user = held(room), getattr(room, who)
    assert outcome(lambda: access_review(user, review.pk)) == looks
    assert outcome(lambda: claim_review(by=user, review_id=review.pk)) == claims
    review.refresh_from_db()
    assert (review.claimed_by == user) == (claims == "done")
    if claims != "done":
        claim_review(by=room.mo, review_id=review.pk)
        review.refresh_from_db()
        assert outcome(lambda: release_review(by=user, review_id=review.pk)) == "not_found"
        assert outcome(lambda: decide(review, user)) == "not_found"
    assert Message.objects.get(pk=review.message_id).state == MessageState.HELD


def test_a_review_that_does_not_exist_looks_like_one_that_is_forbidden(room: Room) -> None:
    assert outcome(lambda: access_review(room.mo, 999_999)) == "not_found"
    assert outcome(lambda: claim_review(by=room.mo, review_id=999_999)) == "not_found"
    assert outcome(lambda: claim_unread(by=room.mo, message_id=999_999)) == "not_found"


def test_one_has_it_and_the_other_is_told_who(room: Room) -> None:
    review = held(room)
    claim_review(by=room.mo, review_id=review.pk)
    with pytest.raises(Taken) as refusal:
        claim_review(by=room.lee, review_id=review.pk)
    assert refusal.value.review is not None
    assert refusal.value.review.holder(clock.now()) == room.mo


def test_claiming_again_keeps_it_longer_without_making_the_page_stale(
    room: Room, hands: Hands
) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    hands.forward(seconds=500)
    again = claim_review(by=room.mo, review_id=review.pk)
    assert again.version == review.version
    hands.forward(seconds=500)
    assert again.holder(clock.now()) == room.mo


def test_a_claim_that_ran_out_can_be_taken_and_the_first_holder_is_refused(
    room: Room, hands: Hands
) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    hands.forward(seconds=601)
    assert review.holder(clock.now()) is None
    taken = claim_review(by=room.lee, review_id=review.pk)
    with pytest.raises(Taken):
        decide_review(
            by=room.mo,
            review_id=review.pk,
            decision="remove",
            clause="be_kind",
            version=review.version,
            revision=1,
        )
    decide(taken, room.lee)
    assert Message.objects.get(pk=review.message_id).state == MessageState.PUBLISHED


def test_released_is_free_again_and_only_its_holder_can_release(room: Room) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    with pytest.raises(Taken):
        release_review(by=room.lee, review_id=review.pk)
    release_review(by=room.mo, review_id=review.pk)
    assert claim_review(by=room.lee, review_id=review.pk).claimed_by == room.lee


@pytest.mark.parametrize(
    ("decision", "clause", "state", "notice", "kind"),
    [
        ("publish", "within_rules", "published", Notice.NONE, EventKind.MESSAGE_PUBLISHED),
        ("remove", "be_kind", "removed", Notice.UNKIND, EventKind.MESSAGE_REMOVED),
    ],
)
def test_a_decision_reaches_author_and_peers_through_the_feed(
    room: Room, decision: str, clause: str, state: str, notice: str, kind: str
) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    decided = decide(review, room.mo, decision, clause)
    message = Message.objects.get(pk=review.message_id)
    assert (message.state, message.notice) == (state, notice)
    last = ConversationEvent.objects.filter(conversation=room.thread).order_by("-seq").first()
    assert last is not None
    assert (last.kind, last.message) == (kind, message)
    assert (decided.status, decided.decision, decided.clause) == ("decided", decision, clause)
    assert decided.decided_by == room.mo
    verbs = AuditRow.objects.filter(subject=f"message:{message.pk}").values_list("verb", flat=True)
    assert {"review.claimed", "review.decided", kind} <= set(verbs)
    assert AuditRow.objects.first_break() is None


def test_a_second_decision_is_refused_with_who_and_what(room: Room) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    decide(review, room.mo, "remove")
    with pytest.raises(Taken) as refusal:
        decide(review, room.lee, "publish")
    stands = refusal.value.review
    assert stands is not None
    assert (stands.decided_by, stands.decision) == (room.mo, "remove")
    assert Message.objects.get(pk=review.message_id).state == MessageState.REMOVED


@pytest.mark.parametrize(
    ("decision", "clause"),
    [("remove", ""), ("remove", "within_rules"), ("publish", "be_kind"), ("ban", "be_kind")],
)
def test_no_decision_without_a_rule_that_it_can_rest_on(
    room: Room, decision: str, clause: str
) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    with pytest.raises(Invalid):
        decide_review(
            by=room.mo,
            review_id=review.pk,
            decision=decision,
            clause=clause,
            version=review.version,
            revision=1,
        )
    assert Message.objects.get(pk=review.message_id).state == MessageState.HELD


def test_nothing_is_decided_without_a_claim(room: Room) -> None:
    review = held(room)
    with pytest.raises(Taken):
        decide(review, room.mo)
    assert Message.objects.get(pk=review.message_id).state == MessageState.HELD


def test_words_changed_after_the_claim_must_be_looked_at_again(room: Room) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    edit_message(by=room.ada, message_id=review.message_id, body=DANGEROUS)
    with pytest.raises(Taken, match="words_changed"):
        decide_review(
            by=room.mo,
            review_id=review.pk,
            decision="publish",
            clause="within_rules",
            version=review.version,
            revision=1,
        )
    assert Message.objects.get(pk=review.message_id).state == MessageState.PENDING


def test_a_message_its_author_took_back_cannot_be_decided(room: Room) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    withdraw_message(by=room.ada, message_id=review.message_id)
    with pytest.raises(Taken):
        decide(review, room.mo)
    message = Message.objects.get(pk=review.message_id)
    assert (message.state, message.notice) == (MessageState.REMOVED, Notice.WITHDRAWN)
    assert Review.objects.get(pk=review.pk).decision == ""


def test_nobody_decides_about_their_own_words(room: Room) -> None:
    message = room.says(room.mo, RUDE)
    with pytest.raises(OwnPost):
        claim_unread(by=room.mo, message_id=message.pk)
    review = claim_unread(by=room.lee, message_id=message.pk)
    release_review(by=room.lee, review_id=review.pk)
    with pytest.raises(OwnPost):
        claim_review(by=room.mo, review_id=review.pk)


def test_a_failed_audit_undoes_the_decision(room: Room) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    head = AuditRow.objects.order_by("-pk")[0]
    # A row that already follows the head: the chain refuses to fork.
    AuditRow(pk=-1, verb="x", subject="x", at=clock.now(), previous=head.digest, digest="x").save(
        force_insert=True
    )
    with pytest.raises(IntegrityError):
        decide(review, room.mo)
    review.refresh_from_db()
    assert (review.status, review.decision) == (ReviewStatus.CLAIMED, "")
    assert Message.objects.get(pk=review.message_id).state == MessageState.HELD


@pytest.mark.parametrize(("decision", "notice"), [("publish", "door_offered"), ("remove", "door")])
def test_somebody_in_danger_keeps_the_door_and_the_case_whatever_is_decided(
    room: Room, decision: str, notice: str
) -> None:
    review = claim_review(by=room.mo, review_id=held(room, DANGEROUS).pk)
    decide(review, room.mo, decision, "person_first" if decision == "remove" else "")
    message = Message.objects.get(pk=review.message_id)
    assert message.notice == notice
    found = Assessment.objects.get(message=message)
    assert found.open_case
    assert found.due_at is not None


def test_words_nobody_read_can_be_claimed_and_decided(room: Room) -> None:
    message = room.says(room.ada, CALM)
    review = claim_unread(by=room.mo, message_id=message.pk)
    assert (review.harm, review.claimed_by) == (Harm.UNREAD, room.mo)
    with pytest.raises(Taken):
        claim_unread(by=room.lee, message_id=message.pk)
    decide(review, room.mo)
    assert Message.objects.get(pk=message.pk).state == MessageState.PUBLISHED
    # The machine wakes up and reads it all the same; the decision stands.
    screening_step()
    assert Message.objects.get(pk=message.pk).state == MessageState.PUBLISHED
    assert Assessment.objects.filter(message=message).exists()


def test_the_machine_waking_up_under_a_claim_gives_the_review_its_reasons(room: Room) -> None:
    message = room.says(room.ada, DANGEROUS)
    review = claim_unread(by=room.mo, message_id=message.pk)
    screening_step()
    with pytest.raises(Taken):
        decide_review(
            by=room.mo,
            review_id=review.pk,
            decision="publish",
            clause="within_rules",
            version=review.version,
            revision=1,
        )
    review.refresh_from_db()
    assert (review.harm, review.claimed_by, review.tier) == (Harm.DANGER, room.mo, 0)
    assert review.assessment is not None


def test_danger_is_first_and_nothing_waits_for_ever(room: Room, hands: Hands) -> None:
    contact = held(room, WITH_NUMBER)
    hands.forward(minutes=6)
    abuse = held(room, RUDE)
    danger = held(room, DANGEROUS)
    assert list(Review.objects.awaiting()) == [danger, contact, abuse]
    assert all(TIERS[Harm(h)] <= TIERS[Harm.ABUSE] for h in ("danger", "safeguarding"))


def test_harms_are_those_of_the_policy_and_each_has_an_aim() -> None:
    assert [h.value for h in Harm] == list(HARMS)
    assert set(AIM_MINUTES) == set(TIERS) == set(Harm)
    assert {d.value for d in Decision} == {"publish", "remove"}


def test_publishing_elsewhere_takes_it_off_the_list(room: Room) -> None:
    review = held(room)
    publish_message(message=review.message, by=room.lee)
    assert not Review.objects.awaiting().exists()
    with pytest.raises(Taken):
        claim_review(by=room.mo, review_id=review.pk)


def test_denied_is_what_a_young_person_gets(room: Room) -> None:
    with pytest.raises(Denied):
        claim_unread(by=room.ada, message_id=room.says(room.ben, CALM).pk)
