"""A clinician who comes first: the post that worried us heads the talk, for both of them."""

from __future__ import annotations

import pytest
from django.test import Client

from chat.actions.conversations import quote_in_talk
from chat.actions.messages import withdraw_message
from chat.kernel.errors import Denied
from chat.models import Conversation, HelpRequest, Message, User
from chat.states import HelpState, Role
from chat.views.standing import standing_of
from tests.triage import house
from triage.actions.cases import claim_case, give_up_place, hand_back_case
from triage.intake import intake_step
from triage.models import Case
from triage.priority import ASKED, TOOK_BACK
from triage.states import CaseStatus

pytestmark = pytest.mark.django_db

WORDS = "i cannot do this any more"


def reached_out() -> tuple[User, Case, Message, Conversation]:
    """A post of Ada's was read as urgent, and Cleo came to her without being asked."""
    cleo, ada = house.cleo(), house.young()
    post = house.post(ada, WORDS)
    house.assess(post, "immediate")
    intake_step()
    case = claim_case(case_id=Case.objects.get().pk, by=cleo)
    assert case.conversation is not None
    return cleo, case, post, case.conversation


def page(client: Client, who: User, address: str) -> str:
    client.force_login(who)
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_young_person_sees_which_words_of_theirs_it_is_about(client: Client) -> None:
    _, case, _, talk = reached_out()
    shown = page(client, case.person, f"/talk/{talk.pk}")
    assert shown.index("You wrote in the spaces:") < shown.index(WORDS)
    assert shown.index(WORDS) < shown.index('data-slot="messages"'), "at the head of the talk"


def test_the_clinician_has_it_at_the_head_folded_by_its_theme(client: Client) -> None:
    cleo, case, _, _ = reached_out()
    shown = page(client, cleo, f"/triage/cases/{case.pk}")
    assert WORDS not in shown
    theme = "This may speak of dying, self-harm or not eating."
    assert shown.index(theme) < shown.index('data-slot="messages"')
    unfolded = client.post(f"/triage/cases/{case.pk}/words").content.decode()
    assert unfolded.index(WORDS) < unfolded.index('data-slot="messages"')


def test_what_they_took_back_is_not_held_up_to_them(client: Client) -> None:
    _, case, post, talk = reached_out()
    withdraw_message(by=case.person, message_id=post.pk)
    assert WORDS not in page(client, case.person, f"/talk/{talk.pk}")


def test_nothing_that_somebody_else_wrote_is_quoted_in_a_talk(client: Client) -> None:
    _, _, _, talk = reached_out()
    with pytest.raises(Denied):
        quote_in_talk(talk=talk, message=house.post(house.young("Ben"), "not Ada's"))


def test_the_first_post_stays_the_one_that_the_talk_is_about() -> None:
    _, case, post, talk = reached_out()
    quote_in_talk(talk=talk, message=house.post(case.person, "and another"))
    assert Conversation.objects.get(pk=talk.pk).opening_message == post


def handed_back() -> tuple[Case, Conversation]:
    """Cleo had to go, and the shift lead handed back for her."""
    _, case, _, talk = reached_out()
    lee = house.staff("Lee", Role.SHIFT_LEAD)
    return hand_back_case(case_id=case.pk, by=lee), talk


def test_handed_back_they_have_the_first_place_though_they_never_asked(client: Client) -> None:
    case, talk = handed_back()
    stands = standing_of(case.person).help
    assert stands is not None
    assert (stands.state, stands.place) == (HelpState.WAITING, 1)
    assert stands.conversation == talk.pk
    help_page = page(client, case.person, "/help")
    assert "Or talk with one of us, here" not in help_page
    assert "116 123" in help_page


def test_handed_back_their_talk_says_that_somebody_else_is_coming(client: Client) -> None:
    case, talk = handed_back()
    shown = page(client, case.person, f"/talk/{talk.pk}")
    assert 'data-alone="Somebody else from our team is coming.' in shown
    assert "Nobody has joined yet" not in shown


def test_a_place_that_we_gave_them_never_says_that_they_asked() -> None:
    case, _ = handed_back()
    intake_step()
    give_up_place(by=case.person)
    case.refresh_from_db()
    assert case.status == CaseStatus.WAITING, "a clinician still looks for them"
    said = {reason["words"] for reason in case.reasons}
    assert not said & {ASKED.words, TOOK_BACK.words}


def test_whoever_comes_next_ends_that_wait_with_the_talk() -> None:
    case, talk = handed_back()
    next_one = house.staff("Dan", on_duty=True)
    held = claim_case(case_id=case.pk, by=next_one)
    request = HelpRequest.objects.get(person=case.person)
    assert (request.state, held.conversation) == (HelpState.WITH_SOMEONE, talk)
    house.close(held, next_one)
    request.refresh_from_db()
    assert request.state == HelpState.CLOSED
