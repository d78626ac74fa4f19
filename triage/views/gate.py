"""Who may open a triage page, and what a refusal looks like there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from chat.kernel.errors import Denied, DomainError
from chat.views.gate import person, staff_only
from triage.access import check_may_triage
from triage.views.words_back import typed_words, words_back
from triage.words import refusal

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def clinical(view: View[P]) -> View[P]:
    """For those who work with cases; to everybody else the page does not exist.

    A refused action says its sentence on the page it came from, and nothing has changed. Words
    that came with it are shown, to be copied: also to somebody who was signed out in between.
    """

    @_hands_words_back
    @staff_only
    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            check_may_triage(person(request))
            return view(request, *args, **kwargs)
        except Denied as error:
            if request.method == "GET":
                raise Http404 from error
            return _say(request, error)
        except DomainError as error:
            return _say(request, error)

    return inner


def _hands_words_back(view: View[P]) -> View[P]:
    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated and typed_words(request):
            return words_back(request, refusal("signed_out"))
        return view(request, *args, **kwargs)

    return inner


def _say(request: HttpRequest, error: DomainError) -> HttpResponse:
    check_may_triage(person(request))
    if typed_words(request):
        return words_back(request, refusal(error.code))
    messages.warning(request, refusal(error.code))
    return redirect("triage-queue")
