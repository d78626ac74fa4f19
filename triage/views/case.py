"""One person: the talk, why they are here, and what to do next."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from chat.access import access_conversation
from chat.kernel import clock
from chat.kernel.errors import Denied, Invalid, Stale
from chat.models import Conversation, User
from chat.realtime.feed import snapshot
from chat.realtime.protocol import ConversationSnapshot
from chat.views.gate import person
from triage.access import (
    access_case,
    access_held_case,
    access_unlisted_assessment,
    access_unlisted_finding,
    access_unlisted_request,
    is_with,
)
from triage.actions import cases, notes
from triage.actions.taking_over import take_over_case
from triage.board import board_for, row_of_case
from triage.forms import CloseForm, HandBackForm, NoteForm
from triage.models import Case
from triage.sources import source_of_assessment, source_of_finding, source_of_help
from triage.states import CaseStatus, SourceKind
from triage.views.gate import clinical
from triage.words import OUTCOMES, refusal


def case_context(user: User, case: Case, *, now: dt.datetime) -> dict[str, Any]:
    """The parts of a case's page that change while one looks at it."""
    return {
        "beside": True,
        "case": case,
        "case_row": row_of_case(case, now=now),
        "holds": is_with(user, case),
        "outcome_words": OUTCOMES.get(case.outcome_code, ""),
        "may_hand_back": case.status == CaseStatus.WITH_CLINICIAN,
        "events": case.events.select_related("by").order_by(
            "pk"
        ),  # As it went, whatever clocks say.
        "notes": case.notes.select_related("author").order_by("pk"),
        "quoted": len(notes.quoted_ids(case)),
        "theme": notes.theme_of(case),
        "earlier": _talks_before(case),
        "to_look_back_at": Case.objects.before(case).count(),
    }


def _talks_before(case: Case) -> int:
    closed = Case.objects.with_a_talk().filter(person=case.person, status=CaseStatus.CLOSED)
    return closed.exclude(pk=case.pk).count()


def _talk(user: User, talk: Conversation | None) -> ConversationSnapshot | None:
    """The talk as this person may read it; nothing before it is theirs."""
    if talk is None:
        return None
    try:
        return snapshot(access_conversation(user, talk.pk))
    except Denied:
        return None


def _page(request: HttpRequest, case: Case, *, status: int = 200, **more: object) -> HttpResponse:
    user, now = person(request), clock.now()
    context = {
        "board": board_for(user, now=now),
        **case_context(user, case, now=now),
        "conversation": case.conversation,
        "snapshot": _talk(user, case.conversation),
        "close_form": CloseForm(),
        "hand_back_form": HandBackForm(),
        "note_form": NoteForm(),
        **more,
    }
    return render(request, "triage/case.html", context, status=status)


@clinical
@require_GET
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """The case of one person."""
    return _page(request, access_case(person(request), case_id))


@clinical
@require_POST
def words(request: HttpRequest, case_id: int) -> HttpResponse:
    """The same page with what they wrote unfolded; that somebody read it is written down."""
    read = notes.read_words(case_id=case_id, by=person(request))
    return _page(request, access_case(person(request), case_id), read=read, unfolded=True)


@clinical
@require_POST
def earlier(request: HttpRequest, case_id: int) -> HttpResponse:
    """The same page with how earlier talks ended; that somebody read it is written down."""
    known = notes.read_earlier(case_id=case_id, by=person(request))
    return _page(request, access_case(person(request), case_id), known=known, looked_back=True)


@clinical
@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Be with whoever should be answered first."""
    return redirect("case", cases.take_next(by=person(request)).pk)


@clinical
@require_POST
def claim(request: HttpRequest, case_id: int) -> HttpResponse:
    """Be with this person."""
    along, user = NoteAlong(request), person(request)
    held = cases.claim_case(case_id=case_id, by=user)
    if along.fits():
        along.keep(case_id=held.pk, by=user)
    return redirect("case", held.pk)


@clinical
@require_POST
def take_over(request: HttpRequest, case_id: int) -> HttpResponse:
    """Be with this person in place of a colleague who is not there."""
    return redirect("case", take_over_case(case_id=case_id, by=person(request)).pk)


@clinical
@require_POST
def claim_unlisted(request: HttpRequest, kind: str, source_id: int) -> HttpResponse:
    """Be with somebody of whom no case has been made yet."""
    user = person(request)
    match kind:
        case SourceKind.HELP_REQUEST:
            source = source_of_help(access_unlisted_request(user, source_id))
        case SourceKind.PATTERN:
            source = source_of_finding(access_unlisted_finding(user, source_id))
        case _:
            source = source_of_assessment(access_unlisted_assessment(user, source_id))
    return redirect("case", cases.claim_source(source=source, by=user).pk)


@clinical
@require_POST
def hand_back(request: HttpRequest, case_id: int) -> HttpResponse:
    """Put the person back at the head of the list, and tell them."""
    form, along, user = HandBackForm(request.POST), NoteAlong(request), person(request)
    if not form.is_valid() or not along.fits():
        held = access_held_case(user, case_id)
        return _page(request, held, hand_back_form=form, note_form=along.form, status=422)
    along.keep(case_id=case_id, by=user)
    try:
        back = cases.hand_back_case(case_id=case_id, by=user, words=form.cleaned_data["words"])
    except Invalid as error:
        form.add_error("words", refusal(error.code))
        held = access_held_case(user, case_id)
        return _page(request, held, hand_back_form=form, status=422)
    messages.success(request, _("%s is first in line again.") % back.person.nickname)
    return redirect("triage-queue")


@clinical
@require_POST
def close(request: HttpRequest, case_id: int) -> HttpResponse:
    """End the case with how it ended; without that the form says what is missing.

    Where something came in that the page did not show yet, the page comes back with it, and with
    the choice as it was.
    """
    form, along, user = CloseForm(request.POST), NoteAlong(request), person(request)
    if not form.is_valid() or not along.fits():
        held = access_held_case(user, case_id)
        return _page(request, held, close_form=form, note_form=along.form, status=422)
    along.keep(case_id=case_id, by=user)
    said = form.cleaned_data
    try:
        closed = cases.close_case(
            case_id=case_id,
            by=user,
            outcome_code=said["outcome"],
            shown=said["shown"],
            head=said["head"],
        )
    except Stale as error:
        messages.warning(request, refusal(error.code))
        return _page(request, access_case(user, case_id), close_form=form, status=409)
    messages.success(request, _("The talk with %s is closed.") % closed.person.nickname)
    return redirect("triage-queue")


@clinical
@require_POST
def note(request: HttpRequest, case_id: int) -> HttpResponse:
    """Leave a line for whoever comes next."""
    form, user = NoteForm(request.POST), person(request)
    if not form.is_valid():
        return _page(request, access_case(user, case_id), note_form=form, status=422)
    notes.write_note(case_id=case_id, by=user, body=form.cleaned_data["body"])
    return redirect("case", case_id)


class NoteAlong:
    """A note that was still in its field when another form of its page was sent: kept as well.

    Handing back and closing keep it first, and by itself: where they are refused then, the page
    shows it as kept.
    """

    def __init__(self, request: HttpRequest) -> None:
        typed = request.POST.get("note", "")
        self.form = NoteForm({"body": typed} if typed.strip() else None)

    def fits(self) -> bool:
        """Whether nothing stands in the way of keeping it; there may be none."""
        return not self.form.is_bound or self.form.is_valid()

    def keep(self, *, case_id: int, by: User) -> None:
        if self.form.is_bound:
            notes.write_note(case_id=case_id, by=by, body=self.form.cleaned_data["body"])
