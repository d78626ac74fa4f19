"""Which checkpoint a setting names. Light: loads no library that only a reader needs."""

import json
from pathlib import Path
from typing import Any, Final

from moderation.classifiers.labels import CRISIS, SAFEGUARDING
from moderation.classifiers.shipped import CheckpointError

KNOWN: Final = ("original", "unbiased", "multilingual", "original-small", "unbiased-small")
"""The names the library has for what was published."""

RENAMED: Final = {
    "toxic": "toxicity",
    "severe_toxic": "severe_toxicity",
    "identity_hate": "identity_attack",
}
"""As the library renames them."""


def folder_of(name: str, converted: Path) -> Path | None:
    """The folder that a `DETOXIFY_MODEL` names; None for the checkpoint that ships."""
    if name == "bundled":
        return None
    return converted / name if name in KNOWN else Path(name)


def check_folder(folder: Path) -> None:
    """Raises CheckpointError, saying what to do, where nothing was converted yet."""
    if folder.is_file():
        raise CheckpointError(
            f"{folder.name} is a file; convert it first: manage.py convert_checkpoint"
        )
    if not folder.is_dir():
        raise CheckpointError(
            f"there is no checkpoint folder {folder.name}: manage.py convert_checkpoint makes it"
        )


def labels_of(folder: Path) -> tuple[str, ...]:
    """The labels of a checkpoint folder, by the names we use."""
    try:
        about: dict[str, Any] = json.loads((folder / "detoxify.json").read_text("utf-8"))
        classes: list[str] = about["config"]["dataset"]["args"]["classes"]
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"the checkpoint {folder.name} has no readable labels") from error
    return tuple(RENAMED.get(name, name) for name in classes)


def is_whole(folder: Path) -> bool:
    """Whether a checkpoint speaks of crisis too, and so can read alone."""
    return set(labels_of(folder)) >= {str(label) for label in (*CRISIS, *SAFEGUARDING)}
