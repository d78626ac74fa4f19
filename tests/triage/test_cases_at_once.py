"""Two at work for one person at the same moment: what one of them writes, the other one keeps.

Only PostgreSQL lets them meet: on SQLite whoever writes has the database to themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from chat.access import Closed
from chat.actions.messages import edit_message
from chat.actions.sending import send_message
from chat.kernel.errors import Stale
from chat.models import Conversation, HelpRequest, Message, User
from tests.servers import wait_until
from tests.triage import house
from triage.access import lock_held_case
from triage.actions.cases import claim_case, claim_source, give_up_place, hand_back_case
from triage.actions.notes import write_note
from triage.actions.opening import one_at_a_time, open_case
from triage.intake import intake_step
from triage.models import Case
from triage.sources import source_of_assessment, source_of_help
from triage.states import CaseStatus

pytestmark = [pytest.mark.real, pytest.mark.django_db(transaction=True)]

IMMEDIATE: dict[str, Any] = {**house.REASON, "words": "The writer may be about to hurt themselves"}


@pytest.fixture
def elsewhere() -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Start a job in a thread and over a connection of its own."""
    with ThreadPoolExecutor(4) as threads:

        def run(job: Callable[[], Any]) -> Any:
            try:
                return job()
            finally:
                connection.close()

        yield lambda job: threads.submit(run, job)


@contextmanager
def not_yet_committed(job: Callable[[], Any]) -> Iterator[None]:
    """Somebody else's transaction that did ``job`` and ends with the block."""
    done, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                job()
                done.set()
                may_end.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert done.wait(10)
    try:
        yield
    finally:
        may_end.set()
        thread.join()


def until_they_wait(count: int) -> None:
    """Until as many transactions stand still for a lock that somebody else has."""

    def waiting() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0] == count)

    wait_until(waiting, within=10, what=f"{count} waiting for a lock")


def with_ada() -> tuple[User, User, Case]:
    cleo, ada = house.cleo(), house.young()
    house.assess(house.post(ada), "soon")
    intake_step()
    return cleo, ada, claim_case(case_id=Case.objects.get().pk, by=cleo)


def test_a_sign_that_is_taken_in_while_handing_back_keeps_its_reason(elsewhere: Any) -> None:
    cleo, ada, case = with_ada()
    reading = house.assess(house.post(ada), "immediate", [IMMEDIATE])
    with not_yet_committed(lambda: open_case(source=source_of_assessment(reading))):
        back = elsewhere(lambda: hand_back_case(case_id=case.pk, by=cleo))
        until_they_wait(1)
    assert back.result(20).status == CaseStatus.WAITING
    case.refresh_from_db()
    assert IMMEDIATE["words"] in [reason["words"] for reason in case.reasons]


def test_a_sign_that_is_taken_in_while_closing_keeps_the_case_open(elsewhere: Any) -> None:
    cleo, ada, case = with_ada()
    reading = house.assess(house.post(ada), "immediate", [IMMEDIATE])
    with not_yet_committed(lambda: open_case(source=source_of_assessment(reading))):
        closing = elsewhere(lambda: house.close(case, cleo))
        until_they_wait(1)
    with pytest.raises(Stale, match="asked_again"):
        closing.result(20)
    case.refresh_from_db()
    assert case.status == CaseStatus.WITH_CLINICIAN


def says(who: User, case: Case, body: str) -> Message:
    return send_message(
        by=who, conversation_id=case.conversation_id or 0, client_id=house.uuid.uuid4(), body=body
    )


def test_words_on_their_way_while_closing_keep_the_talk_open(elsewhere: Any) -> None:
    cleo, ada, case = with_ada()
    with not_yet_committed(lambda: says(ada, case, "wait, I've taken something")):
        closing = elsewhere(lambda: house.close(case, cleo))
        until_they_wait(1)
    with pytest.raises(Stale, match="wrote_again"):
        closing.result(20)
    assert Conversation.objects.get(pk=case.conversation_id).is_open


@pytest.mark.parametrize("how", ["write", "change"])
def test_words_that_come_too_late_are_refused_and_not_buried_in_an_ended_talk(
    elsewhere: Any, how: str
) -> None:
    cleo, ada, case = with_ada()
    said = says(ada, case, "I took two")
    doing = {
        "write": lambda: says(ada, case, "wait, I've taken something"),
        "change": lambda: edit_message(by=ada, message_id=said.pk, body="I took twenty"),
    }
    with not_yet_committed(lambda: house.close(case, cleo)):
        late = elsewhere(doing[how])
        until_they_wait(1)
    with pytest.raises(Closed if how == "write" else Stale):
        late.result(20)
    assert [message.body for message in Message.objects.filter(author=ada, state="published")] == [
        "I took two"
    ]


@pytest.mark.parametrize("ending", ["close", "hand back"])
def test_ending_a_talk_and_picking_its_person_up_do_not_wait_for_each_other_for_ever(
    elsewhere: Any, ending: str
) -> None:
    (cleo, ada, case), dan = with_ada(), house.staff("Dan", on_duty=True)
    source = source_of_assessment(house.assess(house.post(ada), "urgent"))

    def end() -> Case:
        if ending == "close":
            return house.close(case, cleo)
        return hand_back_case(case_id=case.pk, by=cleo)

    def hold_talk() -> None:
        Conversation.objects.select_for_update().get(pk=case.conversation_id)

    with not_yet_committed(hold_talk):
        claim = elsewhere(lambda: claim_source(source=source, by=dan))
        until_they_wait(1)
        ended = elsewhere(end)
        until_they_wait(2)
    with pytest.raises(Stale, match="already_taken"):
        claim.result(20)
    assert ended.result(20).claimed_by_id in (cleo.pk, None)
    assert case.person == ada


def test_a_note_is_kept_while_somebody_works_at_its_case(elsewhere: Any) -> None:
    """It holds the audit chain at its end, for which whoever has the case may be waiting."""
    cleo, _ada, case = with_ada()
    with not_yet_committed(lambda: lock_held_case(cleo, case.pk)):
        note = elsewhere(lambda: write_note(case_id=case.pk, by=cleo, body="Sleeps at her aunt's"))
        assert note.result(10).case == case


@pytest.mark.parametrize("ending", ["close", "give up"])
def test_ending_while_a_worker_takes_in_a_request_is_no_deadlock(
    elsewhere: Any, ending: str
) -> None:
    cleo, ada, case = with_ada()
    if ending == "give up":
        hand_back_case(case_id=case.pk, by=cleo)
    request = house.ask(ada)
    with transaction.atomic():  # As intake does: the person, the row, the case.
        one_at_a_time([ada.pk])
        HelpRequest.objects.filter(pk=request.pk).update(due_at=None)
        job = {"close": lambda: house.close(case, cleo), "give up": lambda: give_up_place(by=ada)}
        ended = elsewhere(job[ending])
        until_they_wait(1)
        open_case(source=source_of_help(request))
    if ending == "close":
        with pytest.raises(Stale, match="asked_again"):
            ended.result(20)
    else:
        assert ended.result(20).status == CaseStatus.WAITING
