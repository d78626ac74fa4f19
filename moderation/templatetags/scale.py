"""The chip that says how soon, the same on both desks."""

from __future__ import annotations

from django import template

from moderation.scale import CHIPS, URGENCIES

register = template.Library()


@register.inclusion_tag("moderation/_urgency.html")
def urgency_chip(urgency: str, words: str = "") -> dict[str, str]:
    """How soon, as a chip; ``words`` in place of its own, for the head of a list."""
    return {"chip": CHIPS[urgency], "words": words or str(URGENCIES[urgency])}
