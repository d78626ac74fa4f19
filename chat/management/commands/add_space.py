"""``manage.py add_space``: a room for one topic, for one or more age bands."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify

from chat.actions.spaces import PICTURES, add_space, new_space
from chat.models import Space
from chat.states import AgeBand

SAID = ("name", "about", "rules", "picture", "age_bands", "premoderated")
"""What somebody says about a space, and a second call must say again."""


class Command(BaseCommand):
    help = "Open a space; those of its age bands see it at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help='"Can\'t sleep"')
        parser.add_argument("--about", required=True, help="One sentence about what it is for.")
        parser.add_argument(
            "--ages",
            required=True,
            nargs="+",
            choices=[band.value for band in AgeBand],
            metavar="BAND",
            help=f"Who may come in: {', '.join(AgeBand)}. The first and the last come alone.",
        )
        parser.add_argument("--rules", default="", help="What is asked of people there.")
        parser.add_argument("--picture", default="", choices=PICTURES, metavar="PICTURE")
        parser.add_argument("--slug", default="", help="Its address; else made from the name.")
        parser.add_argument(
            "--premoderated",
            action="store_true",
            help="A person reads every message before others see it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            space = new_space(
                slug=options["slug"] or slugify(options["name"]),
                name=options["name"],
                about=options["about"],
                age_bands=options["ages"],
                rules=options["rules"],
                picture=options["picture"],
                premoderated=options["premoderated"],
            )
        except ValidationError as error:
            raise CommandError(f"{_by_field(error)}\nNo space was added.") from None
        known = Space.objects.filter(slug=space.slug).first()
        if known is None:
            add_space(space)
            self.stdout.write(f"{space.name} is open, at /spaces/{space.slug}")
        elif other := [one for one in SAID if getattr(known, one) != getattr(space, one)]:
            raise CommandError(
                f"There is a space at /spaces/{space.slug} already, with another "
                f"{', '.join(other)}. Nothing was changed; --slug gives this one another address."
            )
        else:
            self.stdout.write(f"{space.name} is open already. Nothing was changed.")


def _by_field(error: ValidationError) -> str:
    """Each reason with the name of what it is about."""
    lines = error.message_dict.items()
    return "\n".join(f"{field}: {' '.join(reasons)}" for field, reasons in lines)
