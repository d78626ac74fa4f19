"""Nobody is left in a talk with somebody who is not there: it is seen, and a colleague goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chat.access import access_conversation
from chat.actions.sending import send_message
from chat.kernel import clock
from chat.kernel.errors import Denied, DomainError
from chat.models import AuditRow, HelpRequest, Message, User
from chat.realtime import presence
from chat.states import HelpState, Role
from tests.triage import house
from triage.access import NotOnDuty, access_case
from triage.actions.cases import claim_case
from triage.actions.duty import go_on_duty
from triage.actions.taking_over import take_over_case
from triage.board import board_for
from triage.models import Case
from triage.places import recent_waits
from triage.states import CaseStatus

pytestmark = pytest.mark.django_db

QUEUE = "/triage/"


def held() -> tuple[User, Case]:
    """Ada asked for help, and Cleo is with her."""
    cleo = house.cleo()
    return cleo, claim_case(case_id=house.waiting_case().pk, by=cleo)


def says(who: User, case: Case, body: str = "are you there?") -> Message:
    assert case.conversation is not None
    return send_message(
        by=who, conversation_id=case.conversation.pk, client_id=house.uuid.uuid4(), body=body
    )


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def alone(user: User) -> list[tuple[str, str]]:
    """Whom the board of this colleague shows as left alone, and why."""
    board = board_for(user, now=clock.now())
    return [(left.case.person.nickname, left.why) for left in board.alone]


def test_somebody_whose_clinicians_shift_ran_out_is_seen_and_goes_on_with_a_colleague() -> None:
    cleo, case = held()
    dan = house.staff("Dan", on_duty=True)
    says(case.person, case)
    assert alone(dan) == []
    assert "Somebody is needed here" not in text(browser(dan).get(QUEUE))

    with house.later(hours=15):
        go_on_duty(by=dan)
        for url in (QUEUE, reverse("triage-rows")):
            page = text(browser(dan).get(url))
            assert "1 person may be on their own in a talk." in page
            assert "Cleo&#x27;s shift is over." in page
            assert "All quiet" not in page
        back = browser(dan).post(reverse("case-take-over", args=[case.pk]), follow=True)
        assert "with you since" in text(back)
        case.refresh_from_db()
        assert (case.status, case.claimed_by) == (CaseStatus.WITH_CLINICIAN, dan)

        # The same talk goes on, and Ada knows with whom.
        said = says(case.person, case, "oh, hello")
        assert access_conversation(dan, said.conversation_id).is_member
        line = Message.objects.get(author=dan)
        assert line.conversation == said.conversation
        assert line.body.startswith("Hello, I'm Dan. Cleo isn't here just now")
        assert HelpRequest.objects.get().state == HelpState.WITH_SOMEONE

        # Cleo finds herself out of it, whatever her page still shows.
        for attempt in (
            lambda: says(cleo, case),
            lambda: access_conversation(cleo, said.conversation_id),
            lambda: access_case(cleo, case.pk),
            lambda: house.close(case, cleo),
        ):
            with pytest.raises(Denied):
                attempt()

        assert "the shift of whoever was with them was over" in text(
            browser(dan).get(reverse("case", args=[case.pk]))
        )
        row = AuditRow.objects.get(verb="case.handed_back")
        assert (row.actor_id, row.detail) == (dan.pk, "shift")
        assert AuditRow.objects.filter(verb="case.claimed", actor_id=dan.pk).exists()
        assert AuditRow.objects.first_break() is None
        assert recent_waits(now=clock.now()) == [], "nobody waited in a list for that"
        assert alone(cleo) == []


def test_a_closed_account_leaves_nobody_behind() -> None:
    cleo, case = held()
    dan = house.staff("Dan", on_duty=True)
    User.objects.filter(pk=cleo.pk).update(is_active=False)
    assert alone(dan) == [("Ada", "account")]
    assert take_over_case(case_id=case.pk, by=dan).claimed_by == dan


@contextmanager
def nothing(_: User, __: Case) -> Iterator[None]:
    yield


@contextmanager
def a_page_open(cleo: User, _: Case) -> Iterator[None]:
    presence.renew([cleo.pk])
    yield


@contextmanager
def a_word_just_now(cleo: User, case: Case) -> Iterator[None]:
    says(cleo, case, "I'm reading, give me a moment")
    yield


@pytest.mark.parametrize(
    ("sign_of_life", "minutes", "is_alone"),
    [
        (nothing, 1, False),
        (nothing, 3, True),
        (a_page_open, 3, False),
        (a_word_just_now, 3, False),
    ],
)
def test_a_clinician_without_a_page_and_without_a_word_for_a_while_is_missed(
    sign_of_life: Callable[[User, Case], Any], minutes: int, is_alone: bool
) -> None:
    cleo, case = held()
    dan = house.staff("Dan", on_duty=True)
    with house.later(minutes=minutes), sign_of_life(cleo, case):
        assert alone(dan) == ([("Ada", "page")] if is_alone else [])
        if is_alone:
            assert take_over_case(case_id=case.pk, by=dan).claimed_by == dan
        else:
            with pytest.raises(Denied):
                take_over_case(case_id=case.pk, by=dan)
            case.refresh_from_db()
            assert case.claimed_by == cleo


def test_where_nobody_can_say_who_is_here_nobody_counts_as_gone(settings: Any) -> None:
    held()
    dan = house.staff("Dan", on_duty=True)
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    settings.CACHES = {"default": {**gone, "LOCATION": "redis://127.0.0.1:1/0"}}
    with house.later(minutes=3):
        assert alone(dan) == []


@pytest.mark.parametrize(
    ("role", "on_duty", "refusal"),
    [
        (Role.CLINICIAN, True, None),
        (Role.SHIFT_LEAD, True, None),
        (Role.CLINICIAN, False, NotOnDuty),
        (Role.SHIFT_LEAD, False, NotOnDuty),
        (Role.MODERATOR, False, Denied),
    ],
)
def test_who_may_take_over(role: Role, on_duty: bool, refusal: type[DomainError] | None) -> None:
    cleo, case = held()
    with house.later(hours=15):
        who = house.staff("Somebody", role, on_duty=on_duty)
        if refusal is None:
            assert take_over_case(case_id=case.pk, by=who).claimed_by == who
            return
        with pytest.raises(refusal):
            take_over_case(case_id=case.pk, by=who)
    case.refresh_from_db()
    assert case.claimed_by == cleo


def test_who_is_with_somebody_who_is_there_and_who_never_was_look_the_same() -> None:
    _, case = held()
    dan = house.staff("Dan", on_duty=True)
    for case_id in (case.pk, house.waiting_case("Ben").pk, 999_999):
        with pytest.raises(Denied):
            take_over_case(case_id=case_id, by=dan)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_over_at_once_one_goes_on_and_the_other_changes_nothing() -> None:
    _, case = held()
    with house.later(hours=15):
        both = [house.staff(name, on_duty=True) for name in ("Dan", "Kim")]
        results = house.at_once([lambda c=c: take_over_case(case_id=case.pk, by=c) for c in both])
    (got,) = [result for result in results if isinstance(result, Case)]
    (lost,) = [result for result in results if not isinstance(result, Case)]
    assert isinstance(lost, Denied)
    assert got.conversation is not None
    people = got.conversation.memberships.filter(left_at=None).values_list("user", flat=True)
    assert set(people) == {case.person_id, got.claimed_by_id}
    assert Message.objects.filter(conversation=got.conversation).count() == 1
