"""The policy's table: what each label means here, in the order of weight. Data, no decisions.

A change here is a change of what happens to people. Raise `POLICY_VERSION` with it: every verdict
is stored with the version that gave it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from moderation.classifiers.base import CONTACT, PATTERNS
from moderation.classifiers.labels import Label

POLICY_VERSION: Final = "2026-11.14"

Action = Literal["publish", "hold"]
Harm = Literal["danger", "safeguarding", "abuse", "contact", "unread", "routine"]
Urgency = Literal["immediate", "urgent", "soon", ""]
Notice = Literal["none", "held_for_person", "door", "contact_details", "unread"]

HARMS: Final[tuple[Harm, ...]] = (
    "danger",
    "safeguarding",
    "abuse",
    "contact",
    "unread",
    "routine",
)
"""Bands of the review list, worst first."""

URGENCIES: Final[tuple[Urgency, ...]] = ("immediate", "urgent", "soon", "")
"""Hints for the case, fastest first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one label means here.

    `threshold` is for the encoder's probability, chosen on the development sets; a rule of the
    pattern and contact readers fires at `RULE_THRESHOLD`. `words` are for staff.
    """

    threshold: float
    words: str
    harm: Harm
    hold: bool = False
    door: bool = False
    case: bool = False
    urgency: Urgency = ""


RULE_THRESHOLD: Final = 0.5
"""Explicit patterns give fixed scores: 0.5 and above counts, below is shown and decides nothing."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        Label.INTENT_OR_PLAN: Rule(
            0.93,
            "The writer may mean to end their life, or has a plan",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="immediate",
        ),
        Label.METHOD_SEEKING: Rule(
            0.5,
            "The writer may be asking how to hurt themselves",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="immediate",
        ),
        Label.IDEATION: Rule(
            0.955,
            "The writer may be thinking about dying",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="urgent",
        ),
        Label.SELF_HARM: Rule(
            0.8,
            "The writer may be hurting themselves",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="urgent",
        ),
        Label.ABUSE_DISCLOSURE: Rule(
            0.25,
            "The writer may be telling us that somebody hurts them",
            "safeguarding",
            hold=True,
            door=True,
            case=True,
            urgency="urgent",
        ),
        Label.EATING_DISORDER: Rule(
            0.3,
            "The writer may have a problem with eating now",
            "danger",
            hold=True,
            door=True,
            case=True,
            urgency="soon",
        ),
        Label.GROOMING: Rule(
            0.3,
            "Somebody may be trying to win a young person's trust to harm them",
            "safeguarding",
            hold=True,
            case=True,
            urgency="urgent",
        ),
        Label.THREAT: Rule(0.3, "It may threaten somebody", "abuse", hold=True),
        Label.IDENTITY_ATTACK: Rule(
            0.5, "It may attack people for who they are", "abuse", hold=True
        ),
        Label.SEVERE_TOXICITY: Rule(0.35, "It may be very hateful", "abuse", hold=True),
        Label.INSULT: Rule(0.6, "It may insult somebody", "abuse", hold=True),
        Label.SEXUAL_EXPLICIT: Rule(0.5, "It may be sexually explicit", "abuse", hold=True),
        Label.TOXICITY: Rule(0.7, "It may drive others out of the room", "abuse", hold=True),
        Label.OBSCENE: Rule(0.8, "It has strong swear words", "routine"),
        Label.CONTACT_MOVE: Rule(
            0.7, "It may give or ask for a way to make contact outside", "contact", hold=True
        ),
        Label.WORRIED_ABOUT_FRIEND: Rule(
            0.3, "The writer may be worried about somebody else", "routine", door=True
        ),
        Label.DISTRESS: Rule(0.5, "The writer may be having a hard time", "routine", door=True),
        Label.PAST_OR_RECOVERY: Rule(0.3, "It may be about the past, or getting better", "routine"),
    }
)
"""Every label in order of weight: the first that fires names the reason shown first."""


@dataclass(frozen=True, slots=True)
class Strictness:
    """The thresholds for the encoder that differ in one kind of space, by label.

    Whatever is written here, a label that calls a person or opens a door never needs more than
    everywhere else: a space can be made stricter with its own room, and not blind to danger.
    """

    thresholds: Mapping[str, float] = field(default_factory=dict)

    def threshold(self, label: str) -> float:
        """The score from which the encoder's word for this label counts in this space."""
        rule = RULES[label]
        own = self.thresholds.get(label, rule.threshold)
        return min(own, rule.threshold) if rule.case or rule.door else own


USUAL: Final = Strictness()

WITH_THE_YOUNGEST: Final = Strictness(MappingProxyType({Label.CONTACT_MOVE: 0.5}))
"""Where eleven-year-olds read, ways to make contact outside are shown to a person sooner. Not what
is rude: at 0.5 instead of 0.7 four more of 300 who swear about themselves would be held."""


def strictness_of(age_bands: str) -> Strictness:
    """How strict a space is, by whom it admits (`Space.age_bands`)."""
    return WITH_THE_YOUNGEST if "|11" in age_bands else USUAL


SELF_SWEARING: Final = "self_directed_swearing"
"""Name of the pattern for swearing about oneself. It is distress, not abuse of anybody."""

INSULT_OF_ANOTHER: Final = "insult_of_another"
"""Name of the pattern for an insult of somebody else in the same message. Where the encoder sees
an insult too, the swearing about oneself no longer excuses it."""

ABUSE_OF_OTHERS: Final = frozenset({Label.THREAT, Label.IDENTITY_ATTACK, Label.SEVERE_TOXICITY})
"""Kept even where the writer swears about themselves: these are always about others too."""

RULE_SOURCES: Final = frozenset({PATTERNS, CONTACT})

NOT_THE_WRITER: Final = frozenset({"past", "fiction"})
"""A pattern that knows it is about the past or a story shows itself and decides nothing."""

NOT_OWN: Final = frozenset({"friend", "fiction"})
"""Left out where messages are put in order: the danger is not, and was never, the writer's."""

OFTEN_PAST: Final = frozenset({Label.IDEATION, Label.INTENT_OR_PLAN, Label.SELF_HARM})
CLEARLY_PAST: Final = 0.8
SURE_OF_DANGER: Final = 0.99
"""Below this, danger that only the encoder sees yields to a past that it sees clearly. Of the
corpus's held-out fifth 31 of 249 messages about the past then alarm and not 37, and of 7,055 in
danger two more are published, with a door."""

SPOKEN_THRESHOLD: Final = 0.3
"""What the encoder needs where the phrases find danger spoken of, be it only named. Two readers who
both see a little see more than one: with 2026-11.7, 50 in a hundred C-SSRS posts were found so and
not 39, for 0.1 % more alarms on the corpus's harmless lines, and none on the text messages."""

MODEL_SHARE: Final = 0.3
SURE_SHARE: Final = 3.0
SURE_FROM: Final = 1.5
SAID_SCORE: Final = 0.3
SAID_POINTS: Final = 4.5
NAMES_SUICIDE: Final = "names_suicide"
NAMED_POINTS: Final = 2.5
DISTRESS_SHARE: Final = 0.03
DANGER_FLOOR: Final = 0.0001
"""How `policy.crisis_score` weighs the encoder against words said outright, in log-odds. Up to
`SURE_FROM` a word outweighs what the encoder thinks of a long post; past it the encoder is so sure
that hints without any such word come before posts that only use it. Of two with as much danger the
one in more distress comes first: a little of it, because deep distress without danger is common.
Chosen on the gold rows and on the corpus's held-out fifth together."""

ODDS_FLOOR: Final = 0.001
"""Where log-odds of abuse are cut: no probability is surer than that."""

IDENTITY_SHARE: Final = 0.2
"""What `policy.toxicity_score` adds of an attack on a group. Chosen on the development sets: CAD,
where contempt is seldom rude, gains 0.004 of AUC; what young people ask each other loses 0.003."""

IDENTITY_USUAL: Final = -3.5
"""Log-odds of an attack on a group in messages at the edge of rudeness: there the number is that of
`toxicity` itself, so that a cut-off chosen for one does for the other."""
