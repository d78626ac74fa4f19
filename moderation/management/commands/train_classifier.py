"""`manage.py train_classifier`: make the checkpoint that ships."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Train on open rows and our own messages. Started again with the same folders, it goes on."""

    help = "Fine-tune the encoder and write a checkpoint folder with its digest."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The same arguments as `python -m moderation.training train`."""
        from moderation.training.options import add_training

        add_training(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, saying where it is."""
        from moderation.training.options import MENDABLE, run_training

        try:
            run_training(options, self.stdout.write)
        except MENDABLE as cause:
            raise CommandError(str(cause)) from cause
