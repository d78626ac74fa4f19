"""The names of everything a reader can say about a message.

The six toxicity names, and `sexual_explicit`, are those of the Detoxify library. The crisis and
safeguarding names are ours; `crisis_patterns.yaml`, the corpus folders and the checkpoint all use
them.
"""

from enum import StrEnum
from typing import Final


class Label(StrEnum):
    """One thing that may be true of a message. A message can carry several."""

    TOXICITY = "toxicity"
    SEVERE_TOXICITY = "severe_toxicity"
    OBSCENE = "obscene"
    THREAT = "threat"
    INSULT = "insult"
    IDENTITY_ATTACK = "identity_attack"

    IDEATION = "ideation"
    INTENT_OR_PLAN = "intent_or_plan"
    SELF_HARM = "self_harm"
    METHOD_SEEKING = "method_seeking"
    WORRIED_ABOUT_FRIEND = "worried_about_friend"
    PAST_OR_RECOVERY = "past_or_recovery"
    ABUSE_DISCLOSURE = "abuse_disclosure"
    EATING_DISORDER = "eating_disorder"
    DISTRESS = "distress"

    CONTACT_MOVE = "contact_move"
    GROOMING = "grooming"

    SEXUAL_EXPLICIT = "sexual_explicit"


TOXICITY: Final = (
    Label.TOXICITY,
    Label.SEVERE_TOXICITY,
    Label.OBSCENE,
    Label.THREAT,
    Label.INSULT,
    Label.IDENTITY_ATTACK,
)
"""Detoxify's labels, in the order of its `original` model."""

DANGER: Final = (
    Label.IDEATION,
    Label.INTENT_OR_PLAN,
    Label.SELF_HARM,
    Label.METHOD_SEEKING,
)
"""The writer may be a danger to themselves, or has just been hurt by themselves."""

CRISIS: Final = (
    *DANGER,
    Label.WORRIED_ABOUT_FRIEND,
    Label.PAST_OR_RECOVERY,
    Label.ABUSE_DISCLOSURE,
    Label.EATING_DISORDER,
    Label.DISTRESS,
)
"""Everything about the person who writes, whether or not it needs an answer at once."""

SAFEGUARDING: Final = (Label.CONTACT_MOVE, Label.GROOMING)
"""Somebody may be trying to take a young person out of the room."""

PUBLISHED_ONLY: Final = (Label.SEXUAL_EXPLICIT,)
"""What only some checkpoints that others published read for, beside the one that ships."""

ALL: Final = (*TOXICITY, *CRISIS, *SAFEGUARDING)
"""Every label, in the order of the outputs of the checkpoint that ships."""
