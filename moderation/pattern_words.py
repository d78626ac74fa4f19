"""What a pattern over several messages is called, in words for staff. Words only, no decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from moderation.models import PatternFinding
from moderation.patterns_over_time import Code, Part

Words = str | Promise

SEVERAL_MESSAGES: Final = _l("several messages together")

OF_THE_WRITER: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Code.GROOMING: _l("They may be trying to draw a young person away, step by step"),
        Code.CONTACT_REPEATED: _l("They asked the same person again and again for contact outside"),
        Code.CONTACT_SPREAD: _l("They asked several people for contact outside"),
        Code.AGE_ASKING: _l("They asked for people's age again and again"),
        Code.SECRECY_ASKING: _l("They asked more than once to keep things secret"),
        Code.RISING_DISTRESS: _l("Their messages have become heavier over the last two days"),
    }
)
"""Said about whoever wrote the messages."""

OF_THE_OTHER: Final[Mapping[str, Words]] = MappingProxyType(
    {Code.GROOMING: _l("Somebody may be trying to draw them away, step by step")}
)
"""Said about the person the messages were written to."""

OF_THE_OTHER_MAYBE: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Code.GROOMING: _l(
            "Somebody may be trying to draw them away, step by step, "
            "or somebody else who writes in the same thread"
        )
    }
)
"""Said where each of the messages may have been written to somebody else there."""

PARTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Part.CONTACT: _l("asked for or gave a way to make contact outside"),
        Part.MEETING: _l("spoke of meeting"),
        Part.WHERE: _l("asked where somebody lives or goes to school"),
        Part.AGE: _l("asked somebody's age"),
        Part.SECRECY: _l("asked to keep it secret"),
        Part.PICTURE: _l("asked for a picture"),
        Part.ALONE: _l("asked whether somebody is alone"),
        Part.GIFT: _l("offered a gift"),
        Part.FLATTERY: _l("said somebody is grown up for their age"),
        Part.TRUST: _l("sounded like winning somebody's trust"),
        Part.DISTRESS: _l("a heavy message about themselves"),
    }
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One message a pattern rests on: what it contributed, and when it was written."""

    message_id: int
    words: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One finding as staff read it. No word of any message is in it."""

    words: str
    pieces: list[Piece]
    updated_at: dt.datetime
    about_writer: bool
    writer: str
    versions: str


def finding_words(finding: PatternFinding, *, about_writer: bool) -> str:
    """What was found, said about the writer or about the person written to."""
    maybe = finding.evidence and all(one.get("others") for one in finding.evidence)
    of_the_other = OF_THE_OTHER_MAYBE if maybe else OF_THE_OTHER
    words = None if about_writer else of_the_other.get(finding.code)
    return str(words or OF_THE_WRITER.get(finding.code, SEVERAL_MESSAGES))


def told(finding: PatternFinding, *, person_id: int) -> Told:
    """The finding with its evidence, for a page about this person."""
    about_writer = finding.author_id == person_id
    return Told(
        words=finding_words(finding, about_writer=about_writer),
        pieces=[_piece(one) for one in finding.evidence],
        updated_at=finding.updated_at,
        about_writer=about_writer,
        writer=finding.author.nickname,
        versions=f"{finding.patterns_version}, {finding.policy_version}",
    )


def _piece(evidence: Mapping[str, object]) -> Piece:
    part = str(evidence["part"])
    return Piece(
        message_id=int(str(evidence["message"])),
        words=_to_whom(str(PARTS.get(part, part)), int(str(evidence.get("others", 0)))),
        at=dt.datetime.fromisoformat(str(evidence["at"])),
    )


def _to_whom(words: str, others: int) -> str:
    if not others:
        return words
    return _("%(what)s (one of %(count)d people who write there may be meant)") % {
        "what": words,
        "count": others + 1,
    }


def seen_words(finding: PatternFinding) -> str:
    """How many messages, and since when, for one line of a list."""
    pieces = {one["message"]: one["at"] for one in finding.evidence}
    first = dt.datetime.fromisoformat(min(pieces.values()))
    return _("%(count)d messages together, since %(since)s") % {
        "count": len(pieces),
        "since": localtime(first).strftime("%d %b %H:%M"),
    }
