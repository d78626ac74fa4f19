"""What the rows downstairs say about a person, in the words and bands of triage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat.models import HelpRequest, Message, User
from moderation.classifiers.labels import PUBLISHED_ONLY, TOXICITY
from moderation.models import Assessment, PatternFinding
from moderation.pattern_words import finding_words, seen_words
from moderation.policy import RULES
from moderation.scale import READERS
from triage.priority import ASKED, Sign
from triage.states import BANDS, Band, SourceKind

NOT_ABOUT_DANGER: Final = frozenset(
    {*TOXICITY, *PUBLISHED_ONLY, "premoderated", "unread", "nothing_found"}
)
"""Reasons to keep a message from the room. They say nothing about how soon to be with anybody."""

MACHINE_WITHOUT_WORDS: Final = "A message of theirs may need a person"


@dataclass(frozen=True, slots=True)
class Source:
    """One row that may open or extend a case. ``asked`` is an explicit request for help.

    ``at`` is when the row last said something new: another time than before, and it went on.
    """

    kind: SourceKind
    source_id: int
    person: User
    at: dt.datetime
    signs: tuple[Sign, ...]
    message_id: int | None
    asked: bool


def source_of_help(request: HelpRequest) -> Source:
    """The person asked; that alone is urgent, whatever any machine thinks."""
    return Source(
        kind=SourceKind.HELP_REQUEST,
        source_id=request.pk,
        person=request.person,
        at=request.created_at,
        signs=(ASKED,),
        message_id=request.about_message_id,
        asked=True,
    )


def source_of_assessment(assessment: Assessment) -> Source:
    """A reader saw signs in something they wrote."""
    return Source(
        kind=SourceKind.ASSESSMENT,
        source_id=assessment.pk,
        person=assessment.message.author,
        at=assessment.created_at,
        signs=signs_of(assessment),
        message_id=assessment.message_id,
        asked=False,
    )


def source_of_finding(finding: PatternFinding) -> Source:
    """Several messages together were a sign, in what they wrote or in what was written to them."""
    person = finding.case_about or finding.author
    own = person.pk == finding.author_id
    words = finding_words(finding, about_writer=own)
    return Source(
        kind=SourceKind.PATTERN,
        source_id=finding.pk,
        person=person,
        at=finding.updated_at,
        signs=(Sign(words, seen_words(finding), _band(finding.urgency)),),
        message_id=finding.newest_message_id if own else None,
        asked=False,
    )


def _band(urgency: str) -> Band:
    """An urgency that nobody here knows is taken as urgent: it must not sink for being new."""
    return Band(urgency) if urgency in {band.value for band in Band} else Band.URGENT


def signs_of(assessment: Assessment) -> tuple[Sign, ...]:
    """The reasons of a reading that are about the person, each at its own urgency.

    None is sooner than the policy gave the whole reading. Where none alone would bring them forward
    as soon as that, the weightiest carries it: the policy knew more than the single reasons say.
    """
    band = _band(assessment.urgency)
    place = place_of(assessment.message)
    about = [
        reason
        for reason in assessment.reasons
        if reason.get("code") not in NOT_ABOUT_DANGER and reason.get("words")
    ]
    if not about:
        return (Sign(MACHINE_WITHOUT_WORDS, f"a machine, {place}", band),)
    bands = [_own_band(reason, reading=band) for reason in about]
    if band not in bands:
        bands[0] = band
    return tuple(
        Sign(str(reason["words"]), _source(reason, place), own)
        for reason, own in zip(about, bands, strict=True)
    )


def _own_band(reason: Mapping[str, Any], *, reading: Band) -> Band:
    """What the policy's table says of this label alone, no sooner than the whole reading."""
    rule = RULES.get(str(reason.get("label")))
    own = _band(rule.urgency) if rule is not None and rule.case else Band.SOON
    return max(own, reading, key=BANDS.index)


def place_of(message: Message) -> str:
    """Where something was written, in words."""
    conversation = message.conversation
    if conversation.is_private:
        return "in a private talk"
    return f"in a post in {conversation.space.name}" if conversation.space else "in a post"


def _source(reason: Mapping[str, Any], place: str) -> str:
    return f"{READERS.get(str(reason.get('source')), 'a machine')}, {place}"
