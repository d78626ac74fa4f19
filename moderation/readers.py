"""The readers of this process: built at first use, because they are heavy, and built once.

Only a process that screens ever calls this, so only such a process loads the language model.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from chat.kernel import clock
from moderation.classifiers.base import Classifier, Reading
from moderation.classifiers.choice import folder_of
from moderation.classifiers.registry import Unbuilt, build_readers, read_messages
from moderation.classifiers.shipped import CheckpointError

log = logging.getLogger("lantern.screening")

REBUILD_AFTER = dt.timedelta(seconds=60)
"""A reader that could not be loaded is tried again this often: the cause may have been mended."""

SELF_CHECK = "It is a quiet evening and the lamp is on."

_lock = threading.Lock()
_built: tuple[Classifier, ...] = ()
_built_at: dt.datetime | None = None


def use_readers(readers: Sequence[Classifier]) -> None:
    """Read with these instead; an empty sequence means: build them again at the next use."""
    global _built, _built_at
    with _lock:
        _built = tuple(readers)
        _built_at = clock.now() if readers else None


def readers() -> tuple[Classifier, ...]:
    """The readers of this process, in the order of the registry."""
    global _built, _built_at
    with _lock:
        broken = any(isinstance(reader, Unbuilt) for reader in _built)
        now = clock.now()
        if _built_at is None or (broken and now - _built_at > REBUILD_AFTER):
            _built, _built_at = (
                build_readers(checkpoint=_checkpoint(), sha256=settings.DETOXIFY_SHA256),
                now,
            )
            for reader in _built:
                if isinstance(reader, Unbuilt):
                    log.error("reader %s not loaded: %s", reader.name, _cause(reader.cause))
        return _built


def _cause(error: Exception) -> str:
    """What an operator can act on. Only our own errors about checkpoints are known to be clean."""
    return str(error) if isinstance(error, CheckpointError) else type(error).__name__


def _checkpoint() -> Path | None:
    return folder_of(settings.DETOXIFY_MODEL, settings.VAR_DIR / "checkpoints")


def read(texts: Sequence[str]) -> list[Reading]:
    """Read every text with every reader; what could not be read says so in ``failed``."""
    return read_messages(readers(), texts)


def all_can_read() -> bool:
    """Whether every reader reads a harmless sentence of ours right now."""
    return not read([SELF_CHECK])[0].failed


def versions() -> str:
    """Names and versions of the readers, as kept with every assessment."""
    return "; ".join(f"{reader.name} {reader.version}" for reader in readers())[:200]
