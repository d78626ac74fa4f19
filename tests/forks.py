"""Processes of ours that begin with the libraries loaded already.

A web loads Django, Twisted, Daphne and many more before it reads its first setting, and most of
what its start costs is that. Here one process loads them once, and each start is a fork of it that
gets an environment, a folder and a log of its own and then runs the same command. It is a process
like any other: it can be asked to end, frozen and killed, and says how it ended.

    python -m tests.forks NUMBER    # serves the socket of that number; started by ``fork``
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LONGEST_ORDER = 1 << 20

LIBRARIES = (
    *("logging.config", "sqlite3", "zoneinfo", "concurrent.futures", "multiprocessing"),
    *("django.core.management", "django.core.handlers.asgi", "django.contrib.auth.hashers"),
    *("django.contrib.staticfiles.storage", "django.template.backends.django", "django.forms"),
    *("django.db.migrations.executor", "django.db.backends.sqlite3.base"),
    *("django.db.backends.postgresql.base", "django.contrib.postgres.indexes"),
    *("twisted.internet.asyncioreactor", "twisted.internet.endpoints", "twisted.web.http"),
    *("autobahn.twisted.websocket", "channels.routing", "channels_redis.core", "psycopg_pool"),
    *("argon2", "cryptography.hazmat.primitives.ciphers.aead", "msgspec", "prometheus_client"),
)
"""What asks for no settings, starts no threads and makes no event loop: Daphne does, and so do
those that the readers need, which a web must not hold."""


def can_fork() -> bool:
    """Only Linux tells of a child's end by a file, and lets libraries be forked safely."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


# In the process of the tests.


class Forked:
    """A process by its few methods of ``subprocess.Popen`` that tests use."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self.returncode: int | None = None
        self.pid = self._hear()

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self.returncode = self._hear()
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            # Between its end and our word of it the number is still its own or nobody's.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _hear(self) -> int:
        word = self._line.recv(100)
        if not word:
            raise RuntimeError("whoever starts the processes of tests has ended")
        return int(word)


def fork(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, output: int
) -> Forked:
    """Start Python with these arguments: ``-m MODULE ...`` or ``FILE.py ...``."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order = {"command": list(command), "environment": dict(environment), "folder": str(folder)}
    with theirs:
        socket.send_fds(_server(), [json.dumps(order).encode()], [theirs.fileno(), output])
    return Forked(ours)


@functools.cache
def _server() -> socket.socket:
    """The way to the process that forks; it ends with us, and takes along what it has started."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", str(number)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # As for a log: a terminal would be written to by lines.
            pass_fds=[number],
        )

    def end() -> None:
        ours.close()
        process.wait(20)

    atexit.register(end)
    return ours


# In the process that forks.


@dataclass(frozen=True)
class Order:
    command: list[str]
    environment: dict[str, str]
    folder: str


def load() -> None:
    """Everything that a start may find here already."""
    for name in LIBRARIES:
        importlib.import_module(name)
    running = os.listdir("/proc/self/task")
    if len(running) > 1:  # A fork has only one thread, and the locks of all the others.
        raise SystemExit(f"{len(running)} threads run after loading: one of LIBRARIES starts them")
    gc.collect()
    gc.freeze()


def take_orders(control: socket.socket) -> Order | None:
    """Start what is asked for. Returns the order in the process that is to carry it out, and
    ``None`` in this one when nobody can ask any more.
    """
    watched = selectors.PollSelector()
    watched.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in watched.select():
            if key.fileobj is not control:
                _tell_the_end(watched, key)
                continue
            words, files, _, _ = socket.recv_fds(control, LONGEST_ORDER, 2)
            if not words:
                _end_all(watched)
                return None
            line, output = socket.socket(fileno=files[0]), files[1]
            pid = os.fork()
            if pid == 0:
                _let_go(watched, line)
                _write_to(output)
                return Order(**json.loads(words))
            os.close(output)
            line.send(str(pid).encode())
            watched.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, line))


def _tell_the_end(watched: selectors.PollSelector, key: selectors.SelectorKey) -> None:
    pid, line = key.data
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(OSError):  # Nobody may want to know.
        line.send(str(code).encode())
    _drop(watched, key)


def _end_all(watched: selectors.PollSelector) -> None:
    for key in list(watched.get_map().values()):
        if key.data:
            os.kill(key.data[0], signal.SIGKILL)
            _tell_the_end(watched, key)


def _let_go(watched: selectors.PollSelector, *others: socket.socket) -> None:
    """In a fork: whatever belongs to the one it came from."""
    for key in list(watched.get_map().values()):
        _drop(watched, key)
    for line in others:
        line.close()


def _drop(watched: selectors.PollSelector, key: selectors.SelectorKey) -> None:
    watched.unregister(key.fileobj)
    if key.data:
        os.close(key.fd)
        key.data[1].close()
    else:
        control: Any = key.fileobj
        control.close()


def _write_to(output: int) -> None:
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)


def carry_out(order: Order) -> None:
    """As the interpreter would with these arguments."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.folder)
    if order.command[0] == "-m":
        _, module, *arguments = order.command
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(order.command)
        runpy.run_path(order.command[0], run_name="__main__")


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, who then end us.
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    load()
    order = take_orders(control)
    if order is not None:
        carry_out(order)


if __name__ == "__main__":
    main()
