"""What every page needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from chat.kernel.crypto import phone_key
from chat.realtime.tickets import make_ticket
from chat.views.gate import is_in
from chat.words import EMERGENCY_NUMBERS


def page(request: HttpRequest) -> dict[str, Any]:
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    known = bool(session_key) and is_in(request)
    return {
        "emergency_numbers": EMERGENCY_NUMBERS,
        "exit_url": settings.QUICK_EXIT_URL,
        # Not behind a door that somebody shut by leaving: whoever holds the phone then is not them.
        "shelf_key": phone_key(str(request.user.pk)) if known else "",
        "socket_ticket": make_ticket(session_key) if session_key and known else "",
    }
