"""The people of a run."""

from __future__ import annotations

import uuid

from django.core.management import call_command

from chat.actions.conversations import start_thread
from chat.actions.people import start_young_person
from chat.models import Space
from tests.sessions import session_of


def people(count: int) -> tuple[list[str], str, int]:
    """So many throwers and a bystander in one thread: cookies, cookie, and the thread's id."""
    call_command("migrate", interactive=False, verbosity=0)
    space = Space.objects.create(slug="fuzz", name="Fuzz", about="", age_bands="|16-17|")
    users = [
        start_young_person(nickname=f"Thrower {n}", age_band="16-17")[0] for n in range(count + 1)
    ]
    thread = start_thread(by=users[-1], space=space, client_id=uuid.uuid4(), body="what we watch")
    cookies = [session_of(user) for user in users]
    return cookies[:-1], cookies[-1], thread.pk
