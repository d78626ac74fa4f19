"""``manage.py add_staff``: somebody who works here, with a role and a password to sign in by."""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.actions.people import add_staff
from chat.models import User
from chat.states import STAFF_ROLES

SIGN_IN_NAME = re.compile(r"[\w.@+-]{1,64}")


class Command(BaseCommand):
    help = "Add somebody who works here; they then sign in at /staff/sign-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", type=sign_in_name, help="What they sign in with: cleo")
        parser.add_argument(
            "--name", required=True, type=shown_name, help="The name that others see: Cleo"
        )
        parser.add_argument(
            "--role", required=True, choices=sorted(role.value for role in STAFF_ROLES)
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="Read the password from the first line of the input instead of asking for it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        username, name, role = options["username"], options["name"], options["role"]
        known = User.objects.filter(username=username).first()
        if known is not None:
            self._known(known, name, role)
            return
        password = _first_line() if options["password_stdin"] else self._ask()
        try:
            add_staff(username=username, nickname=name, role=role, password=password)
        except ValidationError as error:
            raise CommandError(f"{in_words(error)} Nobody was added.") from None
        self.stdout.write(f"{username} can sign in at /staff/sign-in now, as {_called(role)}.")

    def _known(self, known: User, name: str, role: str) -> None:
        """The same command again changes nothing; another one for the same name is a mistake."""
        if (known.nickname, known.role) != (name, role):
            raise CommandError(
                f"{known.username} is somebody else here already: {known.nickname}, "
                f"{_called(known.role)}. Nothing was changed."
            )
        self.stdout.write(
            f"{known.username} is here already, as {_called(role)}. Nothing was changed, nor the "
            f"password: for another one, manage.py changepassword {known.username}"
        )

    def _ask(self) -> str:
        """Twice the same, and one that will do; asked again until it is, so that nothing is lost
        of what was typed before.
        """
        if not sys.stdin.isatty():
            raise CommandError(
                "Nobody is here to ask for a password: run it in a terminal, or give the password "
                "on the input with --password-stdin. Nobody was added."
            )
        try:
            while True:
                password = getpass.getpass("Password: ")
                if getpass.getpass("The same again: ") != password:
                    self.stderr.write("The two are not the same. Once more:")
                    continue
                try:
                    validate_password(password)
                except ValidationError as error:
                    self.stderr.write(f"{in_words(error)} Another one:")
                    continue
                return password
        except (EOFError, KeyboardInterrupt):
            raise CommandError("Nobody was added.") from None


def sign_in_name(raw: str) -> str:
    if not SIGN_IN_NAME.fullmatch(raw):
        raise argparse.ArgumentTypeError("1 to 64 letters, digits and . @ + - _, without blanks")
    return raw


def shown_name(raw: str) -> str:
    name = " ".join(raw.split())
    if not 1 <= len(name) <= 40 or not name.isprintable():
        raise argparse.ArgumentTypeError("1 to 40 characters in one line")
    return name


def in_words(error: ValidationError) -> str:
    """Every reason, one sentence after the other."""
    return " ".join(error.messages)


def _first_line() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _called(role: str) -> str:
    return role.replace("_", " ")
