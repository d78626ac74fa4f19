"""A conversation over plain HTTPS, for whoever cannot hold a socket or runs no scripts.

The same frames as on the socket, by the same rules and with the same ids, so that a phone may
change between the two at any moment.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from chat.access import access_conversation
from chat.actions.sending import send_message
from chat.forms import MessageForm
from chat.kernel.errors import Denied, DomainError
from chat.realtime import feed, protocol
from chat.realtime.commands import accepted
from chat.views.answers import SignedOut, answer, read, refused, say_why, status_of
from chat.views.gate import is_in, person, signed_in
from chat.views.limits import READ, WRITE, check_pace


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a phone may say here: its id for the message, and the words."""

    client_id: UUID
    body: protocol.Body


class Earlier(msgspec.Struct, frozen=True):
    """A page of older messages; ``earlier``: there is more before it."""

    messages: list[protocol.MessageView]
    earlier: bool


@require_GET
def since(request: HttpRequest, conversation_id: int, seq: int) -> HttpResponse:
    """What happened after ``seq``: the same frame that the socket would send."""
    try:
        if not is_in(request):
            raise SignedOut
        check_pace(request, "read", rate=READ)
        return answer(feed.catch_up(access_conversation(person(request), conversation_id), seq))
    except DomainError as error:
        return refused(error)


@require_GET
def earlier(request: HttpRequest, conversation_id: int, position: int) -> HttpResponse:
    """The page of messages before ``position``, oldest first."""
    try:
        if not is_in(request):
            raise SignedOut
        check_pace(request, "read", rate=READ)
        seat = access_conversation(person(request), conversation_id)
        messages = feed.earlier_messages(seat, before=position)
        return answer(Earlier(messages, earlier=len(messages) == feed.PAGE))
    except DomainError as error:
        return refused(error)


@require_POST
def send(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Write a message: JSON from the outbox, or a plain form."""
    if request.content_type == "application/json":
        return _send_json(request, conversation_id)
    return _send_form(request, conversation_id)


def _send_json(request: HttpRequest, conversation_id: int) -> HttpResponse:
    try:
        if not is_in(request):
            raise SignedOut
        check_pace(request, "write", rate=WRITE)
        draft = read(request, Send)
        message = send_message(
            by=person(request),
            conversation_id=conversation_id,
            client_id=draft.client_id,
            body=draft.body,
        )
        return answer(accepted(message))
    except DomainError as error:
        return refused(error)


@signed_in
def _send_form(request: HttpRequest, conversation_id: int) -> HttpResponse:
    form = MessageForm(request.POST)
    if form.is_valid():
        try:
            check_pace(request, "write", rate=WRITE)
            send_message(
                by=person(request),
                conversation_id=conversation_id,
                client_id=form.cleaned_data["client_id"],
                body=form.cleaned_data["body"],
            )
            return redirect(_way_back(request, form))
        except Denied:
            raise
        except DomainError as error:
            say_why(form, error)
    context = {"form": form, "conversation_id": conversation_id}
    return render(request, "chat/not_sent.html", context, status=status_of(form))


def _way_back(request: HttpRequest, form: MessageForm) -> str:
    """The page the form was on, if it was one of ours."""
    there: str = form.cleaned_data.get("next", "")
    ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, request.is_secure())
    return there if ours else "/"
