"""No reader may stand still for ever: it reads in a thread of its own, and is left when time is up.

A thread cannot be ended from outside, so one that hangs is left behind with the readers it holds,
and new readers are built. Code that never lets another thread run (one endless regular expression
does) stops the watch too: then the process itself is ended, so that whoever runs it starts it anew.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Final, TypeVar

T = TypeVar("T")

BASE_SECONDS = 20.0
SECONDS_PER_TEXT: Final = 0.5
"""A reader needs milliseconds for a text. A full batch may take less than its lease lasts."""

GRACE_SECONDS: Final = 30.0
"""So much later the process is ended, where not even the watch could move."""

MOST_LEFT: Final = 3
"""Threads left behind. Each holds a model in memory: past this nothing more is begun."""

GENTLY: Final = 5
"""How far a reading stands back (`nice`): beside a web server it gets a quarter of a processor."""

_left: list[threading.Thread] = []
_niceness = 0


class Hung(RuntimeError):
    """The readers gave no answer in their time."""


class NoRoom(Hung):
    """Nothing was begun: too many readings stand still already."""


def limit_for(texts: int) -> float:
    """Seconds that so many texts may take to be read."""
    return BASE_SECONDS + SECONDS_PER_TEXT * texts


def check_room() -> None:
    """Raise :class:`NoRoom` while too many readings stand still, so that no attempt is used up."""
    _left[:] = [thread for thread in _left if thread.is_alive()]
    if len(_left) >= MOST_LEFT:
        raise NoRoom(f"{len(_left)} readings stand still; restart this process")


def read_gently(niceness: int = GENTLY) -> None:
    """Let readings of this process stand back for everybody else's work on the machine.

    Somebody who comes in waits for milliseconds of work; a batch of readings is tens of them, and
    would have the processor just then. Only the reading stands back, never what keeps a verdict:
    that holds rows that others wait for. Not for a process that serves too: there a reading that
    stands back keeps Python's lock, and the web with it. Changes nothing where the system knows
    no priority of a thread.
    """
    global _niceness
    _niceness = niceness if sys.platform == "linux" else 0


def within(seconds: float, work: Callable[[], T]) -> T:
    """What ``work`` gives or raises. Raises :class:`Hung` when it takes longer than ``seconds``."""
    check_room()
    answer: Future[T] = Future()
    thread = threading.Thread(target=_run, args=(work, answer), name="reading", daemon=True)
    with _last_resort(seconds + GRACE_SECONDS):
        thread.start()
        try:
            return answer.result(seconds)
        except TimeoutError:
            if answer.done():
                raise
            _left.append(thread)
            raise Hung(f"no answer within {seconds:g} s") from None


def _run(work: Callable[[], T], answer: Future[T]) -> None:
    try:
        if _niceness:
            os.nice(_niceness)  # On Linux of this thread alone.
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the answer
        answer.set_exception(error)


@contextlib.contextmanager
def _last_resort(seconds: float) -> Iterator[None]:
    """End the process after ``seconds``, from outside Python, with the lines it stands in.

    Those are names of files and functions: no words of anybody.
    """
    stderr: Any = sys.__stderr__
    try:
        faulthandler.dump_traceback_later(seconds, exit=True, file=stderr)
    except (AttributeError, ValueError, RuntimeError, OSError):  # Nowhere to write to: no watch.
        yield
        return
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
