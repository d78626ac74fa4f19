"""Servers to measure, each web process on a core of its own, and the people on them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.faults.house import House, Service
from tests.servers import ROOT, accepts, free_port, wait_until

WEB_CORE = {0}
OTHER_CORES = set(range(1, os.cpu_count() or 2)) or {0}
PROFILED = "tests.bench.profiled"
DAPHNE = ["-m", "daphne", "-v", "0", "-e"]


class Stage:
    """PostgreSQL and Redis on the driver's cores; one server at a time on the web's core."""

    def __init__(self, folder: Path, *, sqlite: bool = False) -> None:
        generous = {"SOCKET_FRAMES": "100000000", "LOG_LEVEL": "ERROR"}
        caps = {"SOCKETS_PER_PERSON": "100000", "SOCKETS_PER_ADDRESS": "100000"}
        self.folder = folder
        self.profiled = False
        """Whether web processes are started so that a profile of them can be taken."""

        self.house = House(folder, webs=2, workers=2, **generous, **caps)
        self.house.start_stores()
        if sqlite:
            # The way of one process: SQLite, and no Redis.
            own = {"DATABASE_URL": f"sqlite:///{folder}/lantern.sqlite3", "REDIS_URL": ""}
            self.house.environment.update(own)
        os.environ.update(self.house.environment, DJANGO_SETTINGS_MODULE="config.settings")
        os.sched_setaffinity(0, OTHER_CORES)
        for service in (self.house.redis, self.house.postgres):
            pin(service, OTHER_CORES)
        import django

        django.setup()
        from tests.bench.people import migrate

        migrate()

    @contextlib.contextmanager
    def ours(self, *, webs: int = 1, workers: int = 0) -> Iterator[list[int]]:
        """Lantern; gives the ports of its web processes."""
        running = [*self.house.webs[:webs], *self.house.workers[:workers]]
        for number, service in enumerate(running):
            self._prepare(service)
            service.start()
            pin(service, {number % (os.cpu_count() or 1)} if number < webs else OTHER_CORES)
        for port in self.house.web_ports[:webs]:
            self.house.wait_for_web(port)
        try:
            yield self.house.web_ports[:webs]
        finally:
            for service in running:
                service.stop()

    def _prepare(self, service: Service) -> None:
        """Put ``tests.bench.profiled`` in Daphne's place while a profile is taken, and back."""
        there = {"daphne", PROFILED} & set(service.command)
        for name in there:
            at = service.command.index(name)
            service.command[at] = PROFILED if self.profiled else "daphne"

    def web(self, number: int = 0) -> psutil.Process:
        process = self.house.webs[number].process
        return psutil.Process(process.pid if process else 0)

    def pid_of_worker(self, number: int = 0) -> int:
        process = self.house.workers[number].process
        return process.pid if process else 0

    @contextlib.contextmanager
    def naive(self, **options: Any) -> Iterator[tuple[int, psutil.Process]]:
        """Baselines (a) and (b), one process; gives its port and itself."""
        with self.naives(1, **options) as [one]:
            yield one

    @contextlib.contextmanager
    def naives(
        self,
        webs: int,
        *,
        database: str = "",
        save: bool = False,
        detoxify: bool = False,
        history: int = 0,
    ) -> Iterator[list[tuple[int, psutil.Process]]]:
        """The same room in several processes, as :meth:`ours` has them."""
        environment = {
            **self.house.environment,
            "DJANGO_SETTINGS_MODULE": "tests.bench.baselines.naive_settings",
            "REDIS_URL": self.house.redis_url,
            "NAIVE_DATABASE_URL": database or f"sqlite:///{self.folder}/naive.sqlite3",
            "NAIVE_SAVE": "1" if save else "",
            "NAIVE_DETOXIFY": "1" if detoxify else "",
            "NAIVE_HISTORY": str(history),
        }
        sync = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v", "0"]
        setup = Service("naive-migrate", sync, self.folder, env=environment)
        setup.start()
        if setup.process is None or setup.process.wait(60):
            raise RuntimeError("the naive room could not make its tables")
        with contextlib.ExitStack() as running:
            yield [running.enter_context(self._room(n, environment)) for n in range(webs)]

    @contextlib.contextmanager
    def _room(
        self, number: int, environment: dict[str, str]
    ) -> Iterator[tuple[int, psutil.Process]]:
        port = free_port()
        endpoint = f"tcp:port={port}:interface=127.0.0.1:backlog=2048"
        app = "tests.bench.baselines.room.asgi:application"
        command = [sys.executable, *DAPHNE, endpoint, app]
        service = Service(f"naive{number}", command, self.folder, env=environment)
        core = {number % (os.cpu_count() or 1)}
        with self._server(service, port, core) as process:
            yield port, process

    @contextlib.contextmanager
    def bare(self) -> Iterator[tuple[int, psutil.Process]]:
        """Baseline (c)."""
        port = free_port()
        module = "tests.bench.baselines.bare"
        command = [sys.executable, "-m", module, str(port), self.house.redis_url]
        service = Service("bare", command, self.folder, env=self.house.environment)
        with self._server(service, port, WEB_CORE) as process:
            yield port, process

    @contextlib.contextmanager
    def _server(self, service: Service, port: int, core: set[int]) -> Iterator[psutil.Process]:
        self._prepare(service)
        service.start()
        pin(service, core)
        try:
            wait_until(lambda: accepts(port), within=90, what=service.name)
            yield psutil.Process(service.process.pid if service.process else 0)
        finally:
            service.stop()

    def naive_database(self) -> str:
        """A database beside ours in the same PostgreSQL."""
        import psycopg

        with psycopg.connect(self.house.database_url, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'naive'")
            if known.fetchone() is None:
                connection.execute("CREATE DATABASE naive")
        return self.house.database_url.rpartition("/")[0] + "/naive"

    def lines(self, url: str) -> int:
        """What the naive rooms have saved there."""
        import psycopg

        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM room_line").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        self.house.stop()


@contextlib.contextmanager
def stage(*, sqlite: bool = False) -> Iterator[Stage]:
    """A stage in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="lantern-bench-") as folder:
        made = Stage(Path(folder), sqlite=sqlite)
        try:
            yield made
        finally:
            made.close()


def pin(service: Service, cores: set[int]) -> None:
    if service.process is not None:
        os.sched_setaffinity(service.process.pid, cores)


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def on_sqlite(seconds: float) -> dict[str, Any]:
    """The pairs over SQLite, in a program of its own: Django knows one database for life."""
    command = [sys.executable, "-m", "tests.bench.on_sqlite", str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
