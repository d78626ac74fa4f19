"""Who may see and do what with cases. The only way from an id somebody gave us to a case.

Absent and forbidden look the same to whoever asks.
"""

from __future__ import annotations

import datetime as dt

from chat.access import access_message
from chat.kernel.errors import Conflict, Denied
from chat.models import HelpRequest, Message, User
from chat.states import HelpState
from moderation.models import Assessment, PatternFinding
from triage.models import Case, DutyShift
from triage.states import TRIAGE_ROLES, CaseStatus, Outcome


class NotOnDuty(Conflict):
    """Only somebody on duty picks up: otherwise a person could be left with an empty chair."""

    code = "not_on_duty"


def can_triage(user: User) -> bool:
    """Whether the person works with cases at all."""
    return user.is_active and user.role in TRIAGE_ROLES


def check_may_triage(user: User) -> None:
    """Raises :class:`Denied` unless the person works with cases."""
    if not can_triage(user):
        raise Denied


def check_on_duty(user: User, *, now: dt.datetime) -> None:
    """Raises :class:`NotOnDuty` unless the person's shift counts now.

    Locks the shift until the transaction ends, so that nobody goes off duty while picking up.
    """
    shifts = DutyShift.objects.on_duty(now=now).select_for_update(of=("self",))
    if shifts.filter(user=user).first() is None:
        raise NotOnDuty


def access_case(user: User, case_id: int) -> Case:
    """A case the person may see, or :class:`Denied`."""
    case = (
        Case.objects.visible_to(user)
        .with_newest_sign()
        .select_related("person", "claimed_by", "closed_by", "conversation")
        .filter(pk=case_id)
        .first()
    )
    if case is None:
        raise Denied
    return case


def check_may_read_words(user: User, case: Case, *, now: dt.datetime) -> None:
    """What somebody wrote is for whoever is with them, or on duty and about to be."""
    if case.claimed_by_id != user.pk and not DutyShift.objects.is_on_duty(user, now=now):
        raise NotOnDuty


def access_words(user: User, case: Case, message_id: int) -> Message:
    """One of the messages that a case is about, or :class:`Denied`.

    Whoever is with the person now may read it wherever they wrote it: the talk that it was said in
    may have ended before anybody came. That opens this message, and nothing else of that talk.
    """
    if not case.sources.filter(message_id=message_id).exists():
        raise Denied
    try:
        return access_message(user, message_id)
    except Denied:
        own = case.person.messages.filter(pk=message_id)
        message = own.select_related("conversation__space", "author").first()
        if message is None or not is_with(user, case):
            raise
    return message


def is_with(user: User, case: Case) -> bool:
    """Whether this clinician is with the person now."""
    return case.status == CaseStatus.WITH_CLINICIAN and case.claimed_by_id == user.pk


def access_held_case(user: User, case_id: int) -> Case:
    """A case that is with this clinician now; a shift lead reaches any that is with somebody."""
    case = access_case(user, case_id)
    if case.status != CaseStatus.WITH_CLINICIAN:
        raise Denied
    return case


def lock_held_case(user: User, case_id: int) -> Case:
    """As ``access_held_case``, and nothing is added to it until the transaction ends.

    Locked first and read then: what a query read that had to wait for the lock may be older than
    what it waited for.
    """
    locked = Case.objects.visible_to(user).filter(pk=case_id).locked()
    list(locked.values_list("pk"))
    return access_held_case(user, case_id)


def access_own_waiting_request(user: User) -> HelpRequest:
    """The request this young person waits with, or :class:`Denied`."""
    request = (
        HelpRequest.objects.filter(person=user, state=HelpState.WAITING)
        .select_related("person", "conversation")
        .first()
    )
    if request is None or not user.is_active:
        raise Denied
    return request


def what_became_of(case_id: int) -> str:
    """Why a case is nobody's to pick up any more, as the code of the refusal that says so.

    Whose colleague is with them, and one that never was, look the same.
    """
    closed = Case.objects.filter(pk=case_id, status=CaseStatus.CLOSED)
    ended = closed.values_list("outcome_code", flat=True).first()
    if ended is None:
        return "already_taken"
    return "taken_back" if ended == Outcome.WITHDRAWN else "talk_ended"


def access_unlisted_request(user: User, request_id: int) -> HelpRequest:
    """A request for help that still waits and may not have reached the list, or ``Denied``."""
    check_may_triage(user)
    request = (
        HelpRequest.objects.filter(pk=request_id, state=HelpState.WAITING)
        .select_related("person", "about_message", "conversation")
        .first()
    )
    if request is None:
        raise Denied
    return request


def access_unlisted_finding(user: User, finding_id: int) -> PatternFinding:
    """A pattern that asks for a case and may not have reached the list, or ``Denied``."""
    check_may_triage(user)
    finding = (
        PatternFinding.objects.filter(pk=finding_id, due_at__isnull=False)
        .select_related("author", "case_about")
        .first()
    )
    if finding is None:
        raise Denied
    return finding


def access_unlisted_assessment(user: User, assessment_id: int) -> Assessment:
    """A reading that asks for a case and may not have reached the list, or ``Denied``."""
    check_may_triage(user)
    assessment = (
        Assessment.objects.filter(pk=assessment_id, open_case=True, due_at__isnull=False)
        .select_related("message__author", "message__conversation__space")
        .first()
    )
    if assessment is None:
        raise Denied
    return assessment
