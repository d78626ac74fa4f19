"""What a clinician wrote and we could not keep: shown to them, to be copied, and never dropped."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from chat.kernel.errors import Conflict
from triage.words import HAND_BACK_LINE

TYPED: Final = ("body", "words", "note")
"""The fields of the triage pages in which somebody writes."""


def typed_words(request: HttpRequest) -> list[str]:
    """What came with a form in somebody's own words; the line we offer them is none of theirs."""
    sent = (request.POST.get(name, "").strip() for name in TYPED)
    return [words for words in sent if words and words != str(HAND_BACK_LINE)]


def words_back(request: HttpRequest, why: str) -> HttpResponse:
    """A page with why it was not kept, the words, and the way on."""
    context = {"why": why, "typed": typed_words(request), "sign_in": ""}
    if not request.user.is_authenticated:
        onward = urlencode({"next": reverse("triage-queue")})
        context["sign_in"] = f"{reverse('staff-sign-in')}?{onward}"
    return render(request, "triage/not_kept.html", context, status=Conflict.http_status)
