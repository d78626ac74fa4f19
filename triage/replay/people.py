"""The simulated young people who post the file, and one who reads."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from chat.models import Space, User
from chat.realtime.tickets import make_ticket


@dataclass(frozen=True, slots=True)
class Pass:
    """What a simulated person's phone holds: their session's cookie and a socket ticket."""

    user: User
    cookie: str
    ticket: str


def make_people(space: Space, count: int) -> list[Pass]:
    """``count`` signed-in simulated people of the space's first age band."""
    band = space.age_bands.strip("|").split("|")[0]
    return [_make_pass(f"Replay {number + 1}", band) for number in range(count)]


def _make_pass(nickname: str, band: str) -> Pass:
    user = User.objects.create_young_person(nickname=nickname, age_band=band, is_simulated=True)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(3600)
    session.save()
    key = session.session_key or ""
    return Pass(user, f"{settings.SESSION_COOKIE_NAME}={key}", make_ticket(key))
