"""``manage.py write_docs``: the pages that are drawn from the code, so that they cannot drift."""

from __future__ import annotations

import difflib
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.docs import PAGES


class Command(BaseCommand):
    help = "Write docs/protocol.md, docs/states.md and docs/settings.md from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Fail where a page is behind.")

    def handle(self, *args: Any, **options: Any) -> None:
        behind = []
        for name, write in PAGES.items():
            path = settings.BASE_DIR / "docs" / name
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            new = write()
            if old == new:
                continue
            behind.append(name)
            if options["check"]:
                diff = difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, n=0)
                self.stdout.write("\n".join(list(diff)[:20]))
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_text(new, encoding="utf-8")
                self.stdout.write(f"wrote docs/{name}")
        if behind and options["check"]:
            raise CommandError(f"Behind the code: {', '.join(behind)}. Run: make fix")
