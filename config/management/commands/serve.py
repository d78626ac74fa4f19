"""``manage.py serve``: the whole of Lantern in one process, for a demo or one small place."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.alone import AlreadyServing, claim_folder
from config.workers import DEMO_WORKERS, WORKERS

TAKEN = "Port {port} is taken. Choose another: make run PORT=8001"


class Command(BaseCommand):
    help = "Serve the site and run its workers in one process (SQLite, no Redis needed)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--demo", action="store_true", help="With demo people who talk.")
        parser.add_argument("--no-workers", action="store_true", help="Serve pages only.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "serve is one process for a demo. In production run daphne and run_workers."
            )
        host, port = options["host"], options["port"]
        # First, before anything is made that takes its time: nobody should wait for a "no".
        try:
            claim_folder(settings.VAR_DIR)
        except AlreadyServing:
            raise CommandError(f"Lantern is already being served from {settings.VAR_DIR}") from None
        check_free(host, port)
        # Imported here: Daphne's event loop is made on import, other commands need none.
        from config.asgi import application
        from config.server import serve

        call_command("migrate", interactive=False, verbosity=0)
        if not options["no_workers"]:
            with contextlib.suppress(CommandError):  # Then the library reads, and staff are told.
                call_command("prepare_classifier", stdout=self.stdout)
        workers = dict(WORKERS)
        if options["demo"]:
            call_command("seed_demo", stdout=self.stdout)
            workers.update(DEMO_WORKERS)
        if options["no_workers"]:
            workers = {}

        def ready() -> None:
            self.stdout.write(f"Lantern is ready at http://{host}:{port}")
            self.stdout.flush()

        if not serve(application, host=host, port=port, workers=workers, on_ready=ready):
            raise CommandError(TAKEN.format(port=port))


def check_free(host: str, port: int) -> None:
    """Raise ``CommandError`` unless we could listen there at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server does: a port of one that ended a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(TAKEN.format(port=port)) from None
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from None
