"""The readers of this process: built at first use, because they are heavy, and built once.

Only a process that screens ever calls this, so only such a process loads the language model.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings

from moderation import watch
from moderation.classifiers.base import ENCODER, Classifier, Reading
from moderation.classifiers.choice import folder_of, is_whole
from moderation.classifiers.fast import folder_for, is_prepared
from moderation.classifiers.registry import BUILDERS, Unbuilt, build_readers, read_messages
from moderation.classifiers.shipped import CheckpointError, check_pinned, verified

log = logging.getLogger("lantern.screening")

REBUILD_AFTER_SECONDS = 60.0
"""A reader that could not be loaded is tried again this often: the cause may have been mended."""

SELF_CHECK = "It is a quiet evening and the lamp is on."

_lock = threading.Lock()
_built: tuple[Classifier, ...] = ()
_built_at: float | None = None
_instead = ""
"""Why the checkpoint that ships reads though another was set; empty where it does not."""


def use_readers(readers: Sequence[Classifier]) -> None:
    """Read with these instead; an empty sequence means: build them again at the next use."""
    global _built, _built_at
    with _lock:
        _built = tuple(readers)
        _built_at = time.monotonic() if readers else None


def readers() -> tuple[Classifier, ...]:
    """The readers of this process, in the order of the registry."""
    global _built, _built_at
    with _lock:
        broken = any(isinstance(reader, Unbuilt) for reader in _built)
        if _built_at is None or (broken and time.monotonic() - _built_at > REBUILD_AFTER_SECONDS):
            _built = _build()
            # After it: what takes long to fail must not go on at once.
            _built_at = time.monotonic()
        return _built


def _build() -> tuple[Classifier, ...]:
    global _instead
    checkpoint, sha256 = _checkpoint(), settings.DETOXIFY_SHA256
    built, _instead = build_from(checkpoint, sha256), ""
    if checkpoint is not None:
        for reader in built:
            if isinstance(reader, Unbuilt) and reader.name == ENCODER:
                _instead = f"not the model that was set: {cause_of(reader.cause)}"
                log.error("reader %s: %s. The one that ships reads instead", ENCODER, _instead)
    if _instead:
        built = build_from(None, "")
    for reader in built:
        if isinstance(reader, Unbuilt):
            log.error("reader %s not loaded: %s", reader.name, cause_of(reader.cause))
        elif slow := why_slow(reader):
            log.warning("reader %s reads slowly, by the library: %s", reader.name, slow)
    return built


def build_from(checkpoint: Path | None, sha256: str) -> tuple[Classifier, ...]:
    """All readers with this checkpoint (None: the one that ships), in its fast form if it can be.

    What cannot be loaded, or is not the one that was pinned, is ``Unbuilt``.
    """
    try:
        prepared = _prepared(checkpoint, sha256, log.info)
    except Exception as cause:  # noqa: BLE001 - without the fast form the library reads
        log.warning("no fast form of the classifier: %s", cause_of(cause))
        prepared = settings.PREPARED_DIR / "missing"
    try:
        check_pinned(checkpoint, sha256)
    except CheckpointError as cause:
        others = [name for name in BUILDERS if name != ENCODER]
        return (Unbuilt(ENCODER, cause), *build_readers(names=others))
    return build_readers(checkpoint=checkpoint, sha256=sha256, prepared=prepared)


def prepare_readers(say: Callable[[str], object]) -> Path:
    """The folder of the encoder's fast form, made first where it is missing: tens of seconds.

    Any number of processes may call it at once. Raises CheckpointError, or OSError where
    PREPARED_DIR cannot be written.
    """
    return _prepared(_checkpoint(), settings.DETOXIFY_SHA256, say)


def _prepared(checkpoint: Path | None, sha256: str, say: Callable[[str], object]) -> Path:
    check_pinned(checkpoint, sha256)
    if checkpoint is not None and not (checkpoint.is_dir() and is_whole(checkpoint)):
        checkpoint, sha256 = None, ""  # A published model reads beside the one that ships.
    folder = folder_for(verified(checkpoint, sha256), settings.PREPARED_DIR)
    if not is_prepared(folder, checkpoint):
        # Imported here: what writes the graph is not needed once it is written.
        from moderation.training.export import prepare_once

        prepare_once(checkpoint, sha256, folder, say)
    return folder


def why_slow(reader: Classifier) -> str:
    """Why a reader is not in its fast form; empty where it is, or has none."""
    return str(getattr(reader, "why_slow", ""))


def cause_of(error: Exception) -> str:
    """What an operator can act on. Only our own errors about checkpoints are known to be clean."""
    return str(error) if isinstance(error, CheckpointError) else type(error).__name__


def _checkpoint() -> Path | None:
    return folder_of(settings.DETOXIFY_MODEL, settings.VAR_DIR / "checkpoints")


def read(texts: Sequence[str], by: Sequence[Classifier]) -> list[Reading]:
    """Read every text with every reader; what could not be read says so in ``failed``.

    Raises ``watch.Hung`` where a reader stands still; the next reading is by new readers.
    """
    limit = watch.limit_for(len(texts))
    try:
        return watch.within(limit, lambda: read_messages(by, texts))
    except watch.NoRoom:
        raise
    except watch.Hung as hung:
        log.error("the readers stand still: %s; they are built anew", hung)
        use_readers(())
        raise


def all_can_read() -> bool:
    """Whether every reader reads a harmless sentence of ours right now."""
    try:
        return not read([SELF_CHECK], readers())[0].failed
    except watch.Hung:
        return False


def versions(of: Sequence[Classifier]) -> str:
    """Names and versions of these readers, as kept with every assessment."""
    return "; ".join(f"{reader.name} {reader.version}" for reader in of)[:200]


def state() -> str:
    """The same, and what an operator should mend, for staff and the worker's beat."""
    now = readers()
    slow = [f"{reader.name} is slow: {why}" for reader in now if (why := why_slow(reader))]
    other = [f"{ENCODER}: {_instead}"] if _instead else []
    return "; ".join([*other, versions(now), *slow])[:200]
