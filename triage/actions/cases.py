"""Picking somebody up, handing back, closing, giving up a place. Each refuses where it writes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.db import transaction

from chat.actions.conversations import (
    close_conversation,
    join_talk,
    leave_talk,
    open_talk,
    quote_in_talk,
)
from chat.actions.help import move_help, place_for, tell_place
from chat.actions.sending import send_message
from chat.kernel import clock
from chat.kernel.errors import Conflict, Denied, Invalid, Stale
from chat.kernel.transitions import change_state, or_refuse, refresh
from chat.models import Conversation, HelpRequest, User
from chat.states import EventKind, HelpState
from triage.access import (
    access_held_case,
    access_own_waiting_request,
    check_may_triage,
    check_on_duty,
    lock_held_case,
    what_became_of,
)
from triage.actions.notes import post_of
from triage.actions.opening import (
    one_at_a_time,
    open_case,
    reason_rows,
    stored_signs,
    take_in_request,
    was_answered,
)
from triage.actions.timeline import note_event, tell_everybody
from triage.models import Case
from triage.priority import ASKED, TOOK_BACK, History, rank
from triage.sources import Source, source_of_help
from triage.states import (
    CASE_MOVES,
    OUTCOMES_OF_A_TALK,
    CaseEventKind,
    CaseStatus,
    Outcome,
)

NEW_WORDS: Final = (EventKind.MESSAGE_PUBLISHED, EventKind.MESSAGE_EDITED)
"""What happens in a talk when somebody writes there. That a machine read it is nothing new."""


def claim_case(*, case_id: int, by: User) -> Case:
    """Be with the person: exactly one clinician gets the case, and joins the talk by name.

    Raises :class:`Denied` for other roles, :class:`NotOnDuty`, and :class:`Stale`
    ("already_taken") when somebody else has it, ("talk_ended") when they had and closed it, or
    ("taken_back") when the person gave up their place. A case that never was looks just as one that
    is taken.
    """
    check_may_triage(by)
    with transaction.atomic():
        now = clock.now()
        check_on_duty(by, now=now)
        one_at_a_time(Case.objects.filter(pk=case_id).values("person"))
        return take_up(case_id, by, now=now)


def take_up(case_id: int, by: User, *, now: dt.datetime) -> Case:
    """The picking up itself, by whoever may, with nobody else at work for the person."""
    with transaction.atomic():
        with or_refuse(lambda: Stale(what_became_of(case_id))):
            change_state(
                Case.objects.filter(pk=case_id),
                field="status",
                old=[CaseStatus.WAITING],
                new=CaseStatus.WITH_CLINICIAN,
                table=CASE_MOVES,
                claimed_by=by,
                claimed_at=now,
            )
        case = Case.objects.select_related("person").get(pk=case_id)
        _join(case, by)
        note_event(case, CaseEventKind.CLAIMED, by=by, now=now)
        tell_everybody()
    return case


def claim_source(*, source: Source, by: User) -> Case:
    """Pick somebody up whom no worker has put on the list yet: open and claim in one go."""
    check_may_triage(by)
    if not source.person.is_young_person:
        raise Denied  # A colleague has no talk of their own: it would be that of somebody else.
    with transaction.atomic():
        check_on_duty(by, now=clock.now())
        one_at_a_time([source.person.pk])
        if was_answered(source):
            raise Stale("talk_ended")
        # The talk before the audit chain, as everywhere: two who lock them the other way round
        # would wait for each other for ever.
        talk = open_talk(person=source.person, by=by)
        Conversation.objects.select_for_update(no_key=True).get(pk=talk.pk)
        case = open_case(source=source, by=by)
        return claim_case(case_id=case.pk, by=by)


def take_next(*, by: User) -> Case:
    """Claim whoever should be answered next; raises ``Conflict("nobody_waiting")`` if nobody.

    When somebody else is quicker, the one after them is next.
    """
    check_may_triage(by)
    for case_id in Case.objects.waiting().values_list("pk", flat=True)[:20]:
        try:
            return claim_case(case_id=case_id, by=by)
        except Stale:
            continue
    raise Conflict("nobody_waiting")


def hand_back_case(*, case_id: int, by: User, words: str = "") -> Case:
    """Put the person back at the head of the list; they are told, and nobody is ever in between.

    ``words`` go to the person in the clinician's name. A shift lead may hand back for somebody
    who cannot, and then says nothing in their name. Raises :class:`Denied` or :class:`Stale`.
    """
    with transaction.atomic():
        case = _held_case(case_id, by)
        holder, talk = case.claimed_by, case.conversation
        if holder is None or talk is None:
            raise Denied
        if words.strip() and holder == by and talk.is_open:
            send_message(by=by, conversation_id=talk.pk, client_id=uuid.uuid4(), body=words)
        let_go(case, holder, by=by, now=clock.now())
    return case


def let_go(case: Case, holder: User, *, by: User, now: dt.datetime, detail: str = "") -> None:
    """The handing back itself, of a case that the caller holds: ``holder`` leaves the talk."""
    with transaction.atomic():
        _back_to_the_head(case, holder, now=now)
        if case.conversation is not None:
            leave_talk(talk=case.conversation, user=holder)
        _tell_they_are_first(case, by)
        note_event(case, CaseEventKind.HANDED_BACK, by=by, now=now, detail=detail)
        tell_everybody()


def close_case(*, case_id: int, by: User, outcome_code: str, shown: int, head: int) -> Case:
    """End a case with how it ended; the talk closes, and what was said stays readable.

    ``shown`` is the newest sign on the page that was closed (``Case.newest_sign``), ``head`` how
    far it had drawn the talk. Only whoever is with the person closes. Raises :class:`Invalid`
    ("outcome_missing"), :class:`Denied`, or :class:`Stale` when something came in since, which
    nobody would look at again: ("asked_again"), or ("wrote_again") for words in the talk.
    """
    if outcome_code not in OUTCOMES_OF_A_TALK:
        raise Invalid("outcome_missing")
    _take_in_requests(access_held_case(by, case_id), by)
    with transaction.atomic():
        case = _held_case(case_id, by)
        if case.claimed_by_id != by.pk:
            raise Denied
        if case.newest_sign > shown or _requests(case, HelpState.WAITING):
            raise Stale("asked_again")
        if _wrote_since(case, head):
            raise Stale("wrote_again")
        now = clock.now()
        change_state(
            Case.objects.filter(pk=case.pk, claimed_by=by),
            field="status",
            old=[CaseStatus.WITH_CLINICIAN],
            new=CaseStatus.CLOSED,
            table=CASE_MOVES,
            outcome_code=outcome_code,
            closed_by=by,
            closed_at=now,
        )
        refresh(case, "status", "outcome_code", "closed_by", "closed_at")
        _close_talk(case.conversation, by)
        for request in _requests(case, HelpState.WITH_SOMEONE):
            move_help(request=request, to=HelpState.CLOSED, by=by)
        note_event(case, CaseEventKind.CLOSED, by=by, now=now, detail=outcome_code)
        tell_everybody()
    return case


def give_up_place(*, by: User) -> Case:
    """The young person takes their own request back while nobody is with them yet.

    A case that they alone asked for closes as withdrawn. One that is also looked for
    (``Case.is_looked_for``) stays on the list, at its place, for a clinician to be with them: a
    sign of danger was not theirs to ask for, and is not theirs to make vanish. Only the request
    ends then. Raises :class:`Denied` when they do not wait, and :class:`Stale` ("already_taken")
    when a clinician was quicker: whoever came first is there, and nothing has changed.
    """
    request = access_own_waiting_request(by)
    # Onto the list first, so the record is whole.
    take_in_request(source_of_help(request), by)
    with transaction.atomic():
        one_at_a_time([by.pk])
        case = Case.objects.open().locked().filter(person=by).first()
        if case is None:
            raise Denied
        if not case.is_waiting:
            raise Stale("already_taken")
        now = clock.now()
        looked_for = case.is_looked_for
        if looked_for:
            _say_taken_back(case)
        else:
            _withdraw(case, by, now=now)
            _close_talk(request.conversation, by)
        move_help(request=request, to=HelpState.CLOSED, by=by)
        kind = CaseEventKind.TAKEN_BACK if looked_for else CaseEventKind.CLOSED
        note_event(case, kind, by=by, now=now, detail=case.outcome_code)
        tell_everybody()
    return case


def _held_case(case_id: int, by: User) -> Case:
    """The case as it is now; whatever comes in from here on finds what we made of it."""
    one_at_a_time(Case.objects.filter(pk=case_id).values("person"))
    return lock_held_case(by, case_id)


def _withdraw(case: Case, by: User, *, now: dt.datetime) -> None:
    change_state(
        Case.objects.filter(pk=case.pk),
        field="status",
        old=[CaseStatus.WAITING],
        new=CaseStatus.CLOSED,
        table=CASE_MOVES,
        outcome_code=Outcome.WITHDRAWN,
        closed_by=by,
        closed_at=now,
    )
    refresh(case, "status", "outcome_code", "closed_by", "closed_at")


def _say_taken_back(case: Case) -> None:
    """Their request stays among the reasons, in words that are still true. The place stays."""
    for reason in case.reasons:
        if reason["words"] == ASKED.words:
            reason["words"] = TOOK_BACK.words
    case.save(update_fields=["reasons"])


def _join(case: Case, by: User) -> None:
    """Into the person's talk by name, and their request for help says that somebody is there."""
    talk = open_talk(person=case.person, by=by)
    join_talk(talk=talk, user=by)
    post = post_of(case)
    if post is not None:
        quote_in_talk(talk=talk, message=post)
    case.conversation = talk
    case.save(update_fields=["conversation"])
    for request in _requests(case, HelpState.WAITING):
        move_help(request=request, to=HelpState.WITH_SOMEONE, by=by, conversation=talk)


def _requests(case: Case, state: HelpState) -> list[HelpRequest]:
    return list(HelpRequest.objects.filter(person_id=case.person_id, state=state))


def _back_to_the_head(case: Case, holder: User, *, now: dt.datetime) -> None:
    priority = rank(stored_signs(case), history=History(handed_back=True))
    change_state(
        Case.objects.filter(pk=case.pk, claimed_by=holder),
        field="status",
        old=[CaseStatus.WITH_CLINICIAN],
        new=CaseStatus.WAITING,
        table=CASE_MOVES,
        claimed_by=None,
        claimed_at=None,
        handed_back_at=now,
        waiting_since=now,
        answer_by=now + dt.timedelta(minutes=priority.answer_by_minutes),
        overdue_at=None,
        band=priority.band,
        rank=priority.rank,
        reasons=reason_rows(priority.reasons, case.reasons, at=now),
    )
    case.refresh_from_db()


def _tell_they_are_first(case: Case, by: User) -> None:
    """They wait again and see their place, also where they never asked and we had come to them."""
    for request in _requests(case, HelpState.WITH_SOMEONE):
        move_help(request=request, to=HelpState.WAITING, by=by)
    for request in _requests(case, HelpState.WAITING) or [_place_for(case, by)]:
        tell_place(
            request=request,
            place=1,
            wait_from_minutes=None,
            wait_to_minutes=None,
            nobody_on_duty=False,
        )


def _place_for(case: Case, by: User) -> HelpRequest:
    """Known to the case from the first: it must never come to say that they asked."""
    request = place_for(person=case.person, by=by)
    source = source_of_help(request)
    case.sources.create(kind=source.kind, source_id=source.source_id, at=source.at)
    return request


def _take_in_requests(case: Case, by: User) -> None:
    """What they asked for during the talk and no worker took in: so that the page shows it.

    Not in the transaction that may refuse to close, which leaves nothing behind.
    """
    for request in _requests(case, HelpState.WAITING):
        take_in_request(source_of_help(request), by)


def _wrote_since(case: Case, head: int) -> bool:
    """Whether the person wrote in the talk, or changed their words, after this place in its feed.

    The talk is held from here on: what is on its way either counts, or finds the talk closed and
    says so to whoever wrote it.
    """
    talk = case.conversation
    if talk is None:
        return False
    Conversation.objects.select_for_update(no_key=True).get(pk=talk.pk)
    since = talk.events.filter(seq__gt=head, kind__in=NEW_WORDS)
    return since.filter(message__author=case.person_id).exists()


def _close_talk(talk: Conversation | None, by: User) -> None:
    if talk is None:
        return
    try:
        close_conversation(conversation=talk, by=by)
    except Stale:
        return  # Closed already, which is what we wanted.
