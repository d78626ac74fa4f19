"""The six words, from the account's first second until they were shown: on the phone, never here.

The phone carries them, sealed, in a cookie that no script reads and only the page that shows them
is sent. The session holds a mark that opens it, once: who copied the cookie, or has our database,
has no words. Shown, or fifteen minutes old, and nothing anywhere holds them any more.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import secrets
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from chat.kernel import clock, crypto
from chat.kernel.errors import DomainError
from chat.models import User

COOKIE: Final = "__Secure-words" if settings.SESSION_COOKIE_SECURE else "words"
MARK: Final = "phrase"
WAIT: Final = dt.timedelta(minutes=15)
"""How long the words wait to be looked at."""


def hand_over(request: HttpRequest, answer: HttpResponse, user: User, words: str) -> None:
    """Give the phone its words to carry to the page that shows them. Call it after signing in."""
    mark = {"once": secrets.token_hex(16), "until": (clock.now() + WAIT).isoformat()}
    request.session[MARK] = mark
    sealed = crypto.seal(words, place=_place(user, mark))
    answer.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(sealed).decode(),
        max_age=WAIT,
        path=reverse("phrase"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def wait(request: HttpRequest) -> bool:
    """Whether there are words that nobody has looked at yet."""
    return _mark(request) is not None


def take(request: HttpRequest, user: User) -> list[str]:
    """The words, to be shown now; nothing the second time. Follow it with :func:`forget`."""
    mark = _mark(request)
    request.session.pop(MARK, None)
    if mark is None:
        return []
    try:
        sealed = base64.urlsafe_b64decode(request.COOKIES.get(COOKIE, ""))
        return crypto.unseal(sealed, place=_place(user, mark)).split()
    except (DomainError, binascii.Error):
        return []


def forget(request: HttpRequest, answer: HttpResponse) -> None:
    """Have neither the phone nor the session hold anything of them."""
    request.session.pop(MARK, None)
    answer.delete_cookie(COOKIE, path=reverse("phrase"), samesite="Lax")


def _mark(request: HttpRequest) -> dict[str, Any] | None:
    mark: dict[str, Any] | None = request.session.get(MARK)
    if not mark or "once" not in mark:
        return None
    until = dt.datetime.fromisoformat(mark["until"])
    return None if clock.has_run_out(until, longest=WAIT, now=clock.now()) else mark


def _place(user: User, mark: dict[str, Any]) -> str:
    return f"cookie.phrase:{user.pk}:{mark['once']}"
