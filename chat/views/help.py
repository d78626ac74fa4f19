"""I need help now: numbers at once, then a place. Works without JavaScript and while suspended."""

from __future__ import annotations

import uuid
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from chat.actions.help import request_help
from chat.forms import HelpForm, VisitorForm
from chat.kernel.errors import Denied, DomainError, Invalid
from chat.models import User
from chat.realtime.protocol import HelpAccepted
from chat.realtime.standing import AWAY
from chat.views.answers import SignedOut, answer, read, refused
from chat.views.arrive import arrive
from chat.views.gate import person
from chat.views.limits import START, too_many
from chat.views.standing import standing_of
from chat.words import refusal


class Ask(msgspec.Struct, frozen=True):
    """What a phone sends that kept the ask until now."""

    client_id: UUID
    about_message: int | None = None


@require_http_methods(["GET", "POST"])
def help_now(request: HttpRequest) -> HttpResponse:
    """GET shows the numbers and where the person stands; POST asks for somebody.

    A form is answered with a page, JSON with the frame that the socket would send.
    """
    if request.method == "POST" and request.content_type == "application/json":
        return _ask_json(request)
    if request.user.is_authenticated and person(request).is_staff_member:
        return redirect("staff-home")
    form = VisitorForm(request.POST if "nickname" in request.POST else None)
    if request.method == "POST":
        answer = redirect("help")
        user = _who(request, form, answer)
        if user is not None:
            _ask(request, user)
            return answer
    return _page(request, form)


def _ask_json(request: HttpRequest) -> HttpResponse:
    """For scripts: accepted, or a refusal that cannot be taken for a yes.

    A shut door stays shut, for nobody need be sitting there, but the ask counts all the same.
    """
    try:
        if not request.user.is_authenticated:
            raise SignedOut
        if person(request).is_staff_member:
            raise Denied
        ask = _kept_ask(request)
        asked = request_help(
            by=person(request), client_id=ask.client_id, about_message_id=ask.about_message
        )
    except DomainError as error:
        return refused(error)
    return answer(
        HelpAccepted(
            client_id=str(ask.client_id), help=asked.pk, conversation=asked.conversation_id
        )
    )


def _kept_ask(request: HttpRequest) -> Ask:
    """What was asked; broken JSON is an ask as well, about nothing in particular."""
    try:
        return read(request, Ask)
    except Invalid:
        return Ask(uuid.uuid4())


def _page(request: HttpRequest, form: VisitorForm) -> HttpResponse:
    standing = None
    if request.user.is_authenticated and not request.session.get(AWAY):
        standing = standing_of(person(request))
    context = {
        "form": form,
        "help": standing.help if standing else None,
        "company": standing.company if standing else "",
        "on_help_page": True,
    }
    return render(request, "chat/help.html", context, status=422 if form.errors else 200)


def _who(request: HttpRequest, form: VisitorForm, answer: HttpResponse) -> User | None:
    """Whoever asks; a newcomer becomes somebody in the same step. ``None``: ask for a name."""
    if request.user.is_authenticated:
        request.session.pop(AWAY, None)
        return person(request)
    if not form.is_bound:
        return None
    if too_many(request, "help-start", rate=START):
        form.add_error(None, refusal("too_many_tries"))
        return None
    if not form.is_valid():
        return None
    return arrive(request, answer, form.cleaned_data["nickname"], form.cleaned_data["age_band"])


def _ask(request: HttpRequest, user: User) -> None:
    """A broken form never stands between somebody and help: what does not fit is left out."""
    form = HelpForm(request.POST)
    form.is_valid()
    request_help(
        by=user,
        client_id=form.cleaned_data.get("client_id") or uuid.uuid4(),
        about_message_id=form.cleaned_data.get("about_message"),
    )
