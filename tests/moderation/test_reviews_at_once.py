"""Many at the same review in the same moment: one of them has it, and nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections, transaction

from chat.kernel import clock
from chat.models import ConversationEvent, Message
from chat.states import EventKind, MessageState, Role
from moderation.actions.findings import bring_to_review
from moderation.actions.reviews import claim_review, claim_unread, decide_review
from moderation.models import Assessment, Review
from moderation.patterns_over_time import Evidence, Part
from moderation.screening import screening_step
from moderation.states import Harm, ReviewStatus
from tests.moderation.room import CALM, Room, held, make_room, outcome, staff
from tests.triage.test_cases_at_once import not_yet_committed, until_they_wait

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("phrase_reader")]


def race(count: int, work: Callable[[int], object]) -> list[str]:
    """Run ``work(i)`` in so many threads that start together; each one's outcome."""
    start = threading.Barrier(count)
    results: list[str] = [""] * count

    def run(index: int) -> None:
        try:
            start.wait()
            results[index] = outcome(lambda: work(index))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def publish(room: Room, review: Review) -> Review:
    return decide_review(
        by=room.mo,
        review_id=review.pk,
        decision="publish",
        clause="within_rules",
        version=review.version,
        revision=1,
    )


def test_fifty_moderators_claim_one_review_and_exactly_one_has_it() -> None:
    room = make_room()
    review = held(room)
    crowd = [staff(Role.MODERATOR, f"Mo{i}") for i in range(50)]
    results = race(50, lambda i: claim_review(by=crowd[i], review_id=review.pk))
    assert sorted(results) == ["done"] + ["review_taken"] * 49
    review.refresh_from_db()
    assert review.claimed_by == crowd[results.index("done")]
    assert review.version == 2


def test_fifty_moderators_take_one_unread_message_and_exactly_one_has_it() -> None:
    room = make_room()
    message = room.says(room.ada, CALM)
    crowd = [staff(Role.MODERATOR, f"Mo{i}") for i in range(50)]
    results = race(50, lambda i: claim_unread(by=crowd[i], message_id=message.pk))
    assert sorted(results) == ["done"] + ["review_taken"] * 49
    assert Review.objects.get(message=message).claimed_by == crowd[results.index("done")]


def test_the_same_decision_sent_ten_times_at_once_is_one_decision() -> None:
    room = make_room()
    review = claim_review(by=room.mo, review_id=held(room).pk)
    results = race(
        10,
        lambda i: publish(room, review),
    )
    assert sorted(results) == ["done"] + ["review_taken"] * 9
    events = ConversationEvent.objects.filter(message=review.message_id)
    assert events.filter(kind=EventKind.MESSAGE_PUBLISHED).count() == 1


def test_two_readers_at_once_settle_every_message_once() -> None:
    if connection.vendor == "sqlite":
        # One writer at a time is the engine's own promise; the leases must still be disjoint.
        assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    room = make_room()
    for index in range(40):
        room.says(room.ada, f"{CALM} {index}")
    race(4, lambda i: [screening_step() for _ in range(3)])
    assert Message.objects.filter(author=room.ada, state=MessageState.PUBLISHED).count() == 40
    assert Assessment.objects.filter(message__author=room.ada).count() == 40
    published = ConversationEvent.objects.filter(
        kind=EventKind.MESSAGE_PUBLISHED, message__author=room.ada
    )
    assert published.count() == 40


@pytest.mark.real
def test_what_is_decided_while_we_look_back_stays_decided() -> None:
    room = make_room()
    review = claim_review(by=room.mo, review_id=held(room).pk)
    found: list[Review | None] = []

    def look_back() -> None:
        evidence = [Evidence(review.message_id, next(iter(Part)), clock.now())]
        try:
            with transaction.atomic():
                found.append(bring_to_review(evidence, harm=Harm.DANGER, now=clock.now()))
        finally:
            connections.close_all()

    looking = threading.Thread(target=look_back)
    with not_yet_committed(lambda: publish(room, review)):
        looking.start()
        until_they_wait(1)
    looking.join()
    review.refresh_from_db()
    assert found == [None]
    assert review.status == ReviewStatus.DECIDED
    assert Message.objects.get(pk=review.message_id).state == MessageState.PUBLISHED
