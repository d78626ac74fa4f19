"""What the triage templates need beyond Django's own."""

from __future__ import annotations

from typing import Final

from django import template

from triage import words
from triage.models import CaseEvent
from triage.states import CaseEventKind, SourceKind

register = template.Library()

SOURCES: Final = {
    SourceKind.HELP_REQUEST.value: "they asked for help",
    SourceKind.ASSESSMENT.value: "something they wrote",
    SourceKind.PATTERN.value: "several messages together",
}


@register.filter
def event_words(event: CaseEvent) -> str:
    """One line of the timeline, with what its code means."""
    said = str(words.EVENTS[event.kind])
    if event.kind == CaseEventKind.CLOSED:
        return f"{said}: {words.OUTCOMES.get(event.detail, event.detail)}"
    if event.detail in SOURCES:
        return f"{said}: {SOURCES[event.detail]}"
    return said
