"""One's own words over plain HTTPS: changed, or taken back. The id is the message's own.

For pages without scripts a form each; the scripts of a page ask here too, whatever the socket does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat.access import Audience, access_own_message
from chat.actions.messages import edit_message, withdraw_message
from chat.forms import ChangeForm
from chat.kernel.errors import Denied, DomainError, Stale
from chat.models import Message
from chat.realtime import feed, protocol
from chat.views.answers import SignedOut, answer, read, refused, say_why, status_of
from chat.views.gate import is_in, person, signed_in
from chat.views.limits import WRITE, check_pace


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words as they should be from now on, and the revision that they were changed from."""

    body: protocol.Body
    revision: protocol.Revision | None = None


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, message_id: int) -> HttpResponse:
    """Change one's own words: JSON from a page's script, or a page with a form."""
    if request.content_type == "application/json":
        return _by_script(request, lambda: _change(request, message_id))
    return _change_by_form(request, message_id)


def _change(request: HttpRequest, message_id: int) -> Message:
    asked = read(request, Change)
    return edit_message(
        by=person(request), message_id=message_id, body=asked.body, revision=asked.revision
    )


@require_POST
def withdraw(request: HttpRequest, message_id: int) -> HttpResponse:
    """Take one's own words back."""
    if request.content_type == "application/json":
        return _by_script(
            request, lambda: withdraw_message(by=person(request), message_id=message_id)
        )
    return _withdraw_by_form(request, message_id)


def _by_script(request: HttpRequest, act: Callable[[], Message]) -> HttpResponse:
    """The author's own view of what became of it, or the refusal."""
    try:
        if not is_in(request):
            raise SignedOut
        check_pace(request, "write", rate=WRITE)
        message = act()
        view = feed.message_view(message, reader_id=message.author_id, audience=Audience.MEMBER)
        if view is None:
            raise Denied
        return answer(view)
    except DomainError as error:
        return refused(error)


@signed_in
def _change_by_form(request: HttpRequest, message_id: int) -> HttpResponse:
    message = access_own_message(person(request), message_id)
    form = ChangeForm(request.POST or None, initial={"body": message.body})
    if form.is_valid():
        try:
            check_pace(request, "write", rate=WRITE)
            edit_message(by=person(request), message_id=message_id, **form.cleaned_data)
            return redirect(_place_of(message))
        except Denied:
            raise
        except DomainError as error:
            say_why(form, error)
    context = {"form": form, "message": message, "back": _place_of(message)}
    return render(request, "chat/change_words.html", context, status=status_of(form))


@signed_in
def _withdraw_by_form(request: HttpRequest, message_id: int) -> HttpResponse:
    check_pace(request, "write", rate=WRITE)
    message = access_own_message(person(request), message_id)
    # Taken back already, or taken away: the page they go back to says how it stands.
    with suppress(Stale):
        withdraw_message(by=person(request), message_id=message_id)
    return redirect(_place_of(message))


def _place_of(message: Message) -> str:
    space = message.conversation.space
    if space is None:
        return reverse("talk", args=[message.conversation_id])
    return reverse("thread", args=[space.slug, message.conversation_id])
