"""The one list of readers, and the one way to read: all of them, always.

A reader that fails on a batch is asked again text by text, so that one poisonous text cannot leave
its neighbours unread. What still fails is named in `Reading.failed`, never passed over in silence.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moderation.classifiers.base import (
    APPROACH,
    CONTACT,
    ENCODER,
    PATTERNS,
    Classifier,
    Reading,
    Signal,
)
from moderation.classifiers.choice import check_folder, is_whole
from moderation.classifiers.golden import proved

Answer = tuple[Signal, ...] | None


@dataclass(frozen=True, slots=True)
class Given:
    """What the readers are built from; see `build_readers`."""

    checkpoint: Path | None = None
    sha256: str = ""
    prepared: Path | None = None


def _encoder(given: Given) -> Classifier:
    from moderation.classifiers.encoder import Encoder
    from moderation.classifiers.published import with_published

    if given.checkpoint is not None:
        check_folder(given.checkpoint)
        if not is_whole(given.checkpoint):
            ours = Encoder.load(prepared=given.prepared)
            return with_published(given.checkpoint, given.sha256, ours)
    return Encoder.load(given.checkpoint, given.sha256, given.prepared)


def _patterns(given: Given) -> Classifier:
    from moderation.classifiers.patterns import PatternReader

    return proved(PatternReader())


def _contact(given: Given) -> Classifier:
    from moderation.classifiers.contact import ContactReader

    return proved(ContactReader())


def _approach(given: Given) -> Classifier:
    from moderation.classifiers.approach import ApproachReader

    return proved(ApproachReader())


BUILDERS: Final[Mapping[str, Callable[[Given], Classifier]]] = {
    ENCODER: _encoder,
    PATTERNS: _patterns,
    CONTACT: _contact,
    APPROACH: _approach,
}
"""Every reader there is. To add one: write it, name it here, and give its labels to the policy."""


class Unbuilt:
    """Stands in for a reader that could not be loaded: every text stays unread by it."""

    def __init__(self, name: str, cause: Exception) -> None:
        self.name = name
        self.version = "unavailable"
        self.cause = cause

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        """Raise: nothing was read."""
        raise RuntimeError(f"the {self.name} reader is not loaded")


def build_readers(
    *,
    checkpoint: Path | None = None,
    sha256: str = "",
    prepared: Path | None = None,
    names: Sequence[str] = tuple(BUILDERS),
) -> tuple[Classifier, ...]:
    """Build the named readers, all by default.

    `checkpoint` is a folder and `sha256` its digest; None means the one that ships. `prepared` is
    the folder of its fast form, used where it can be trusted. A reader that cannot be built is
    replaced by `Unbuilt`: its absence shows in every reading, and screening goes on.
    """
    given = Given(checkpoint, sha256, prepared)
    readers: list[Classifier] = []
    for name in names:
        try:
            readers.append(BUILDERS[name](given))
        except Exception as cause:  # noqa: BLE001 - a missing reader must show, not stop the rest
            readers.append(Unbuilt(name, cause))
    return tuple(readers)


def read_messages(readers: Sequence[Classifier], texts: Sequence[str]) -> list[Reading]:
    """Read every text with every reader. Never raises for what a reader does."""
    answers = [(reader.name, _answers(reader, texts)) for reader in readers]
    readings = []
    for index in range(len(texts)):
        signals: list[Signal] = []
        failed = []
        for name, by_text in answers:
            answer = by_text[index]
            if answer is None:
                failed.append(name)
            else:
                signals.extend(answer)
        readings.append(Reading(tuple(signals), tuple(failed)))
    return readings


def _answers(reader: Classifier, texts: Sequence[str]) -> list[Answer]:
    together = _ask(reader, texts)
    if together is not None and len(together) == len(texts):
        return [_finite(answer) for answer in together]
    return [_alone(reader, text) for text in texts]


def _alone(reader: Classifier, text: str) -> Answer:
    answer = _ask(reader, [text])
    return _finite(answer[0]) if answer is not None and len(answer) == 1 else None


def _ask(reader: Classifier, texts: Sequence[str]) -> list[tuple[Signal, ...]] | None:
    try:
        return reader.read(texts)
    except Exception:  # noqa: BLE001 - whatever went wrong, the answer is "not read"
        return None


def _finite(signals: tuple[Signal, ...]) -> Answer:
    """NaN compares False with every threshold, so it would publish: treat it as not read."""
    return signals if all(math.isfinite(signal.score) for signal in signals) else None
