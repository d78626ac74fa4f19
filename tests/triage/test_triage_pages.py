"""The pages of triage: who may open them, what they show with every worker dead, plain forms."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chat.kernel import clock
from chat.models import AuditRow, HelpRequest, User, WorkerBeat
from chat.models.beat import SCREENING
from chat.realtime import presence
from chat.states import Role
from moderation.models import PatternFinding
from tests.triage import house
from triage.actions.cases import claim_case, hand_back_case
from triage.actions.notes import write_note
from triage.board import ROWS
from triage.intake import intake_step
from triage.models import Case, CaseNote, DutyShift
from triage.states import CaseStatus, Outcome

pytestmark = pytest.mark.django_db

QUEUE = "/triage/"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    """The page with its blanks evened out."""
    return " ".join(answer.content.decode().split())


def test_who_waits_is_listed_by_urgency_with_reasons_sources_and_what_would_change_it() -> None:
    house.waiting_case("Later")
    house.assess(house.post(house.young("Sooner")), "immediate")
    intake_step()
    page = text(browser(house.cleo()).get(QUEUE))
    assert page.index(">Sooner<") < page.index(">Later<")
    for words in (
        "The writer may be thinking about dying",
        "the crisis phrases, in a post in Night owls",
        "They asked to talk with somebody",
        "their own request",
        "waiting under a minute, aim 2 min",
        "Nothing moves them back.",
    ):
        assert words in page
    assert "0.9" not in page
    rows = text(browser(house.cleo()).get(reverse("triage-rows")))
    assert not re.search(r"\blow\b|\brisk\b|\bscore\b", rows.lower())


def test_whoever_is_too_far_down_for_the_page_is_counted_with_their_wait() -> None:
    house.assess(house.post(house.young("Longest")), "soon")
    intake_step()
    with house.later(hours=20):
        for number in range(ROWS):
            house.ask(house.young(f"Ada {number}"))
        while intake_step():
            pass
        page = text(browser(house.cleo()).get(reverse("triage-rows")))
    assert page.count("data-key=") == ROWS
    assert ">Longest<" not in page
    assert 'data-waiting="101"' in page
    assert "Longest 20 h 0 min · 1 past the aim" in page
    assert "1 more further down" in page


def test_a_colleague_on_duty_without_a_page_open_is_said_to_be_so() -> None:
    dan = house.staff("Dan", on_duty=True)
    client = browser(house.cleo())
    assert "Dan (no page open)" in text(client.get(QUEUE))
    presence.renew([dan.pk])
    page = text(client.get(QUEUE))
    assert "Dan" in page
    assert "no page open" not in page


def test_the_rows_alone_are_the_same_rows() -> None:
    case = house.waiting_case()
    client = browser(house.cleo())
    for words in (f"case-{case.pk}", "They asked to talk with somebody"):
        assert words in text(client.get(QUEUE))
        assert words in text(client.get(reverse("triage-rows")))


def test_with_intake_dead_whoever_asked_is_on_the_page_and_can_be_picked_up() -> None:
    cleo = house.cleo()
    ada, ben = house.young(), house.young("Ben")
    request = house.ask(ada)
    reading = house.assess(house.post(ben), "immediate")
    client = browser(cleo)
    assert ">Ada<" not in text(client.get(QUEUE))
    with house.later(seconds=4):
        page = text(client.get(QUEUE))
        assert page.index("Ben") < page.index("Ada")
        assert "Not sorted yet" in page
        first = reverse("unlisted-claim", args=["assessment", reading.pk])
        then = reverse("unlisted-claim", args=["help_request", request.pk])
        assert reverse("case-next") not in page
        for url in (first, then):
            assert f'class="card stack triage-next" method="post" action="{url}"' in page
            client.post(url)
            page = text(client.get(QUEUE))
    held = Case.objects.filter(status=CaseStatus.WITH_CLINICIAN, claimed_by=cleo)
    assert {case.person for case in held} == {ada, ben}


def test_with_intake_dead_a_pattern_over_several_messages_is_on_the_page_too() -> None:
    cleo, ada = house.cleo(), house.young()
    post = house.post(ada)
    now = clock.now()
    finding = PatternFinding.objects.create(
        author=ada,
        case_about=ada,
        code="rising_distress",
        score=0.9,
        evidence=[{"message": post.pk, "part": "distress", "at": now.isoformat()}],
        newest_message_id=post.pk,
        urgency="urgent",
        harm="danger",
        patterns_version="1",
        policy_version="1",
        found_at=now,
        updated_at=now,
        due_at=now,
    )
    url = reverse("unlisted-claim", args=["pattern", finding.pk])
    client = browser(cleo)
    with house.later(seconds=4):
        assert url in text(client.get(QUEUE))
        client.post(url)
    assert Case.objects.get(claimed_by=cleo).person == ada


def test_a_request_that_a_colleague_once_sent_is_no_way_into_a_talk_of_theirs() -> None:
    """Older versions took one in; the open talk of a colleague is that of a young person."""
    cleo, dan = house.cleo(), house.staff("Dan", on_duty=True)
    talk = claim_case(case_id=house.waiting_case().pk, by=cleo).conversation
    assert talk is not None
    left = HelpRequest.objects.create(
        person=cleo, client_id=house.uuid.uuid4(), conversation=talk, created_at=clock.now()
    )
    client = browser(dan)
    with house.later(seconds=4):
        assert "Nobody is waiting." in text(client.get(QUEUE))
        client.post(reverse("unlisted-claim", args=["help_request", left.pk]))
    assert not talk.memberships.filter(user=dan).exists()
    assert Case.objects.count() == 1


def test_messages_that_nobody_has_read_are_a_sign_of_their_own() -> None:
    WorkerBeat.objects.report(SCREENING, now=clock.now())
    client = browser(house.cleo())
    house.post(house.young())
    assert "not read yet" not in text(client.get(QUEUE))
    with house.later(minutes=3):
        page = text(client.get(QUEUE))
    assert "1 message not read yet" in page
    assert "for 3 min" in page


def test_a_reader_that_does_not_work_and_an_empty_rota_are_said_on_top() -> None:
    house.waiting_case()
    page = text(browser(house.staff("Dan")).get(QUEUE))
    assert "The reader is not working." in page
    assert "Nobody is on duty." in page
    assert "1 person is waiting, with the emergency numbers in view." in page
    WorkerBeat.objects.report(SCREENING, now=clock.now())
    page = text(browser(house.cleo()).get(QUEUE))
    assert "The reader is not working." not in page
    assert "Nobody is on duty." not in page


def test_an_empty_rota_with_nobody_waiting_does_not_count_to_nought() -> None:
    page = text(browser(house.staff("Dan")).get(QUEUE))
    assert "Nobody is waiting yet. Whoever comes is shown the emergency numbers." in page
    assert "0 people" not in page


def test_a_clinician_goes_through_a_whole_case_with_plain_forms() -> None:
    dan, case = house.staff("Dan"), house.waiting_case()
    client = browser(dan)
    claim = reverse("case-claim", args=[case.pk])
    assert claim not in text(client.get(QUEUE))
    page = text(client.post(claim, follow=True))
    assert "Go on duty first" in page
    client.post(reverse("duty"), {"duty": "on"})
    assert claim in text(client.get(QUEUE))
    page = text(client.post(reverse("case-next"), follow=True))
    assert "with you since" in page
    assert f"/conversations/{Case.objects.get().conversation_id}/send" in page
    empty = client.post(reverse("case-note", args=[case.pk]), {"body": " "})
    assert empty.status_code == 422
    assert "Write a line for whoever comes next, then keep it." in text(empty)
    client.post(reverse("case-note", args=[case.pk]), {"body": "likes the sea"})
    assert "likes the sea" in text(client.get(reverse("case", args=[case.pk])))
    page = text(client.post(reverse("duty"), {"duty": "off"}, follow=True))
    assert "You are still with somebody." in page
    close = reverse("case-close", args=[case.pk])
    answer = client.post(close, {})
    assert answer.status_code == 422
    assert "Pick how it ended." in text(answer)
    case = Case.objects.get()
    assert case.conversation is not None
    shown, head = case.sources.latest("pk").pk, case.conversation.last_seq
    client.post(close, {"outcome": Outcome.PLAN, "shown": shown, "head": head})
    page = text(client.get(reverse("case", args=[case.pk])))
    assert "closed by Dan" in page
    assert "Closed: We made a plan together for staying safe" in page
    client.post(reverse("duty"), {"duty": "off"})
    assert not DutyShift.objects.on_duty(now=clock.now()).exists()


def test_a_note_that_does_not_open_costs_that_note_and_not_the_page() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    claim_case(case_id=case.pk, by=cleo)
    lost = write_note(case_id=case.pk, by=cleo, body="likes the sea")
    CaseNote.objects.filter(pk=lost.pk).update(body_sealed=b"gone:" + b"\0" * 40)
    write_note(case_id=case.pk, by=cleo, body="sleeps badly")
    answer = browser(cleo).get(reverse("case", args=[case.pk]))
    assert answer.status_code == 200
    page = text(answer)
    assert "These words do not open. Please tell your shift lead." in page
    assert "sleeps badly" in page
    assert "likes the sea" not in page


def test_handing_back_says_who_is_first_again() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    claim_case(case_id=case.pk, by=cleo)
    page = text(
        browser(cleo).post(
            reverse("case-hand-back", args=[case.pk]), {"words": "I have to go."}, follow=True
        )
    )
    assert "Ada is first in line again." in page
    assert ">First<" in page


def test_a_page_that_is_open_says_when_a_colleague_was_quicker() -> None:
    cleo, dan, case = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    client = browser(dan)
    rows = f"{reverse('triage-rows')}?case={case.pk}"
    assert "Be with them" in text(client.get(rows))
    claim_case(case_id=case.pk, by=cleo)
    assert "A colleague is with them now." in text(client.get(rows))
    page = text(client.post(reverse("case-claim", args=[case.pk]), follow=True))
    assert "Somebody else has just picked this person up." in page
    house.close(case, cleo)
    page = text(client.get(rows))
    assert "A colleague was with them, and their talk has ended." in page
    assert "A colleague is with them now." not in page
    page = text(client.post(reverse("case-claim", args=[case.pk]), follow=True))
    assert "their talk has ended. If they come back, they show up on the list again." in page
    assert "They are not alone." not in page


def test_what_they_wrote_is_folded_until_somebody_reads_it_and_that_is_written_down() -> None:
    house.assess(house.post(house.young(), "canary <b>words</b>"), "urgent")
    intake_step()
    case, cleo = Case.objects.get(), house.cleo()
    client = browser(cleo)
    page = client.get(reverse("case", args=[case.pk]))
    assert "canary" not in text(page)
    assert not AuditRow.objects.filter(verb="case.words_read").exists()
    page = client.post(reverse("case-words", args=[case.pk]))
    assert "canary &lt;b&gt;words&lt;/b&gt;" in text(page)
    client.post(reverse("case-words", args=[case.pk]))
    reads = AuditRow.objects.filter(verb="case.words_read", actor_id=cleo.pk)
    assert reads.count() == 2
    assert case.events.filter(kind="words_read").count() == 1


def urls_of(case: Case) -> list[tuple[str, str]]:
    """Every address of triage, with the method it takes."""
    with_case = ("claim", "take-over", "words", "earlier", "note", "hand-back", "close")
    return [
        ("get", QUEUE),
        ("get", reverse("triage-rows")),
        ("get", reverse("case", args=[case.pk])),
        ("post", reverse("duty")),
        ("post", reverse("case-next")),
        ("post", reverse("unlisted-claim", args=["help_request", 1])),
        ("post", reverse("unlisted-claim", args=["assessment", 1])),
        *(("post", reverse(f"case-{name}", args=[case.pk])) for name in with_case),
    ]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.YOUNG_PERSON])
def test_to_everybody_else_no_page_of_triage_exists(role: Role) -> None:
    case = house.waiting_case()
    who = house.young("Eve") if role == Role.YOUNG_PERSON else house.staff("Mo", role)
    cleo = house.cleo()
    for method, url in urls_of(case):
        assert getattr(browser(who), method)(url).status_code == 404, url
        assert getattr(browser(cleo), method)(url).status_code != 404, url


def test_whoever_is_not_signed_in_is_asked_to_and_nothing_changes() -> None:
    case = house.waiting_case()
    for method, url in urls_of(case):
        answer = getattr(Client(), method)(url)
        assert answer.status_code == 302, url
        assert answer["Location"].partition("?")[0] == reverse("staff-sign-in"), url
    case.refresh_from_db()
    assert case.status == CaseStatus.WAITING


def test_the_case_of_a_colleague_and_one_that_never_was_look_the_same() -> None:
    cleo, dan, case = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    claim_case(case_id=case.pk, by=cleo)
    client = browser(dan)
    for case_id in (case.pk, 999_999):
        assert client.get(reverse("case", args=[case_id])).status_code == 404
        said = [
            text(client.post(reverse(f"case-{name}", args=[case_id]), {"body": "x"}, follow=True))
            for name in ("note", "hand-back", "words", "earlier")
        ]
        assert all("This is not on your list" in page for page in said)
    lee = browser(house.staff("Lee", Role.SHIFT_LEAD))
    assert "with Cleo since" in text(lee.get(reverse("case", args=[case.pk])))
    hand_back_case(case_id=case.pk, by=cleo)
    assert client.get(reverse("case", args=[case.pk])).status_code == 200


def test_a_post_without_the_token_of_our_own_page_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    case, cleo = house.waiting_case(), house.cleo()
    client.force_login(cleo)
    assert client.post(reverse("case-claim", args=[case.pk])).status_code == 403
    case.refresh_from_db()
    assert case.status == CaseStatus.WAITING
    for _, url in [pair for pair in urls_of(case) if pair[0] == "post"]:
        assert client.get(url).status_code == 405, url
