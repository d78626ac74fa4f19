"""The list of who waits, and the switch that says who is there to answer."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from chat.kernel import clock
from chat.kernel.errors import Denied
from chat.models import User
from chat.views.gate import person
from triage.access import access_case, what_became_of
from triage.actions.duty import go_off_duty, go_on_duty
from triage.board import board_for
from triage.views.case import case_context
from triage.views.gate import clinical
from triage.words import GONE


@clinical
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Who waits, most urgent first."""
    board = board_for(person(request), now=clock.now())
    return render(request, "triage/queue.html", {"board": board})


@clinical
@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The moving parts of the page alone, to be swapped in; ``?case=`` adds those of a case."""
    user = person(request)
    context: dict[str, Any] = {"board": board_for(user, now=clock.now())}
    number = request.GET.get("case", "")
    if number.isdecimal() and len(number) < 19:
        context |= _case_parts(user, int(number))
    return render(request, "triage/rows.html", context)


def _case_parts(user: User, case_id: int) -> dict[str, Any]:
    try:
        return case_context(user, access_case(user, case_id), now=clock.now())
    except Denied:
        return {"beside": True, "gone": GONE[what_became_of(case_id)]}


@clinical
@require_POST
def duty(request: HttpRequest) -> HttpResponse:
    """Begin or end a shift, then back to the list."""
    if request.POST.get("duty") == "on":
        go_on_duty(by=person(request))
    else:
        go_off_duty(by=person(request))
    return redirect("triage-queue")
