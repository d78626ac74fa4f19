"""`manage.py prepare_classifier`: make the fast form of the checkpoint, once per checkpoint."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation import readers
from moderation.classifiers.shipped import CheckpointError


class Command(BaseCommand):
    """Write the graph and prove that it reads as the library does. Without it the library reads."""

    help = "Write the fast form of the classifier, where it is missing; workers then use it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Another checkpoint than the one in use, and where to."""
        parser.add_argument("--checkpoint", type=Path, help="DETOXIFY_MODEL's by default")
        parser.add_argument("--out", type=Path, help="a folder in PREPARED_DIR by default")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, compare, and say how far apart they are."""
        try:
            if options["checkpoint"] is None and options["out"] is None:
                readers.prepare_readers(self.stdout.write)
                return
            from moderation.training.export import prepare

            if options["out"] is None:
                raise CommandError("Say with --out where the fast form of that checkpoint goes.")
            prepare(options["checkpoint"], "", options["out"], self.stdout.write)
        except (CheckpointError, OSError) as cause:
            raise CommandError(f"Not prepared, the library will read: {cause}.") from cause
