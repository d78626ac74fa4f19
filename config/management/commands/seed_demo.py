"""``manage.py seed_demo``: people, spaces and conversations to try Lantern with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.kernel import clock
from config.demo.people import COLLEAGUES, PASSWORD, SIMULATED_COLLEAGUE
from config.demo.seed import phrases, seed


class Command(BaseCommand):
    help = "Make the demo's people, spaces and conversations; nothing where they are already."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo's people have known passwords: never in production.")
        seed(now=clock.now(), tell=self.stdout.write)
        self._show_sign_ins()

    def _show_sign_ins(self) -> None:
        self.stdout.write("")
        self.stdout.write("Demo sign-ins for the team, at /staff/sign-in (all with one password):")
        for one in COLLEAGUES:
            if one.username != SIMULATED_COLLEAGUE:
                role = one.role.replace("_", " ")
                self.stdout.write(f"  {one.username:<6} {role:<11} {PASSWORD}")
        self.stdout.write("Young people you can be, at /come-back with these words:")
        for nickname, phrase in phrases().items():
            self.stdout.write(f"  {nickname:<6} {phrase}")
        self.stdout.write("Or start as somebody new, at the front page.")
        self.stdout.write("")
