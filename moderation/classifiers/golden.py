"""A few sentences that every reader of rules must answer, tried each time one is built.

A file of patterns that was cut short, emptied or compiled otherwise still reads without an error
and finds nothing. The encoder has its own sentences, with the answers it gave when it was made.
"""

from collections.abc import Mapping
from typing import Final

from moderation.classifiers.base import APPROACH, CONTACT, PATTERNS, Classifier
from moderation.classifiers.labels import Label
from moderation.classifiers.shipped import CheckpointError

COUNTS: Final = 0.5
CALM: Final = ("the lamp is on and it is a quiet evening", "see you at lunch, good luck today")

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    PATTERNS: {
        "i want to kill myself tonight": Label.INTENT_OR_PLAN,
        "i want to die": Label.IDEATION,
        "i cut myself again last night": Label.SELF_HARM,
    },
    CONTACT: {
        "text me on 07700 900123": Label.CONTACT_MOVE,
        "add me on snapchat, im foxlamp_99": Label.CONTACT_MOVE,
    },
    APPROACH: {
        "how old are you?": "asks_age",
        "dont tell your mum about us": "asks_secrecy",
        "send me a pic of you": "asks_picture",
    },
}
"""What must be found, by reader and sentence. Nothing may be found in the calm ones."""


def proved(reader: Classifier) -> Classifier:
    """The reader, once it answered its sentences. Raises CheckpointError if it did not."""
    wanted = SENTENCES[reader.name]
    answers = reader.read([*wanted, *CALM])
    found = [{str(s.label) for s in answer if s.score >= COUNTS} for answer in answers]
    expected = list(wanted.values())
    missed = any(label not in labels for label, labels in zip(expected, found, strict=False))
    if len(found) != len(expected) + len(CALM) or missed or any(found[len(expected) :]):
        raise CheckpointError(f"the {reader.name} reader does not answer its golden sentences")
    return reader
