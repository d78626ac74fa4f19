"""What a pickled checkpoint may do while it is opened: read, and write in its own folder."""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from moderation.classifiers import unpickle


class Calls:
    """A pickle that calls a function when it is opened, and is what that returned."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.arguments


BELTED = """
import pickle, runpy, sys
from pathlib import Path
runpy.run_path(sys.argv[1])["refuse_the_rest"](Path(sys.argv[2]))
pickle.load(sys.stdin.buffer)
"""
"""A process that opens a pickle as the sandbox does, without the seconds that torch takes."""


def belted(call: Calls, out: Path) -> subprocess.CompletedProcess[bytes]:
    arguments = [sys.executable, "-I", "-c", BELTED, str(Path(unpickle.__file__)), str(out)]
    return subprocess.run(arguments, input=pickle.dumps(call), capture_output=True)


@pytest.mark.parametrize(
    "call",
    [
        Calls(os.system, "touch it-ran"),
        Calls(subprocess.getoutput, "touch it-ran"),
        Calls(os.posix_spawn, "/bin/true", ["true"], {}),
        Calls(os.execv, "/bin/true", ["true"]),
        Calls(os.fork),
        Calls(os.kill, os.getpid(), 0),
        Calls(socket.create_connection, ("127.0.0.1", 9)),
        Calls(socket.getaddrinfo, "localhost", 9),
        Calls(open, "it-ran", "w"),
        Calls(os.open, "it-ran", os.O_CREAT | os.O_WRONLY),
    ],
    ids=lambda call: call.function.__qualname__,
)
def test_nothing_that_reaches_out_gets_past_the_hook(
    call: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    done = belted(call, tmp_path / "out")
    assert done.returncode == 1
    assert b"PermissionError: a checkpoint tried" in done.stderr
    assert not (tmp_path / "it-ran").exists()
    assert belted(Calls(open, str(tmp_path / "out" / "file"), "w"), tmp_path / "out").stderr == b""


@pytest.mark.parametrize(
    "call",
    [
        Calls(os.remove, "theirs"),
        Calls(os.rmdir, "empty"),
        Calls(os.mkdir, "new"),
        Calls(os.truncate, "theirs", 0),
        Calls(os.chmod, "theirs", 0o777),
        Calls(os.chown, "theirs", -1, -1),
        Calls(os.utime, "theirs", (0, 0)),
        Calls(os.rename, "theirs", "out/moved"),
        Calls(os.replace, "out/ours", "theirs"),
        Calls(os.link, "theirs", "out/linked"),
        Calls(os.symlink, "theirs", "out/linked"),
        Calls(os.open, "theirs", os.O_RDONLY | os.O_TRUNC),
        Calls(shutil.rmtree, "full"),
        Calls(shutil.move, "theirs", "moved"),
        Calls(sqlite3.connect, "theirs"),
        Calls(os.remove, "out/../theirs"),
        Calls(os.remove, "leads-to-ours"),
        Calls(os.remove, "out/leads-to-theirs"),
    ],
    ids=lambda call: f"{call.function.__qualname__} {call.arguments[0]}",
)
def test_nothing_that_lies_elsewhere_is_changed_moved_or_removed(
    call: Calls, tmp_path: Path
) -> None:
    out = _with_files(tmp_path)
    before = _all_that_lies_in(tmp_path)
    whole = [str(tmp_path / one) if isinstance(one, str) else one for one in call.arguments]
    done = belted(Calls(call.function, *whole), out)
    assert b"PermissionError: a checkpoint tried" in done.stderr
    assert _all_that_lies_in(tmp_path) == before


def test_a_file_is_not_reached_through_an_open_folder_or_an_open_file(tmp_path: Path) -> None:
    out = _with_files(tmp_path)
    before = _all_that_lies_in(tmp_path)
    folder = Calls(os.open, str(tmp_path), os.O_RDONLY)
    for call in (
        Calls(partial(os.remove, "theirs", dir_fd=folder)),
        Calls(partial(os.open, "theirs", os.O_WRONLY | os.O_TRUNC, dir_fd=folder)),
        Calls(os.fchmod, Calls(os.open, str(tmp_path / "theirs"), os.O_RDONLY), 0o777),
    ):
        assert b"PermissionError: a checkpoint tried" in belted(call, out).stderr
    assert _all_that_lies_in(tmp_path) == before


def test_in_its_own_folder_it_may_do_as_it_likes(tmp_path: Path) -> None:
    out = _with_files(tmp_path)
    ours = str(out / "ours")
    for call in (
        Calls(os.mkdir, str(out / "more")),
        Calls(os.truncate, ours, 0),
        Calls(os.rename, ours, str(out / "more" / "ours")),
        Calls(os.remove, str(out / "more" / "ours")),
    ):
        assert belted(call, out).stderr == b""


def _with_files(folder: Path) -> Path:
    """Files and links of somebody else, and the folder that a pickle may write in."""
    out = folder / "out"
    for made in (out, folder / "full", folder / "empty"):
        made.mkdir()
    for file in (out / "ours", folder / "theirs", folder / "full" / "theirs"):
        file.write_text("words", encoding="utf-8")
    (folder / "leads-to-ours").symlink_to(out / "ours")
    (out / "leads-to-theirs").symlink_to(folder / "theirs")
    return out


def _all_that_lies_in(folder: Path) -> dict[Path, tuple[int, int, bytes]]:
    found = {}
    for path in folder.rglob("*"):
        about = path.lstat()
        words = path.read_bytes() if path.is_file() else b""
        found[path] = (about.st_mode, about.st_mtime_ns, words)
    return found
