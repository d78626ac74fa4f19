"""The moderators' pages by plain forms: what is shown, to whom, and what a second comer reads."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from chat.models import Message, User, WorkerBeat
from chat.states import MessageState
from moderation.actions.reviews import claim_review, decide_review
from moderation.listing import listing_for, unsettled
from moderation.models import Review
from moderation.reading import Part, mark
from moderation.screening import screening_step
from tests.conftest import Hands
from tests.moderation.room import CALM, DANGEROUS, RUDE, Room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]

PAGES = ("moderation-queue", "moderation-rows", "review", "unread")
VERBS = (
    "moderation-next",
    "review-claim",
    "review-release",
    "review-decide",
    "review-hand-over",
    "unread-claim",
)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def held(room: Room, body: str = RUDE) -> Review:
    message = room.says(room.ada, body)
    screening_step()
    return Review.objects.get(message=message)


def address(name: str, review: Review) -> str:
    if name in ("moderation-queue", "moderation-rows", "moderation-next"):
        return reverse(name)
    return reverse(name, args=[review.message_id if "unread" in name else review.pk])


def text_of(response) -> str:  # type: ignore[no-untyped-def]
    """What somebody reads on the page."""
    plain = re.sub(r"<(script|style)[^>]*>.*?</\1>|<[^>]+>", " ", response.content.decode())
    return " ".join(plain.split())


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [("mo", 200), ("lee", 200), ("cleo", 200), ("ada", 404), ("ben", 404), ("eve", 404)],
)
def test_staff_may_look_and_young_people_find_nothing(
    room: Room, who: str, status: int, name: str
) -> None:
    review = held(room)
    answer = signed_in(getattr(room, who)).get(address(name, review), follow=True)
    assert answer.status_code == status


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize(("who", "refused"), [("mo", False), ("cleo", True), ("ada", True)])
def test_only_those_who_decide_can_use_a_verb(
    room: Room, who: str, refused: bool, name: str
) -> None:
    review = held(room)
    answer = signed_in(getattr(room, who)).post(address(name, review))
    assert (answer.status_code == 404) == refused


@pytest.mark.parametrize("name", [*PAGES, *VERBS])
def test_whoever_is_not_signed_in_is_asked_to(room: Room, name: str) -> None:
    review = held(room)
    method = Client().post if name in VERBS else Client().get
    answer = method(address(name, review))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("staff-sign-in"))
    # Nobody comes back to a page by the address of a form: that would be none.
    assert ("next=" in answer["Location"]) == (name not in VERBS)


@pytest.mark.parametrize("name", VERBS)
def test_nothing_changes_by_looking(room: Room, name: str) -> None:
    review = held(room)
    assert signed_in(room.mo).get(address(name, review)).status_code == 405


def test_the_whole_round_by_plain_forms(room: Room) -> None:
    review = held(room)
    mo = signed_in(room.mo)
    listed = mo.get(reverse("moderation-queue"))
    assert "It may insult somebody" in text_of(listed)
    assert "just in, aim 10" in text_of(listed)
    page = mo.post(reverse("moderation-next"), follow=True)
    assert "You have this one until" in text_of(page)
    fields = dict(re.findall(r'name="(version|revision)" value="(\d+)"', page.content.decode()))
    done = mo.post(
        reverse("review-decide", args=[review.pk]),
        {"decision": "remove", "clause": "be_kind", **fields},
        follow=True,
    )
    assert "You removed this" in text_of(done)
    assert "Nothing is waiting" in text_of(done)
    assert Message.objects.get(pk=review.message_id).state == MessageState.REMOVED


def test_why_it_is_here_is_said_in_words_with_its_source(room: Room) -> None:
    review = held(room, DANGEROUS)
    shown = text_of(signed_in(room.mo).get(reverse("review", args=[review.pk])))
    for words in (
        "The writer may mean to end their life",
        "Seen by the crisis phrases. Marked 1 in the words.",
        "phrases-1, rule phrase.intent_or_plan",
        "Our clinicians have been told about this person",
    ):
        assert words in shown
    page = signed_in(room.mo).get(reverse("review", args=[review.pk])).content.decode()
    assert "<mark>last night<sup>1</sup></mark>" in page
    at_first, _, folded = page.partition("How the machine came to this")
    assert "0.90" not in at_first, "never a score before somebody asks for it"
    assert "How sure: 0.90 of 1. From 0.50 it counts." in folded.partition("</details>")[0]


def test_hard_words_are_in_no_list_and_folded_on_the_page(room: Room) -> None:
    review = held(room, DANGEROUS)
    mo = signed_in(room.mo)
    for name in ("moderation-queue", "moderation-rows"):
        assert DANGEROUS not in text_of(mo.get(reverse(name)))
    page = mo.get(reverse("review", args=[review.pk])).content.decode()
    fold = page.index("<details")
    assert fold < page.index("last night") < page.index("</details>", fold)
    assert "<details open" not in page


def test_words_are_shown_as_text_never_as_markup(room: Room) -> None:
    review = held(room, f"{RUDE} <script>alert(1)</script><b onclick=x>")
    page = signed_in(room.mo).get(reverse("review", args=[review.pk])).content.decode()
    assert "<script>alert" not in page
    assert "<b onclick" not in page
    assert "&lt;script&gt;alert" in page


def test_a_second_decision_reads_who_did_what(room: Room) -> None:
    review = claim_review(by=room.lee, review_id=held(room).pk)
    mo = signed_in(room.mo)
    decide_review(
        by=room.lee,
        review_id=review.pk,
        decision="publish",
        clause="within_rules",
        version=review.version,
        revision=1,
    )
    answer = mo.post(
        reverse("review-decide", args=[review.pk]),
        {"decision": "remove", "clause": "be_kind", "version": review.version, "revision": 1},
    )
    assert answer.status_code == 409
    assert "That did not go through. Lee published this at" in text_of(answer)


def test_one_press_brings_a_clinician_and_says_so(room: Room) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    mo = signed_in(room.mo)
    assert "Ask a clinician" in text_of(mo.get(reverse("review", args=[review.pk])))
    page = mo.post(reverse("review-hand-over", args=[review.pk]), {"revision": 1}, follow=True)
    assert "A clinician has been asked to look after the writer." in text_of(page)
    assert "Our clinicians have been told about this person" in text_of(page)
    assert "Ask a clinician again h" in text_of(page), "they may be done by the time it is needed"


def test_claiming_what_a_colleague_has_says_who(room: Room) -> None:
    review = claim_review(by=room.lee, review_id=held(room).pk)
    answer = signed_in(room.mo).post(reverse("review-claim", args=[review.pk]))
    assert answer.status_code == 409
    assert "Lee has this one until" in text_of(answer)


def test_a_decision_without_a_rule_comes_back_with_a_next_step(room: Room) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)
    answer = signed_in(room.mo).post(
        reverse("review-decide", args=[review.pk]),
        {"decision": "remove", "version": review.version, "revision": 1},
    )
    assert answer.status_code == 422
    assert "Choose the rule this rests on" in text_of(answer)


def test_ones_own_words_cannot_be_claimed_and_the_page_says_why(room: Room) -> None:
    message = room.says(room.mo, CALM)
    Message.objects.filter(pk=message.pk).update(due_at=None)
    page = text_of(signed_in(room.mo).get(reverse("unread", args=[message.pk])))
    assert "These are your own words, so a colleague decides." in page
    answer = signed_in(room.mo).post(reverse("unread-claim", args=[message.pk]), follow=True)
    assert "These are your own words" in text_of(answer)
    assert not Review.objects.exists()


def test_a_sleeping_reader_is_said_on_every_page(room: Room) -> None:
    review = held(room)
    mo = signed_in(room.mo)
    sentence = "The reader is not working. New posts wait for a person."
    for asleep in (False, True):
        if asleep:
            WorkerBeat.objects.all().delete()
        for name in ("moderation-queue", "moderation-rows", "review"):
            assert (sentence in text_of(mo.get(address(name, review)))) == asleep


def test_what_no_machine_reads_in_time_is_listed_and_can_be_taken(room: Room, hands: Hands) -> None:
    message = room.says(room.ada, CALM)
    mo = signed_in(room.mo)
    assert "Nothing is waiting" in text_of(mo.get(reverse("moderation-queue")))
    hands.forward(seconds=16)
    assert "No machine has read this" in text_of(mo.get(reverse("moderation-queue")))
    page = mo.post(reverse("moderation-next"), follow=True)
    assert "You have this one until" in text_of(page)
    assert Review.objects.get(message=message).claimed_by == room.mo
    # Now it is there as its review, and only as that.
    assert mo.get(reverse("unread", args=[message.pk])).status_code == 302
    assert len(listing_for(room.mo, now=hands.now).items) == 1


def test_taking_the_next_one_passes_over_what_is_taken_or_ones_own(room: Room) -> None:
    danger, abuse = held(room, DANGEROUS), held(room, RUDE)
    claim_review(by=room.lee, review_id=danger.pk)
    signed_in(room.mo).post(reverse("moderation-next"))
    abuse.refresh_from_db()
    danger.refresh_from_db()
    assert (abuse.claimed_by, danger.claimed_by) == (room.mo, room.lee)


def test_every_waiting_message_is_in_the_list_exactly_once(room: Room, hands: Hands) -> None:
    """Whoever held it, and whether or not a review was made for it."""
    held(room, DANGEROUS)
    claim_review(by=room.lee, review_id=held(room, RUDE).pk)
    room.cast.held(room.ben, room.thread, "kept back by somebody else")
    room.says(room.ben, CALM)
    hands.forward(minutes=1)
    keys = [item.key for item in listing_for(room.mo, now=hands.now).items]
    waiting = Message.objects.filter(state__in=["pending", "held"])
    assert len(keys) == len(set(keys)) == waiting.count() == 4
    assert unsettled(hands.now).count() == 2


def test_a_look_at_the_list_costs_the_same_however_long_it_is(
    room: Room,
    django_assert_max_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    for index in range(12):
        room.says(room.ada, f"{RUDE} {index}")
    screening_step()
    mo = signed_in(room.mo)
    with django_assert_max_num_queries(8):
        mo.get(reverse("moderation-rows"))


@pytest.mark.parametrize(
    ("spans", "parts"),
    [
        ([], [Part("héllo 🌧 you", ())]),
        ([[[6, 7]]], [Part("héllo ", ()), Part("🌧", (1,)), Part(" you", ())]),
        (
            [[[0, 7]], [[6, 11]]],
            [Part("héllo ", (1,)), Part("🌧", (1, 2)), Part(" you", (2,))],
        ),
        ([[[8, 99]], [[50, 60]]], [Part("héllo 🌧 ", ()), Part("you", (1,))]),
    ],
)
def test_spans_are_code_points_and_may_overlap(spans, parts) -> None:  # type: ignore[no-untyped-def]
    assert mark("héllo 🌧 you", spans) == parts
