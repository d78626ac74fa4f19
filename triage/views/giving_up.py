"""A young person gives up their place in the line: asked once, done, and told what stays."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from chat.kernel.errors import Denied, Stale
from chat.models import User
from chat.states import HelpState
from chat.views.gate import person, signed_in
from chat.views.standing import standing_of
from triage.actions.cases import give_up_place
from triage.models import Case


@signed_in
@require_http_methods(["GET", "POST"])
def give_up(request: HttpRequest) -> HttpResponse:
    """GET asks whether they mean it, POST does it. Who is not waiting sees where they stand."""
    user = person(request)
    if user.is_staff_member:
        return redirect("staff-home")
    if request.method == "POST":
        # Refused is no error here: a second press, or a clinician who was quicker. The next page
        # says which.
        with suppress(Denied, Stale):
            give_up_place(by=user)
        return redirect("help-given-up")
    now = standing_of(user).help
    if now is None or now.state != HelpState.WAITING:
        return redirect("help")
    return render(request, "triage/give_up.html", {"looked_for": _looked_for(user)})


@signed_in
@require_GET
def given_up(request: HttpRequest) -> HttpResponse:
    """That it is done, that they can come back, and the numbers."""
    user = person(request)
    if user.is_staff_member:
        return redirect("staff-home")
    if standing_of(user).help is not None or not Case.objects.given_up_by(user).exists():
        return redirect("help")
    return render(request, "triage/given_up.html", {"looked_for": _looked_for(user)})


def _looked_for(user: User) -> bool:
    """Whether somebody may still write to them: they are told so before and after."""
    case = Case.objects.open().filter(person=user).first()
    return case is not None and case.is_looked_for
