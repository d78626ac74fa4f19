"""Drawing somebody away where several people write: whom it may be meant for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat.actions.people import start_young_person
from chat.models import Conversation, User
from moderation import lookback, readers
from moderation.classifiers.approach import ApproachReader
from moderation.models import PatternFinding, Review
from moderation.patterns_over_time import Code
from tests.moderation.room import CALM, PhraseReader, Room
from tests.moderation.test_looking_back import AGE, PICTURE, SECRET, says
from triage.intake import intake_step
from triage.models import Case

SURE = "Somebody may be trying to draw them away, step by step"
MAYBE = f"{SURE}, or somebody else who writes in the same thread"


@pytest.fixture(autouse=True)
def _read_with_phrases_and_approaches() -> Iterator[None]:
    readers.use_readers([PhraseReader(), ApproachReader()])
    yield
    readers.use_readers([])


@pytest.fixture
def fay(room: Room) -> User:
    return start_young_person(nickname="Fay", age_band="14-15")[0]


def groomings() -> dict[str, PatternFinding]:
    """What was found, by the nickname of whoever the case is about."""
    rows = PatternFinding.objects.filter(code=Code.GROOMING).select_related("case_about")
    return {row.case_about.nickname: row for row in rows if row.case_about is not None}


def thread_of(room: Room, by: User, *answering: User) -> Conversation:
    thread = room.cast.thread(by=by, words="hi all")
    for one in answering:
        room.cast.says(one, thread, CALM)
    return thread


def test_who_answers_in_somebodys_own_threads_is_whom_it_is_meant_for(
    room: Room, fay: User
) -> None:
    threads = [thread_of(room, room.ada, room.ben, *more) for more in ((), [fay], ())]
    for thread, words in zip(threads, (AGE, SECRET, PICTURE), strict=True):
        says(room, thread, words)
    (finding,) = groomings().values()
    assert finding.case_about == room.ben
    assert [one["others"] for one in finding.evidence] == [0, 1, 0]
    intake_step()
    assert Case.objects.get().reasons[0]["words"] == SURE


def test_in_a_thread_of_one_it_may_be_meant_for_another_and_both_cases_say_so(
    room: Room, fay: User
) -> None:
    says(room, thread_of(room, fay, room.ben), AGE, SECRET)
    found = groomings()
    assert set(found) == {"Ben", "Fay"}
    assert {one["others"] for row in found.values() for one in row.evidence} == {1}
    intake_step()
    cases = Case.objects.order_by("person__nickname")
    assert [(case.person, case.reasons[0]["words"]) for case in cases] == [
        (room.ben, MAYBE),
        (fay, MAYBE),
    ]
    assert Review.objects.count() == 1, "and one message is kept, not one for each"


def test_in_a_thread_that_staff_began_it_is_meant_for_whoever_writes_there(room: Room) -> None:
    room.cast.says(room.ben, room.thread, CALM)
    says(room, room.thread, AGE, SECRET)
    assert set(groomings()) == {"Ben"}


def test_where_nobody_else_can_be_seen_to_write_somebody_is_with_the_writer(room: Room) -> None:
    thread = room.cast.thread(by=room.ada)
    room.cast.held(room.ben, thread, CALM)
    room.cast.says(room.mo, thread, CALM)
    says(room, thread, AGE, SECRET)
    assert set(groomings()) == {"Ada"}


def test_who_left_is_not_taken_for_the_one_that_is_meant(room: Room, fay: User) -> None:
    thread = thread_of(room, room.ada, room.ben, fay)
    User.objects.filter(pk=fay.pk).update(is_active=False)
    says(room, thread, AGE, SECRET)
    assert set(groomings()) == {"Ben"}


def test_it_takes_two_queries_however_many_threads_and_people(room: Room, fay: User) -> None:
    for _ in range(4):
        (message,) = says(room, thread_of(room, room.ada, room.ben, fay), AGE)
        says(room, thread_of(room, fay, room.ben), SECRET)
    with CaptureQueriesContext(connection) as queries:
        (lines,) = lookback.lines_of([room.ada.pk], now=message.created_at).values()
    assert len(queries) == 2
    assert {frozenset(line.towards) for line in lines} == {
        frozenset({f"person:{room.ben.pk}", f"person:{fay.pk}"})
    }


def test_moderators_read_once_what_may_be_meant_for_several(
    room: Room, fay: User, client: Client
) -> None:
    _age, secret = says(room, thread_of(room, fay, room.ben), AGE, SECRET)
    client.force_login(room.mo)
    page = client.get(f"/moderation/{Review.objects.get(message=secret).pk}").content.decode()
    assert page.count("They may be trying to draw a young person away, step by step") == 1
    assert "asked somebody&#x27;s age (one of 2 people who write there may be meant)" in page
