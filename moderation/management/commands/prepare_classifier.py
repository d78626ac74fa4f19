"""`manage.py prepare_classifier`: make the fast form of the checkpoint, once per checkpoint."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Export to int8 and prove that it reads as the library does. Without it the library reads."""

    help = "Write the fast form of the classifier to a folder that workers then use."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where from, and where to."""
        parser.add_argument("--out", type=Path, required=True, help="folder for the fast form")
        parser.add_argument("--checkpoint", type=Path, help="the shipped one by default")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export, compare, and say how far apart they are."""
        from moderation.classifiers.shipped import CheckpointError
        from moderation.training.export import prepare

        try:
            prepare(options["checkpoint"], options["out"], self.stdout.write)
        except CheckpointError as cause:
            raise CommandError(f"Not prepared, the library will read: {cause}.") from cause
