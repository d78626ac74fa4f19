"""What was found over several messages, on pages about one person."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Q

from chat.kernel import clock
from chat.models import User
from moderation.models import PatternFinding, Review
from moderation.pattern_words import told
from moderation.patterns_over_time import WINDOW

register = template.Library()

SHOWN = 5
"""Findings shown, the newest first."""


@register.inclusion_tag("moderation/_over_time.html")
def over_time(person: User, reviews: bool = False) -> dict[str, Any]:
    """Findings about this person's messages, or about messages written to them.

    ``reviews`` links each message to its review, for those who work with reviews.
    """
    since = clock.now() - WINDOW
    findings = list(
        PatternFinding.objects.filter(Q(author=person) | Q(case_about=person), updated_at__gt=since)
        .select_related("author")
        .order_by("-updated_at")[:SHOWN]
    )
    linked: dict[int, int] = {}
    if reviews and findings:
        ids = {int(one["message"]) for finding in findings for one in finding.evidence}
        linked = dict(Review.objects.filter(message__in=ids).values_list("message_id", "pk"))
    return {
        "findings": [told(finding, person_id=person.pk) for finding in findings],
        "linked": linked,
    }


@register.filter
def review_of(linked: dict[int, int], message_id: int) -> int | None:
    """The review of a message, if it has one."""
    return linked.get(message_id)
