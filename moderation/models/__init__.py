"""What the machine made of messages, what people are asked to decide, and how honest it is."""

from moderation.models.assessment import Assessment
from moderation.models.honesty import LabelTally, RateAlarm, ShadowAssessment
from moderation.models.lookback import LookBack, PatternFinding
from moderation.models.review import Review

__all__ = [
    "Assessment",
    "LabelTally",
    "LookBack",
    "PatternFinding",
    "RateAlarm",
    "Review",
    "ShadowAssessment",
]
