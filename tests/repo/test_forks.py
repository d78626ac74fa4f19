"""Processes begun by a fork are what one begun by a command is, and outlive no test."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.forks import Forked, fork
from tests.servers import ROOT, wait_until

pytestmark = pytest.mark.linux

SAYS = """
import os, sys, threading
print(sys.argv[1:], os.getcwd(), os.environ.get("WORD"), os.environ.get("HOME"), __name__)
sys.stderr.write("and this\\n")
threading.Timer(0.1, lambda: print("a thread's last word")).start()
sys.exit(3)
"""
WAITS = "import signal\nsignal.pause()\n"
FORKS_AND_WAITS = """
import os, sys
from pathlib import Path
from tests.forks import fork
made = fork([sys.argv[1]], environment=os.environ, folder=Path("."), output=2)
print(made.pid, flush=True)
sys.stdin.read()
"""


def begin(folder: Path, program: str, *arguments: str, **environment: str) -> Forked:
    file, log = folder / "program.py", folder / "log"
    file.write_text(program, encoding="utf-8")
    with log.open("ab") as output:
        command = [str(file), *arguments]
        return fork(command, environment=environment, folder=folder, output=output.fileno())


def test_it_has_its_own_arguments_folder_environment_log_and_exit_code(tmp_path: Path) -> None:
    process = begin(tmp_path, SAYS, "--loud", WORD="lamp")

    assert process.wait(20) == process.poll() == 3
    said = (tmp_path / "log").read_text(encoding="utf-8")
    first = f"['--loud'] {tmp_path} lamp None __main__\n"
    assert sorted(said.splitlines(True)) == sorted([first, "and this\n", "a thread's last word\n"])


def test_it_can_be_waited_for_in_vain_frozen_and_killed(tmp_path: Path) -> None:
    process = begin(tmp_path, WAITS)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.1)
    process.send_signal(signal.SIGSTOP)
    wait_until(
        lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED,
        within=10,
        what="its standing still",
    )

    process.kill()

    assert process.wait(10) == -signal.SIGKILL
    assert not psutil.pid_exists(process.pid)


def test_an_error_at_its_top_is_in_its_log(tmp_path: Path) -> None:
    process = begin(tmp_path, "raise ValueError('no lamp')")

    assert process.wait(20) == 1
    assert (tmp_path / "log").read_text(encoding="utf-8").endswith("ValueError: no lamp\n")


def test_when_the_tests_are_killed_none_is_left(tmp_path: Path) -> None:
    waiter = tmp_path / "waiter.py"
    waiter.write_text(WAITS, encoding="utf-8")
    tests = subprocess.Popen(
        [sys.executable, "-c", FORKS_AND_WAITS, str(waiter)],
        cwd=ROOT,
        stdin=subprocess.PIPE,  # Its end is ours: it waits for no longer than we live.
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert tests.stdout is not None
    with tests.stdout as said:
        left = int(said.readline())

    tests.kill()
    tests.wait(10)

    wait_until(lambda: not psutil.pid_exists(left), within=20, what="its end")
