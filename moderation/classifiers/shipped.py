"""The checkpoint that ships: which one it is, and proof that its files are the ones we mean.

The digest stands in the code, so that changing weights is a change of code that somebody reviews.
Weights are safetensors: reading them runs nothing. A pickled checkpoint is never opened here.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

CHECKPOINTS: Final = Path(__file__).resolve().parent.parent / "checkpoints"
REPOSITORY: Final = CHECKPOINTS.parent.parent
SHIPPED: Final = "lantern"
SHIPPED_SHA256: Final = "3fe8f6b7e53bbe96868a064906a3899fb6da1c63052e8f871a35357f368e6b42"

FILES: Final = (
    "config.json",
    "detoxify.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)
"""All that is loaded from a checkpoint folder, in the order in which it is hashed."""

MAY_BE_THERE: Final = ("wording.safetensors",)
"""Loaded and hashed as well where a checkpoint has it."""

GOLDEN: Final = (
    "have a good day at school, see you at lunch",
    "you are a stupid ugly idiot and everyone hates you",
    "i want to kill myself tonight, i have a plan",
    "i cut myself again last night",
    "add me on another app, dont tell your mum",
)
"""Read at every start: a model that answers these otherwise than when it was made is not used."""


class CheckpointError(RuntimeError):
    """The checkpoint is not the one that was meant, or did not load whole."""


def digest(folder: Path) -> str:
    """SHA-256 over the "name sha256" lines of `FILES`. Raises CheckpointError if one is missing."""
    lines = []
    for name in (*FILES, *(name for name in MAY_BE_THERE if (folder / name).exists())):
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"the checkpoint {folder.name} has no {name}")
        lines.append(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def shipped_version() -> str:
    """The version of the checkpoint that ships, as its encoder names itself."""
    about: dict[str, Any] = json.loads((CHECKPOINTS / SHIPPED / "detoxify.json").read_text("utf-8"))
    return str(about["version"])


def check_pinned(folder: Path | None, sha256: str) -> None:
    """Raise CheckpointError where a checkpoint from outside the repository comes without a pin.

    Whoever can change its weights can change the file `SHA256` beside them: that one proves that
    nothing broke on the way, and is enough only where somebody reads what is put there.
    """
    if folder is None or sha256 or folder.resolve().is_relative_to(REPOSITORY):
        return
    raise CheckpointError(
        f"the checkpoint {folder.name} has no pin: set its SHA-256 beside its folder's setting"
    )


def verified(folder: Path | None, sha256: str = "") -> Path:
    """The folder to load, once its digest is the pinned one.

    None is the shipped checkpoint. A folder from elsewhere is checked against `sha256`, or, where
    none is given, against the file `SHA256` that the training command wrote beside it. Who reads
    people's messages with it asks `check_pinned` first.
    """
    if folder is None or folder.resolve() == CHECKPOINTS / SHIPPED:
        folder, sha256 = CHECKPOINTS / SHIPPED, SHIPPED_SHA256
    found = digest(folder)
    beside = folder / "SHA256"
    expected = sha256 or (beside.read_text(encoding="ascii").strip() if beside.is_file() else "")
    if found != expected:
        raise CheckpointError(f"the checkpoint {folder.name} does not have its pinned SHA-256")
    return folder
