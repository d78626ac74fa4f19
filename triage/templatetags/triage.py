"""What the triage templates need beyond Django's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import template
from django.utils.translation import gettext as _

from chat.models import User
from triage import words
from triage.absence import LeftAlone
from triage.models import Case, CaseEvent
from triage.states import BANDS, Band, CaseEventKind, SourceKind

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
    if event.kind == CaseEventKind.HANDED_BACK and event.detail in words.TAKEN_OVER:
        return str(words.TAKEN_OVER[event.detail])
    if event.detail in SOURCES:
        return f"{said}: {SOURCES[event.detail]}"
    return said


@register.filter
def outcome_of(case: Case) -> str:
    """How a closed case ended."""
    return str(words.OUTCOMES.get(case.outcome_code, case.outcome_code))


@register.filter
def says_when_taking_over(left: LeftAlone, user: User) -> str:
    """What the person would read from this member of staff."""
    return words.take_over_line(user.nickname, before=left.holder.nickname)


@register.filter
def together(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Reasons in the same words as one: at the soonest band, with how many readers saw it where."""
    by_words: dict[str, list[Mapping[str, Any]]] = {}
    for reason in reasons:
        by_words.setdefault(reason["words"], []).append(reason)
    return [_as_one(same) for same in by_words.values()]


def _as_one(same: list[Mapping[str, Any]]) -> dict[str, Any]:
    band = min((Band(reason["band"]) for reason in same), key=BANDS.index)
    times = max(reason.get("times", 1) for reason in same)
    return {
        **same[0],
        "band": band,
        "times": times,
        "source": _sources([r["source"] for r in same]),
    }


def _sources(said: list[str]) -> str:
    """A source reads "reader, place": the readers are counted, and the places named once each."""
    readers = list(dict.fromkeys(source.partition(", ")[0] for source in said))
    places = list(dict.fromkeys(source.partition(", ")[2] for source in said if ", " in source))
    seen = [_("seen by two readers"), _("seen by three readers")]
    who = readers[0] if len(readers) == 1 else seen[min(len(readers) - 2, len(seen) - 1)]
    return ", ".join([who, *filter(None, [_(" and ").join(places)])])
