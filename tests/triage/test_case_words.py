"""What is read and written about people in a case: by whom, and that it is written down."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from chat.access import access_conversation
from chat.actions.sending import send_message
from chat.kernel.errors import Denied, Invalid
from chat.models import AuditRow, Conversation, Message, User
from chat.states import Role
from tests.triage import house
from triage.access import NotOnDuty, access_words
from triage.actions.cases import claim_case, give_up_place, hand_back_case
from triage.actions.duty import go_off_duty
from triage.actions.notes import read_words, write_note
from triage.intake import intake_step
from triage.models import Case
from triage.states import Band, Outcome

pytestmark = pytest.mark.django_db


def test_reading_what_they_wrote_is_written_down_and_never_the_words() -> None:
    cleo, ada = house.cleo(), house.young()
    house.assess(house.post(ada, "canary words"), "urgent")
    intake_step()
    case = Case.objects.get()
    assert [m.body for m in read_words(case_id=case.pk, by=cleo)] == ["canary words"]
    row = AuditRow.objects.get(verb="case.words_read")
    assert (row.actor_id, row.subject) == (cleo.pk, f"case:{case.pk}")
    assert "canary" not in str(list(AuditRow.objects.values()) + list(Case.objects.values()))


def test_what_they_wrote_is_for_whoever_is_on_duty_or_was_with_them() -> None:
    cleo, dan, lee = house.cleo(), house.staff("Dan"), house.staff("Lee", Role.SHIFT_LEAD)
    house.assess(house.post(house.young()), "urgent")
    intake_step()
    case = Case.objects.get()
    for off_duty in (dan, lee):
        with pytest.raises(NotOnDuty):
            read_words(case_id=case.pk, by=off_duty)
    claim_case(case_id=case.pk, by=cleo)
    house.close(case, cleo, Outcome.PLAN)
    go_off_duty(by=cleo)
    assert len(read_words(case_id=case.pk, by=cleo)) == 1
    with pytest.raises(Denied):
        read_words(case_id=case.pk, by=dan)


def test_words_of_a_private_talk_open_only_to_whoever_is_with_the_person() -> None:
    cleo, dan, case = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    talk = claim_case(case_id=case.pk, by=cleo).conversation
    assert talk is not None
    said = says(case.person, talk, "private")
    house.assess(said, "immediate")
    intake_step()
    assert [m.pk for m in read_words(case_id=case.pk, by=cleo)] == [said.pk]
    hand_back_case(case_id=case.pk, by=cleo)
    assert read_words(case_id=case.pk, by=dan) == []


def talk_of(person: User) -> Conversation:
    return Conversation.objects.talks_of(person).latest("pk")


def says(who: User, talk: Conversation, body: str) -> Message:
    return send_message(by=who, conversation_id=talk.pk, client_id=house.uuid.uuid4(), body=body)


@pytest.mark.parametrize("ending", ["gave up", "closed"])
def test_words_of_a_talk_that_ended_before_they_were_read_open_to_whoever_comes_next(
    ending: str,
) -> None:
    cleo, dan, first = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    ada, talk = first.person, talk_of(first.person)
    if ending == "closed":
        claim_case(case_id=first.pk, by=cleo)
    other = says(ada, talk, "hello?")
    said = says(ada, talk, "canary words")
    if ending == "closed":
        house.close(first, cleo)
    else:
        give_up_place(by=ada)
    house.assess(said, "immediate")
    intake_step()
    case = Case.objects.open().get()
    assert case.pk != first.pk

    assert read_words(case_id=case.pk, by=dan) == []
    held = claim_case(case_id=case.pk, by=dan)
    assert held.conversation != talk
    assert [m.body for m in read_words(case_id=case.pk, by=dan)] == ["canary words"]
    assert AuditRow.objects.filter(verb="case.words_read", actor_id=dan.pk).count() == 1
    page = Client()
    page.force_login(dan)
    assert "canary words" in page.post(reverse("case-words", args=[case.pk])).content.decode()
    with pytest.raises(Denied):
        access_words(dan, held, other.pk)
    with pytest.raises(Denied):
        access_conversation(dan, talk.pk)

    hand_back_case(case_id=case.pk, by=dan)
    assert read_words(case_id=case.pk, by=dan) == []


def test_being_with_somebody_opens_what_they_wrote_and_nobody_elses_words() -> None:
    cleo, case = house.cleo(), house.waiting_case()
    ben = house.waiting_case("Ben").person
    his = says(ben, talk_of(ben), "not hers to read")
    claim_case(case_id=case.pk, by=cleo)
    # As if a row that names her had led to words that are not hers.
    case.sources.update(message_id=his.pk)
    assert read_words(case_id=case.pk, by=cleo) == []


def test_a_note_is_sealed_and_only_for_those_who_see_the_case() -> None:
    cleo, dan, case = house.cleo(), house.staff("Dan", on_duty=True), house.waiting_case()
    claim_case(case_id=case.pk, by=cleo)
    note = write_note(case_id=case.pk, by=cleo, body=" canary note ")
    assert note.body == "canary note"
    assert b"canary" not in bytes(note.body_sealed)
    with pytest.raises(Denied):
        write_note(case_id=case.pk, by=dan, body="x")
    with pytest.raises(Invalid):
        write_note(case_id=case.pk, by=cleo, body="  ")


def visible(user: User) -> set[int]:
    return set(Case.objects.visible_to(user).values_list("pk", flat=True))


def test_clinicians_see_who_waits_and_their_own_and_leads_see_all() -> None:
    cleo, dan = house.cleo(), house.staff("Dan", on_duty=True)
    mine, theirs, waiting = (house.waiting_case(n) for n in ("Amy", "Bo", "Cas"))
    claim_case(case_id=mine.pk, by=cleo)
    claim_case(case_id=theirs.pk, by=dan)
    house.close(mine, cleo, Outcome.PLAN)
    assert visible(cleo) == {mine.pk, waiting.pk}
    assert visible(dan) == {theirs.pk, waiting.pk}
    assert visible(house.staff("Lee", Role.SHIFT_LEAD)) == {mine.pk, theirs.pk, waiting.pk}
    for outsider in (house.staff("Mo", Role.MODERATOR), house.young("Eve"), mine.person):
        assert visible(outsider) == set()
    cleo.is_active = False
    assert visible(cleo) == set()
    assert Case.objects.get(pk=waiting.pk).band == Band.URGENT
