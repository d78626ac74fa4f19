"""Staff come in by name and password, and go to their work."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chat.forms import SignInForm
from chat.models import User
from chat.realtime.standing import AWAY
from chat.states import Role
from chat.views.gate import end_session, person, staff_only
from chat.views.limits import SIGN_IN, SIGN_IN_NAME, too_many
from chat.words import refusal


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Unknown names and wrong passwords get the same words, after the same time."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["username"]
        by_name = too_many(request, "sign-in-name", rate=SIGN_IN_NAME, name=name)
        if too_many(request, "sign-in", rate=SIGN_IN) or by_name:
            form.add_error(None, refusal("too_many_tries"))
        else:
            user = authenticate(request, **form.cleaned_data)
            if isinstance(user, User) and user.is_staff_member:
                login(request, user)
                request.session.pop(AWAY, None)
                request.session.set_expiry(settings.STAFF_SESSION_SECONDS)
                return redirect(_next(request))
            form.add_error(None, refusal("sign_in_wrong"))
    status = 422 if form.errors else 200
    return render(request, "chat/staff_sign_in.html", {"form": form}, status=status)


def _next(request: HttpRequest) -> str:
    there = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, request.is_secure())
    return there if ours else "staff-home"


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; nothing of ours stays in the browser."""
    end_session(request)
    response = redirect("staff-sign-in")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@staff_only
@require_GET
def staff_home(request: HttpRequest) -> HttpResponse:
    """Moderators to the reviews, clinicians and shift leads to triage."""
    moderator = person(request).role == Role.MODERATOR
    return redirect("moderation-queue" if moderator else "triage-queue")
