"""The processes of a run, and every way to break one: all of them real."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.servers import (
    DAPHNE_OPTIONS,
    ROOT,
    _answers,
    _unprivileged,
    accepts,
    end,
    find_postgres,
    free_port,
    wait_until,
)

STARTS_WITHIN = 90.0


class Service:
    """One process that can be killed, frozen and started again at the same address."""

    def __init__(self, name: str, command: list[Any], folder: Path, **options: Any) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.folder = folder
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None
        self.wanted = False
        """Whether it should be running now; what is wanted and gone ended by itself."""

        self.frozen = False

    def start(self) -> None:
        self.wanted, self.frozen = True, False
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                **self.options,
            )

    def tell(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    @property
    def is_gone(self) -> bool:
        """Ended although nobody here ended it."""
        return self.wanted and self.process is not None and self.process.poll() is not None

    def freeze(self) -> None:
        self.frozen = True
        self.tell(signal.SIGSTOP)

    def thaw(self) -> None:
        self.frozen = False
        self.tell(signal.SIGCONT)

    def kill(self) -> None:
        self.wanted = False
        self.tell(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(20)

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.wanted = False
        return end(self.process, how) if self.process is not None else 0


def database_url(port: int) -> str:
    return f"postgresql://lantern@127.0.0.1:{port}/postgres"


def redis_url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"


class House:
    """PostgreSQL, Redis, web processes and workers."""

    def __init__(
        self, folder: Path, *, webs: int = 2, workers: int = 2, **environment: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self.folder = folder
        self.database_port, self.redis_port = free_port(), free_port()
        self.database_url = database_url(self.database_port)
        self.redis_url = redis_url(self.redis_port)
        self.environment = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "LANTERN_VAR": str(folder),
            **environment,
        }
        self.postgres = self._postgres()
        self.redis = Service("redis", self._redis_command(), folder)
        self.web_ports = [free_port() for _ in range(webs)]
        self.webs = [self._web(port) for port in self.web_ports]
        self.workers = [
            self._python(f"worker{n}", "manage.py", "run_workers") for n in range(workers)
        ]

    def _postgres(self) -> Service:
        binaries = find_postgres()
        if binaries is None:
            raise RuntimeError("PostgreSQL is not installed")
        who = _unprivileged()
        home = self.folder / "postgres"
        home.mkdir(exist_ok=True)
        if who:
            os.chown(home, who["user"], who["group"])  # type: ignore[arg-type]
        data = home / "data"
        subprocess.run(
            [
                *(binaries / "initdb", "-D", data, "-A", "trust", "-U", "lantern"),
                *("-E", "UTF8", "--no-sync", "--locale=C"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **who,
        )
        # A commit is written before it is acknowledged; only the machine's own power is trusted.
        settings = {
            "fsync": "off",
            "synchronous_commit": "on",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(self.database_port),
            "max_connections": "200",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return Service(
            "postgres", [binaries / "postgres", "-D", data, *options], self.folder, **who
        )

    def _redis_command(self) -> list[Any]:
        binary = shutil.which("redis-server")
        if binary is None:
            raise RuntimeError("redis-server is not installed")
        quiet = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder]
        return [binary, "--port", self.redis_port, *quiet]

    def _python(self, name: str, *command: str) -> Service:
        return Service(name, [sys.executable, *command], self.folder, env=self.environment)

    def _web(self, port: int) -> Service:
        endpoint = f"tcp:port={port}:interface=127.0.0.1:backlog=2048"
        options = [*DAPHNE_OPTIONS, "-e", endpoint]
        return self._python(f"web{port}", "-m", "daphne", *options, "config.asgi:application")

    # Starting and waiting.

    def start_stores(self) -> None:
        self.postgres.start()
        self.redis.start()
        wait_until(lambda: _answers(self.database_port), within=STARTS_WITHIN, what="PostgreSQL")
        wait_until(lambda: accepts(self.redis_port), within=STARTS_WITHIN, what="Redis")

    def start_site(self) -> None:
        for service in (*self.webs, *self.workers):
            service.start()
        for port in self.web_ports:
            self.wait_for_web(port)

    @property
    def store_ports(self) -> tuple[int, int]:
        """PostgreSQL's and Redis's."""
        return self.database_port, self.redis_port

    def by_way_of(self, *, database: int, bell: int) -> None:
        """Let web and workers, from their next start on, find the stores behind these ports."""
        self.environment |= {"DATABASE_URL": database_url(database), "REDIS_URL": redis_url(bell)}

    @property
    def services(self) -> list[Service]:
        return [*self.webs, *self.workers, self.redis, self.postgres]

    def start_what_is_gone(self) -> list[str]:
        """Start again what ended by itself, as whoever minds a server does; returns the names."""
        gone = [service for service in self.services if service.is_gone]
        for service in gone:
            service.start()
        return [service.name for service in gone]

    def database_answers(self) -> bool:
        return _answers(self.database_port)

    def wait_for_web(self, port: int) -> None:
        wait_until(lambda: accepts(port), within=STARTS_WITHIN, what="a web process")

    def stop(self) -> None:
        """Everything, in order; frozen ones are thawed first."""
        for service in self.services:
            service.thaw()
        for service in (*self.webs, *self.workers):
            service.tell(signal.SIGTERM)
        for service in (*self.webs, *self.workers, self.redis):
            service.stop()
        self.postgres.stop(signal.SIGINT)
