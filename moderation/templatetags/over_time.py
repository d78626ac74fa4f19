"""What was found over several messages, on pages about one person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.db.models import Q

from chat.kernel import clock
from chat.models import User
from moderation.models import PatternFinding, Review
from moderation.pattern_words import told
from moderation.patterns_over_time import NAMED, WINDOW

register = template.Library()

SHOWN = 5
"""Findings shown, the newest first."""


@register.inclusion_tag("moderation/_over_time.html")
def over_time(person: User, reviews: bool = False) -> dict[str, Any]:
    """Findings about this person's messages, or about messages written to them.

    ``reviews`` links each message to its review, for those who work with reviews.
    """
    since = clock.now() - WINDOW
    rows = (
        PatternFinding.objects.filter(Q(author=person) | Q(case_about=person), updated_at__gt=since)
        .select_related("author")
        .order_by("-updated_at")[: SHOWN * NAMED]
    )
    findings = _once_each(rows)[:SHOWN]
    linked: dict[int, int] = {}
    if reviews and findings:
        ids = {int(one["message"]) for finding in findings for one in finding.evidence}
        linked = dict(Review.objects.filter(message__in=ids).values_list("message_id", "pk"))
    return {
        "findings": [told(finding, person_id=person.pk) for finding in findings],
        "linked": linked,
    }


def _once_each(findings: Iterable[PatternFinding]) -> list[PatternFinding]:
    """What may be meant for several people rests on the same messages, and is told once."""
    told_of: dict[tuple[object, ...], PatternFinding] = {}
    for finding in findings:
        messages = {int(one["message"]) for one in finding.evidence}
        told_of.setdefault((finding.author_id, finding.code, *sorted(messages)), finding)
    return list(told_of.values())


@register.filter
def review_of(linked: dict[int, int], message_id: int) -> int | None:
    """The review of a message, if it has one."""
    return linked.get(message_id)
