"""Who may open a page at all, and what a refusal looks like there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from chat.actions.people import look_again_at
from chat.kernel.errors import Denied, DomainError
from chat.models import User
from chat.realtime.standing import AWAY
from chat.words import refusal

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def person(request: HttpRequest) -> User:
    """The signed-in person; only behind :func:`signed_in` or :func:`staff_only`."""
    return cast(User, request.user)


def is_in(request: HttpRequest) -> bool:
    """Signed in, and not behind a door that they closed by leaving."""
    return request.user.is_authenticated and not request.session.get(AWAY)


def end_session(request: HttpRequest) -> None:
    """Sign out, and have the sockets of this session closed."""
    who = request.user
    logout(request)
    if isinstance(who, User):
        look_again_at(who)


def signed_in(view: View[P]) -> View[P]:
    """For people who are in: others get the front door, a refusal gets a page in words."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not is_in(request):
            return redirect("home")
        return in_words(view, request, *args, **kwargs)

    return inner


def staff_only(view: View[P]) -> View[P]:
    """For staff: others are asked to sign in, and a young person sees nothing there.

    Whoever left, perhaps from a space, carries on at the front door: their pages have no line.
    """

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        if not person(request).is_staff_member:
            raise Http404
        if not is_in(request):
            return redirect("home")
        return in_words(view, request, *args, **kwargs)

    return inner


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """And back to the page they were at; what only takes a form is no page to come back to."""
    where = reverse("staff-sign-in")
    if request.method == "GET":
        where = f"{where}?{urlencode({'next': request.get_full_path()})}"
    return redirect(where)


def in_words(
    view: View[P], request: HttpRequest, *args: P.args, **kwargs: P.kwargs
) -> HttpResponse:
    """Run the view; absent and forbidden look the same, other refusals say their sentence."""
    try:
        return view(request, *args, **kwargs)
    except Denied as error:
        raise Http404 from error
    except DomainError as error:
        words = {"words": refusal(error.code)}
        return render(request, "chat/refused.html", words, status=error.http_status)
