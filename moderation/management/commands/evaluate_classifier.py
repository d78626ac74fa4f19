"""`manage.py evaluate_classifier`: how well the readers and the policy do on labelled files."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Measure on CSV files, and on the corpus's held-out fifth with `--own`."""

    help = "Print a table per source, and write figures and per-row scores where asked."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The same arguments as `python -m moderation.training evaluate`."""
        from moderation.training.options import add_evaluation

        add_evaluation(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure, then print the table."""
        from moderation.training.options import MENDABLE, run_evaluation

        try:
            run_evaluation(options, self.stdout.write)
        except MENDABLE as cause:
            raise CommandError(str(cause)) from cause
