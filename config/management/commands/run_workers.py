"""``manage.py run_workers``: the steps of ``config.workers`` in a process without a web server."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chat.kernel.doorbell import doorbell
from config.workers import WORKERS, Crew, Worker
from moderation import watch


class Command(BaseCommand):
    help = "Run the workers: screening, intake, escalation. SIGTERM ends them after their step."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only",
            action="append",
            choices=sorted(WORKERS),
            metavar="NAME",
            help=f"Run only this one; may be given several times ({', '.join(WORKERS)}).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["only"] or list(WORKERS)
        watch.read_gently()
        self.stdout.write(f"Workers: {', '.join(names)}")
        asyncio.run(work({name: WORKERS[name] for name in names}))
        self.stdout.write("Workers ended.")


async def work(workers: dict[str, Worker]) -> None:
    """Run until SIGTERM or SIGINT, then finish the steps under way."""
    bell = doorbell()
    crew = Crew(workers)
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    working = asyncio.create_task(crew.run())
    asking = asyncio.create_task(asked.wait())
    await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()
    await crew.stop()
    await working
    await bell.close()
