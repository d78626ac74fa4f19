"""`manage.py bench_classifier`: how fast the encoder reads, beside the library as it comes."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Measure alone and on a mix of lengths, one thread each."""

    help = "Print a table of speeds, and write it as JSON where asked."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to measure, and where to write."""
        parser.add_argument("--checkpoint", type=Path, help="the shipped one by default")
        parser.add_argument("--prepared", type=Path, help="folder of the fast form")
        parser.add_argument("--json", type=Path, help="write the figures here")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure, then print."""
        from moderation.training.bench import bench, rendered

        speeds = bench(options["checkpoint"], options["prepared"])
        for line in rendered(speeds):
            self.stdout.write(line)
        if options["json"]:
            value = [speed.as_dict() for speed in speeds]
            options["json"].write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
