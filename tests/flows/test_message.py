"""One message from a phone to whoever needs to see it: peers, a moderator, a clinician."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.models import Message, User
from moderation.models import Assessment, Review
from tests.cast import Cast
from tests.flows.phone import SOON, LivePhone, Visitor
from tests.servers import Site, wait_until
from triage.actions.duty import go_on_duty
from triage.models import Case
from triage.states import CaseStatus

pytestmark = [pytest.mark.servers]

Phones = Callable[..., LivePhone]

CRISIS = "I can't do this any more. I want to kill myself tonight"
UNKIND = "you are a pathetic stupid idiot and everybody here hates you"
HARSH = "shut up you stupid idiot"


def review_of(message_id: int) -> Review:
    wait_until(lambda: Review.objects.filter(message=message_id), within=SOON, what="a review")
    return Review.objects.get(message=message_id)


def case_of(person: User) -> Case:
    wait_until(lambda: Case.objects.filter(person=person), within=SOON, what="a case")
    return Case.objects.get(person=person)


def test_a_message_is_read_and_then_travels_both_ways(
    site: Site, live_cast: Cast, hand_phone: Phones
) -> None:
    thread = live_cast.thread().pk
    ada = hand_phone(site, live_cast.ada, thread)
    ben = hand_phone(site, live_cast.ben, thread)
    sent = ada.send(thread, "the kettle is on, who is up")
    answer = ada.answer(sent)
    assert (answer["message"]["state"], answer["reading"]) == ("pending", "machine")
    ben.sees(thread, "the kettle is on, who is up", state="published")
    ada.sees(thread, "the kettle is on, who is up", state="published")
    reply = ben.send(thread, "me. milk, no sugar")
    ben.answer(reply)
    ada.sees(thread, "me. milk, no sugar", state="published")

    assessment = Assessment.objects.get(message=answer["message"]["id"])
    assert assessment.action == "publish"
    assert assessment.policy_version
    assert assessment.classifier_version
    states = [e["message"]["state"] for f in ben.frames for e in f.get("events", ())]
    assert states == ["published", "pending", "published"], "Ben saw only his own wait"


def test_a_person_in_crisis_is_kept_from_peers_and_reaches_one_clinician(
    site: Site, live_cast: Cast, hand_phone: Phones
) -> None:
    thread = live_cast.thread().pk
    go_on_duty(by=live_cast.dan)
    ada = hand_phone(site, live_cast.ada, thread)
    ben = hand_phone(site, live_cast.ben, thread)
    desk = hand_phone(site, live_cast.cleo)
    sent = ada.answer(ada.send(thread, CRISIS))["message"]["id"]
    ada.sees(thread, CRISIS, state="held", notice="door")
    case = case_of(live_cast.ada)
    desk.wait(lambda: desk.heard("queue.changed"), "the list changed")
    assert not ben.shows(thread, CRISIS)
    Visitor(site, live_cast.ada).post("/help", client_id=uuid.uuid4(), about_message=sent)

    winner, loser, refused = both_claim(site, case, live_cast.cleo, live_cast.dan)
    assert "Somebody else has just picked this person up" in refused
    case.refresh_from_db()
    assert case.claimed_by == winner

    talk_goes_on(site, case, winner, live_cast.ada, hand_phone)
    about = Visitor(site, winner).post(f"/triage/cases/{case.pk}/words")
    assert "want to kill myself tonight" in about.text, "the post is quoted to the clinician"
    assert "want to kill myself tonight" not in Visitor(site, loser).read(
        f"/triage/cases/{case.pk}"
    )
    assert Case.objects.count() == 1, "the post and the door lead to one case"
    assert Message.objects.get(pk=sent).state == "held"
    assert not ben.shows(thread, CRISIS)


def both_claim(site: Site, case: Case, *clinicians: User) -> tuple[User, User, str]:
    """Both press at the same moment; returns who got the person, who did not, and what they saw."""
    browsers = [(who, Visitor(site, who)) for who in clinicians]
    for _, browser in browsers:
        assert "Ada" in browser.read("/triage/rows")
    with ThreadPoolExecutor() as pool:
        answers = list(
            pool.map(lambda pair: pair[1].post(f"/triage/cases/{case.pk}/claim"), browsers)
        )
    case.refresh_from_db()
    assert case.claimed_by in clinicians
    ((loser, refused),) = (
        (who, answer.text)
        for (who, _), answer in zip(browsers, answers, strict=True)
        if who != case.claimed_by
    )
    return case.claimed_by, loser, refused


def talk_goes_on(site: Site, case: Case, clinician: User, person: User, hand_phone: Phones) -> None:
    """They talk, and it ends with an outcome that the person's phone hears of."""
    assert case.conversation is not None
    talk = case.conversation.pk
    theirs = hand_phone(site, clinician, talk)
    page = Visitor(site, person).read(f"/talk/{talk}")
    assert "want to kill myself tonight" in page, "the person sees what brought them here"
    phone = hand_phone(site, person, talk)
    theirs.send(talk, "Hi Ada. I read what you wrote, and I'm here.")
    phone.sees(talk, "Hi Ada. I read what you wrote, and I'm here.", state="published")
    phone.send(talk, "ok. thank you")
    theirs.sees(talk, "ok. thank you", machine_reading="read")
    # As the page has it, with all its signs and all that was said.
    drawn = {"shown": str(case.sources.latest("pk").pk), "head": str(theirs.screens[talk].head)}
    close = f"/triage/cases/{case.pk}/close"
    closed = Visitor(site, clinician).post(close, outcome="plan", **drawn)
    assert closed.status_code == 200
    phone.wait(lambda: phone.screens[talk].state == "closed", "the end of the talk")
    case.refresh_from_db()
    assert (case.status, case.outcome_code) == (CaseStatus.CLOSED, "plan")


@pytest.mark.parametrize("decision", ["publish", "remove"])
def test_an_unkind_message_waits_for_a_moderator_whose_word_reaches_everybody(
    decision: str, site: Site, live_cast: Cast, hand_phone: Phones
) -> None:
    thread = live_cast.thread().pk
    ada = hand_phone(site, live_cast.ada, thread)
    ben = hand_phone(site, live_cast.ben, thread)
    sent = ada.answer(ada.send(thread, UNKIND))["message"]["id"]
    held = ada.sees(thread, UNKIND, state="held")
    assert held["notice"] == "held_for_person"
    review = review_of(sent)
    mo = Visitor(site, live_cast.mo)
    page = mo.post(f"/moderation/{review.pk}/claim").text
    assert UNKIND in page
    review.refresh_from_db()
    clause = {"publish": "within_rules", "remove": "be_kind"}[decision]
    mo.post(
        f"/moderation/{review.pk}/decide",
        decision=decision,
        clause=clause,
        version=review.version,
        revision=1,
    )
    if decision == "publish":
        ben.sees(thread, UNKIND, state="published")
        ada.sees(thread, UNKIND, state="published")
    else:
        ada.sees(thread, UNKIND, state="removed", notice="unkind")
        # What comes after it has come; so would it have.
        ada.send(thread, "sorry, bad day")
        ben.sees(thread, "sorry, bad day")
        assert not ben.shows(thread, UNKIND)


def test_somebody_suspended_is_told_where_help_is_and_gets_it(
    site: Site, live_cast: Cast, hand_phone: Phones
) -> None:
    thread = live_cast.thread().pk
    sal = hand_phone(site, live_cast.sal, thread)
    refusal = sal.answer(sal.send(thread, "let me in"))
    assert refusal["code"] == "posting_paused"
    assert "Help now" in refusal["text"]
    help_row = sal.answer(sal.ask_for_help())
    case = case_of(live_cast.sal)
    cleo = Visitor(site, live_cast.cleo)
    assert "Sal" in cleo.read("/triage/rows")
    assert cleo.post(f"/triage/cases/{case.pk}/claim").status_code == 200
    talk = help_row["conversation"]
    sal.screens.clear()
    sal.cut()
    sal.open(talk).send(talk, "they threw me out and I need to talk")
    theirs = hand_phone(site, live_cast.cleo, talk)
    theirs.sees(talk, "they threw me out and I need to talk")
