"""`manage.py convert_checkpoint`: take a published Detoxify model, safely, once."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Open the pickle in a process apart, re-save it as safetensors, and prove it is the same."""

    help = "Convert a published Detoxify checkpoint into a folder that DETOXIFY_MODEL can name."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", help="A .ckpt file, or original, unbiased or multilingual to download it."
        )
        parser.add_argument("--sha256", required=True, help="Of the source file, 64 digits.")
        parser.add_argument("--out", type=Path, help="Folder to make; else under LANTERN_VAR.")
        parser.add_argument(
            "--base", type=Path, help="Folder with config.json and tokenizer of the backbone."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from moderation.classifiers.conversion import MAX_DIFFERENCE, convert
        from moderation.classifiers.shipped import CheckpointError

        source: str = options["source"]
        out = options["out"] or settings.VAR_DIR / "checkpoints" / Path(source).stem
        try:
            made = convert(source=source, sha256=options["sha256"], out=out, base=options["base"])
        except CheckpointError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"labels: {', '.join(made.labels)}")
        self.stdout.write(f"opened as: {made.opened_as}; network while opening: {made.network}")
        self.stdout.write(
            f"largest difference from the library: {made.difference:.2g}, "
            f"less than {MAX_DIFFERENCE:g}"
        )
        self.stdout.write(f"DETOXIFY_MODEL={made.folder}")
        self.stdout.write(f"DETOXIFY_SHA256={made.sha256}")
