"""What the machine made of a message, and what people are asked to decide."""

from moderation.models.assessment import Assessment
from moderation.models.review import Review

__all__ = ["Assessment", "Review"]
