"""``manage.py change_staff``: another role for somebody who works here, or an end to it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.actions.people import change_staff
from chat.models import User
from chat.states import STAFF_ROLES, Role


class Command(BaseCommand):
    help = (
        "Give somebody who works here another role, or close their account: what they have open "
        "ends at once, and whoever they were with stands on their colleagues' list."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="What they sign in with: cleo")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--role", choices=sorted(role.value for role in STAFF_ROLES))
        what.add_argument("--close", action="store_true", help="They can sign in no more.")
        what.add_argument("--reopen", action="store_true", help="They can sign in again.")

    def handle(self, *args: Any, **options: Any) -> None:
        username, role = options["username"], options["role"]
        known = User.objects.filter(username=username, role__in=STAFF_ROLES).first()
        if known is None:
            raise CommandError(f"Nobody who works here is called {username}. Nothing was changed.")
        changed = change_staff(
            user_id=known.pk,
            role=Role(role) if role else None,
            is_active=None if role else options["reopen"],
        )
        self.stdout.write(_said(known, changed))


def _said(before: User, now: User) -> str:
    who, called = now.username, str(now.role).replace("_", " ")
    if (before.role, before.is_active) == (now.role, now.is_active):
        stands = f"works here as {called}" if now.is_active else "has a closed account"
        return f"{who} {stands} already. Nothing was changed."
    if before.role != now.role:
        return f"{who} works here as {called} from now on, and signs in again."
    return f"{who} can sign in {'again' if now.is_active else 'no more'}."
