"""Real servers for tests: a private PostgreSQL and Redis, and Lantern itself in processes.

Nothing here needs a service of the machine: data lives in a temporary folder, ports are free ones,
and everything stops with whoever started it.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.forks import Forked, can_fork, fork

ROOT = Path(__file__).resolve().parent.parent
Process = subprocess.Popen[bytes] | Forked
STARTS_WITHIN = 60.0
STOPS_WITHIN = 20.0

# Of every process that is started from here: our PostgreSQL and its keys are nobody else's.
os.environ.setdefault("LANTERN_DEVELOPMENT", "yes")

UVICORN_OPTIONS = (
    *("--log-level", "warning", "--no-access-log", "--no-server-header", "--lifespan", "off"),
    "--no-proxy-headers",
    *("--ws-max-size", "65536", "--ws-per-message-deflate", "false"),
    *("--ws-ping-interval", "10", "--ws-ping-timeout", "15"),
    *("--timeout-graceful-shutdown", "10"),
)
DAPHNE_OPTIONS = (
    *("-v", "0", "--ping-interval", "10", "--ping-timeout", "15"),
    *("--websocket-max-message-size", "65536", "--websocket-max-frame-size", "65536"),
)
"""Each server with the options that the README gives it."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    true: Callable[[], object], *, within: float, what: str, every: float = 0.05
) -> None:
    """Look again and again; ``AssertionError`` naming ``what`` if it does not come about."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {within:.0f} s")
        pause.wait(every)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port: int) -> bool:
    """Whether a web says so. Asked many times a second while it starts beside us, so by the plain
    client: the other reads every certificate of the machine before each question.
    """
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asking.request("GET", "/readyz")
        return asking.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()


def find_postgres() -> Path | None:
    """The folder with ``initdb`` and ``postgres``; Debian keeps it off the PATH."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(found, key=lambda path: float(path.parts[-3]))
    return newest[-1].parent if newest else None


def find_nginx() -> str | None:
    """Debian keeps it off the PATH of everybody but root."""
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def _unprivileged() -> dict[str, object]:
    """PostgreSQL refuses to run as root; somebody else then has to."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    who = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def private_postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL of our own; gives its URL, with an empty database."""
    binaries = find_postgres()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed")
    data, log, who, port = folder / "data", folder / "log", _unprivileged(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    if who:
        os.chown(folder, who["user"], who["group"])  # type: ignore[arg-type]
    initdb = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "lantern", "-E", "UTF8"]
    subprocess.run(
        [*initdb, "--no-sync", "--locale=C"], check=True, stdout=subprocess.DEVNULL, **who
    )
    quick = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "port": str(port),
        "max_connections": "200",
    }
    options = [part for key, value in quick.items() for part in ("-c", f"{key}={value}")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options], stdout=output, stderr=output, **who
        )
    try:
        wait_until(lambda: _answers(port), within=STARTS_WITHIN, what="PostgreSQL's start")
        yield f"postgresql://lantern@127.0.0.1:{port}/postgres"
    finally:
        end(process, signal.SIGINT)


def _answers(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(f"postgresql://lantern@127.0.0.1:{port}/postgres").close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def private_redis(folder: Path, *, port: int = 0) -> Iterator[str]:
    """A Redis of our own that keeps nothing; gives its URL. A port makes it come back as before."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise RuntimeError("redis-server is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([binary, *options, "--dir", str(folder)], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: accepts(port), within=STARTS_WITHIN, what="Redis's start")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        end(process)


def end(process: Process, how: int = signal.SIGTERM) -> int:
    """Ask a process to end, and wait; it is killed if it does not."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOPS_WITHIN)
    return process.returncode


class Site:
    """Lantern in real processes over the database that the test itself uses.

    With Redis the web is ``daphne`` and the workers are ``run_workers``, as in production. Without,
    they are one ``serve`` process, since the in-memory layer reaches no other; workers started on
    their own then find their work by polling. Where it can be, each is a fork that has the
    libraries already; those of ``tests.faults`` and of ``make bench`` begin from nothing.

    ``LANTERN_TEST_SERVER=uvicorn`` in the environment puts the web behind that server instead.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}/socket"
        self.database_url = environment["DATABASE_URL"]
        self.environment = {**os.environ, **environment, "LANTERN_VAR": str(folder)}
        self.web: Process | None = None
        self.workers: dict[str, Process] = {}

    @property
    def is_embedded(self) -> bool:
        return not self.environment.get("REDIS_URL")

    def start(self) -> Site:
        """Web and workers, ready to serve."""
        if self.is_embedded:
            return self.start_web(with_workers=True)
        self.start_web()
        self.start_workers()
        return self

    def start_web(self, *, with_workers: bool = False) -> Site:
        """The web alone, on the same port as before; returns once it answers."""
        self.web = self._run("web", self._web_command(with_workers=with_workers))
        wait_until(self._is_ready, within=STARTS_WITHIN, what="the web's start")
        return self

    def _web_command(self, *, with_workers: bool) -> list[str]:
        """Quietly: a server's own log is of addresses and paths, and people type words there."""
        port, application = str(self.port), "config.asgi:application"
        if self.environment.get("LANTERN_TEST_SERVER") == "uvicorn" and not with_workers:
            return ["-m", "uvicorn", "--port", port, *UVICORN_OPTIONS, application]
        if self.is_embedded:
            alone = [] if with_workers else ["--no-workers"]
            return ["manage.py", "serve", "--port", port, *alone]
        endpoint = f"tcp:port={port}:interface=127.0.0.1:backlog=2048"
        return ["-m", "daphne", *DAPHNE_OPTIONS, "-e", endpoint, application]

    def start_workers(self, *only: str) -> Process:
        """The workers, or those named, in one process of their own."""
        chosen = [part for name in only for part in ("--only", name)]
        name = "+".join(only) or "all"
        self.workers[name] = self._run(f"workers-{name}", ["manage.py", "run_workers", *chosen])
        return self.workers[name]

    def kill_web(self) -> None:
        """As the machine would: at once, in the middle of whatever it does."""
        if self.web:
            self.web.kill()
            self.web.wait(STOPS_WITHIN)

    def kill_workers(self) -> None:
        for process in self.workers.values():
            process.kill()
            process.wait(STOPS_WITHIN)
        self.workers.clear()

    def stop_web(self) -> int | None:
        return end(self.web) if self.web else None

    def stop_workers(self) -> list[int]:
        codes = [end(process) for process in self.workers.values()]
        self.workers.clear()
        return codes

    def stop(self) -> None:
        """Everything, in order."""
        self.stop_workers()
        self.stop_web()

    def log(self) -> str:
        """Whatever its processes have written so far."""
        return "\n".join(path.read_text("utf-8", "replace") for path in self.folder.glob("*.log"))

    def _is_ready(self) -> bool:
        if self.web is not None and self.web.poll() is not None:
            raise AssertionError(f"the web ended at its start:\n{self.log()[-3000:]}")
        return is_ready(self.port)

    def _run(self, name: str, command: list[str]) -> Process:
        with (self.folder / f"{name}.log").open("ab") as output:
            if can_fork():
                return fork(
                    command, environment=self.environment, folder=ROOT, output=output.fileno()
                )
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
