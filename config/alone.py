"""One process may serve over the in-memory layer: it reaches no other, so a second would be deaf.

People on the second would see nothing of what happens on the first, and nobody would be told.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO

_held: dict[Path, TextIO] = {}
"""The folders that this process holds, until it ends."""


class AlreadyServing(Exception):
    """Another process serves from the same folder."""


def claim_folder(folder: Path) -> None:
    """Hold the folder until this process ends; raises :class:`AlreadyServing`.

    Again in the same process it changes nothing. The system lets go of it when the process dies,
    however it dies.
    """
    folder = folder.resolve()
    if folder in _held:
        return
    folder.mkdir(parents=True, exist_ok=True)
    # Not "w": a second one must not empty what the first wrote.
    handle = (folder / "serve.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise AlreadyServing from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    _held[folder] = handle
