"""``manage.py replay FILE.csv --space NAME``: real input through the running site."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from rich.console import Console
from rich.progress import Progress as Bars

from chat.models import Space
from triage.replay.report import make_report, print_report
from triage.replay.rows import BadFile, read_rows
from triage.replay.run import replay


class Command(BaseCommand):
    help = "Post a CSV of messages (columns text, optional label) through the running site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV or CSV.gz with a column 'text'")
        parser.add_argument("--space", required=True, help="name or slug of the space to post in")
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="the running site")
        parser.add_argument("--rate", type=float, help="messages per second (default: all out)")
        parser.add_argument("--rows", type=int, help="only the first so many rows")
        parser.add_argument("--people", type=int, default=200, help="how many people post")
        parser.add_argument("--json", type=Path, dest="json_out", help="write the figures here")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Not in production: a replay posts as if young people wrote it.")
        for name in ("rate", "rows", "people"):
            if options[name] is not None and options[name] <= 0:
                raise CommandError(f"--{name} must be above zero.")
        try:
            rows = read_rows(options["file"], limit=options["rows"])
        except BadFile as error:
            raise CommandError(error.reason) from error
        space = self._space(options["space"])
        self._check_running(options["url"])
        console = Console(stderr=True)
        with Bars(console=console) as bars:
            names = ("posted", "read", "taken in")
            tasks = {name: bars.add_task(name, total=len(rows)) for name in names}
            try:
                progress, seconds = asyncio.run(
                    replay(
                        options["url"],
                        space,
                        rows,
                        rate=options["rate"],
                        people=min(options["people"], len(rows)),
                        tell=lambda name, count: bars.update(tasks[name], completed=count),
                    )
                )
            except OSError as error:
                raise CommandError("The site stopped answering during the replay.") from error
        report = make_report(rows, progress, seconds=seconds)
        print_report(report, Console(file=cast(IO[str], self.stdout)))
        if options["json_out"]:
            options["json_out"].write_text(json.dumps(report, indent=2) + "\n")

    def _space(self, name: str) -> Space:
        space = Space.objects.filter(Q(slug=name) | Q(name__iexact=name), is_open=True).first()
        if space is None:
            known = ", ".join(Space.objects.filter(is_open=True).values_list("name", flat=True))
            raise CommandError(f"There is no space '{name}'. There are: {known or 'none yet'}.")
        return space

    def _check_running(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise CommandError("--url must start with http:// or https://")
        try:
            with urlopen(f"{url}/healthz", timeout=10):  # noqa: S310 — checked above.
                pass
        except (URLError, OSError) as error:
            raise CommandError(f"Nothing answers at {url}. Start the site: make run") from error
