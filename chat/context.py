"""What every page needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from chat.realtime.tickets import make_ticket
from chat.words import EMERGENCY_NUMBERS


def page(request: HttpRequest) -> dict[str, Any]:
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    return {
        "emergency_numbers": EMERGENCY_NUMBERS,
        "exit_url": settings.QUICK_EXIT_URL,
        "socket_ticket": make_ticket(session_key) if session_key else "",
    }
