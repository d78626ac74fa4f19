"""The classifier is away, or every worker: closed to peers, open to clinicians, all are told."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest

from chat.actions.conversations import join_talk, open_talk
from chat.kernel import clock
from chat.models import HelpRequest, Message, WorkerBeat
from moderation.models import Review
from tests.cast import Cast
from tests.flows.phone import SOON, LivePhone, Visitor
from tests.servers import Site, wait_until
from triage.models import Case

pytestmark = [pytest.mark.servers]

WORRYING = "i want to kill myself and i have the tablets here"


def test_with_no_reader_posts_wait_talks_go_on_and_both_are_read_afterwards(
    live_cast: Cast, live_site: Callable[..., Site], hand_phone: Callable[..., LivePhone]
) -> None:
    WorkerBeat.objects.update(at=clock.now() - dt.timedelta(minutes=1))
    thread = live_cast.thread().pk
    talk = open_talk(person=live_cast.ada, by=live_cast.ada)
    join_talk(talk=talk, user=live_cast.cleo)
    site = live_site().start_web()
    site.start_workers("unread", "intake", "escalation")
    ada = hand_phone(site, live_cast.ada, thread, talk.pk)
    ben = hand_phone(site, live_cast.ben, thread)
    cleo = hand_phone(site, live_cast.cleo, talk.pk)

    post = ada.answer(ada.send(thread, "is the reader asleep"))
    assert (post["reading"], post["message"]["state"]) == ("person", "pending")
    ada.sees(thread, "is the reader asleep", notice="unread")
    ada.send(talk.pk, WORRYING)
    cleo.sees(talk.pk, WORRYING, state="published", machine_reading="not_read")
    assert not ben.shows(thread, "is the reader asleep")

    mo = Visitor(site, live_cast.mo)
    assert "The reader is not working" in mo.read("/moderation/")
    assert "The reader is not working" in Visitor(site, live_cast.cleo).read("/triage/")
    claimed = mo.post(f"/moderation/unread/{post['message']['id']}/claim")
    assert "is the reader asleep" in claimed.text, "a person can read it meanwhile"
    review = Review.objects.get()
    mo.post(f"/moderation/{review.pk}/release")

    site.start_workers("screening")
    ben.sees(thread, "is the reader asleep", state="published")
    cleo.sees(talk.pk, WORRYING, state="published", machine_reading="read")
    wait_until(
        lambda: Case.objects.filter(person=live_cast.ada), within=SOON, what="the case of Ada"
    )
    wait_until(
        lambda: "The reader is not working" not in mo.read("/moderation/"),
        within=SOON,
        what="the banner's end",
    )
    assert not Message.objects.filter(due_at__isnull=False).exists()


def test_help_is_asked_for_by_a_plain_form_with_every_worker_stopped(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site().start_web()
    stranger = Visitor(site)
    assert "tel:999" in stranger.read("/help"), "the numbers come before any question"
    page = stranger.post("/help", client_id=uuid.uuid4(), nickname="Fox", age_band="16-17")
    assert page.status_code == 200
    assert "finding your place" in page.text
    assert "tel:999" in page.text
    request = HelpRequest.objects.get()
    again = stranger.post("/help", client_id=uuid.uuid4())
    assert again.status_code == 200
    assert HelpRequest.objects.count() == 1, "asking twice keeps the one place"

    cleo = Visitor(site, live_cast.cleo)
    wait_until(lambda: "Fox" in cleo.read("/triage/rows"), within=SOON, what="Fox on the list")
    assert not Case.objects.exists(), "which no worker had a hand in"
    assert cleo.post(f"/triage/unlisted/help_request/{request.pk}/claim").status_code == 200
    assert "Carry on" in stranger.read("/help")
    talk = f"/talk/{request.conversation_id}"
    stranger.post(
        f"/conversations/{request.conversation_id}/send",
        client_id=uuid.uuid4(),
        body="hello, is this working",
        next=talk,
    )
    case = Case.objects.get()
    assert "hello, is this working" in cleo.read(f"/triage/cases/{case.pk}")
    assert "Cleo" in stranger.read(talk)
