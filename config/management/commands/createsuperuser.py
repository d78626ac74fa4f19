"""``manage.py createsuperuser``: there is none, and who looks for it is told what there is.

Django's own asks for a name and a password first and then fails, because an account here has a
role instead of every right.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Not here: manage.py add_staff makes an account with a role."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Whatever options were given: they are Django's, and we have none."""
        super().run_from_argv(argv[:2])

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "Nobody here may do everything, so there is no superuser. An account with a role: "
            "manage.py add_staff cleo --name Cleo --role clinician"
        )
