"""How soon, what about, and who saw it: the words and chips of both desks. No decisions here.

Moderators and clinicians pass people on to each other, so a word or a colour must not mean one
thing in the list of reviews and another in the list of who waits. What a single label means is in
``moderation.policy_table``, and both desks show those sentences as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _l

from moderation.classifiers.base import CONTACT, ENCODER, PATTERNS
from moderation.states import TIERS, Harm

Words = str | Promise

IMMEDIATE: Final = "immediate"
URGENT: Final = "urgent"
SOON: Final = "soon"

URGENCIES: Final[Mapping[str, Words]] = MappingProxyType(
    {IMMEDIATE: _l("Now"), URGENT: _l("Urgent"), SOON: _l("Soon")}
)
"""Soonest first, by the codes of ``policy.URGENCIES`` and of triage's bands. Nothing comes after
"Soon": everything on a list is for somebody to look at."""

CHIPS: Final[Mapping[str, str]] = MappingProxyType(
    {IMMEDIATE: "badge-danger", URGENT: "badge-glow", SOON: "badge-dusk"}
)
"""The class of the chip. The colour says nothing that its word does not say."""

HARMS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Harm.DANGER: _l("Danger"),
        Harm.SAFEGUARDING: _l("Safeguarding"),
        Harm.ABUSE: _l("Abuse"),
        Harm.CONTACT: _l("Contact details"),
        Harm.UNREAD: _l("Not read yet"),
        Harm.ROUTINE: _l("For a person to judge"),
    }
)
"""What a message may be about, in one or two words."""

READERS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        ENCODER: _l("the language model"),
        PATTERNS: _l("the crisis phrases"),
        CONTACT: _l("the contact details reader"),
        "conversation": _l("several messages together"),
        "person": _l("a moderator"),
    }
)
"""Who saw a sign. Part of the reasons that are stored with a case: old rows keep old words."""


def urgency_of_review(harm: Harm) -> str:
    """How soon to decide about a message: the list's own order, so that no chip contradicts it.

    It is about the message. How soon somebody should be with the person is the case's own band.
    """
    return list(URGENCIES)[TIERS[harm]]
