"""What a clinician typed is kept, or comes back to them with why it was not. It is never gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chat.models import Message, User
from tests.cast import PASSWORD
from tests.triage import house
from triage.actions.cases import claim_case
from triage.intake import intake_step
from triage.models import Case, CaseNote
from triage.states import CaseStatus, Outcome

pytestmark = pytest.mark.django_db

JUST_FITS = "\n".join(["a" * 94] * 20 + ["b" * 90])
"""Of 21 lines, and as a browser counts 1,990 characters. It sends each line's end as two."""

TOO_LONG = "c" * 2001


def as_sent(words: str) -> str:
    return words.replace("\n", "\r\n")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def held() -> tuple[Client, Case]:
    """Cleo is with Ada."""
    cleo = house.cleo()
    case = claim_case(case_id=house.waiting_case().pk, by=cleo)
    return browser(cleo), case


def press(client: Client, name: str, case: Case, **fields: Any) -> Any:
    return client.post(reverse(f"case-{name}", args=[case.pk]), fields)


def kept() -> list[str]:
    return [note.body for note in CaseNote.objects.order_by("pk")]


def test_a_note_that_fits_its_field_is_kept_with_all_its_lines() -> None:
    client, case = held()
    assert len(JUST_FITS) == 1990
    press(client, "note", case, body=as_sent(JUST_FITS))
    assert kept() == [JUST_FITS]


def test_words_for_handing_back_that_fit_their_field_are_said() -> None:
    client, case = held()
    press(client, "hand-back", case, words=as_sent(JUST_FITS))
    assert Message.objects.get(conversation=case.conversation).body == JUST_FITS


@pytest.mark.parametrize(
    ("name", "field"), [("note", "body"), ("hand-back", "words"), ("hand-back", "note")]
)
def test_what_is_too_long_comes_back_with_why_and_nothing_has_happened(
    name: str, field: str
) -> None:
    client, case = held()
    answer = press(client, name, case, **{field: TOO_LONG})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert TOO_LONG in page
    assert "That is longer than" in page
    assert "is empty" not in page
    case.refresh_from_db()
    assert (case.status, kept()) == (CaseStatus.WITH_CLINICIAN, [])
    assert not Message.objects.exists()


def test_words_that_cannot_be_sent_leave_nobody_handed_back_without_them() -> None:
    """Marks upon marks fit any field, and the talk takes none of them."""
    client, case = held()
    marks = "I have to go" + "\u0301" * 60
    answer = press(client, "hand-back", case, words=marks)
    assert answer.status_code == 422
    assert marks in answer.content.decode()
    case.refresh_from_db()
    assert case.status == CaseStatus.WITH_CLINICIAN


def test_when_a_colleague_was_quicker_the_note_comes_back_to_be_copied() -> None:
    dan, case = house.staff("Dan", on_duty=True), house.waiting_case()
    client = browser(dan)
    claim_case(case_id=case.pk, by=house.cleo())
    for name, field in (("note", "body"), ("claim", "note")):
        answer = press(client, name, case, **{field: "likes <b>the sea</b>"})
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "likes &lt;b&gt;the sea&lt;/b&gt;</textarea>" in page
        assert "a colleague is with them" in page or "Somebody else has just picked" in page
    assert kept() == []


@pytest.mark.parametrize(("name", "field"), [("note", "body"), ("close", "note")])
def test_signed_out_in_between_the_words_come_back_with_the_way_in(name: str, field: str) -> None:
    _, case = held()
    answer = press(Client(), name, case, **{field: "likes the sea"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "likes the sea</textarea>" in page
    assert reverse("staff-sign-in") in page
    assert "Ada" not in page, "whoever is signed out learns nothing"
    assert kept() == []


def test_a_note_still_in_its_field_is_kept_by_whatever_ends_the_page() -> None:
    client, case = held()
    press(client, "hand-back", case, note="sleeps badly")
    press(client, "claim", case, note="likes the sea")
    shown = case.sources.latest("pk").pk
    press(client, "close", case, note="has a dog", outcome=Outcome.PLAN, shown=shown)
    case.refresh_from_db()
    assert case.status == CaseStatus.CLOSED
    assert kept() == ["sleeps badly", "likes the sea", "has a dog"]


def test_a_refused_close_keeps_the_note_in_its_field_or_among_the_kept_and_never_twice() -> None:
    client, case = held()
    answer = press(client, "close", case, note="has a dog")
    assert answer.status_code == 422
    assert "has a dog</textarea>" in answer.content.decode()
    assert kept() == []
    house.assess(house.post(case.person), "immediate")
    intake_step()
    fields = {"note": "has a dog", "outcome": Outcome.PLAN, "shown": 0}
    answer = press(client, "close", case, **fields)
    assert answer.status_code == 409
    assert "has a dog</blockquote>" in answer.content.decode()
    assert "has a dog</textarea>" not in answer.content.decode()
    assert kept() == ["has a dog"]


def test_whoever_signs_in_again_is_back_at_the_page_they_were_at() -> None:
    _, case = held()
    cleo = User.objects.get(pk=case.claimed_by_id)
    cleo.set_password(PASSWORD)
    cleo.save()
    page, client = reverse("case", args=[case.pk]), Client()
    sign_in = client.get(page)["Location"]
    answer = client.post(sign_in, {"username": cleo.username, "password": PASSWORD})
    assert answer["Location"] == page
