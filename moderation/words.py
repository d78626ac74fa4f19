"""What the moderators' pages say: one catalogue, translatable. Words only, no decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from chat.models import User
from chat.states import MessageState
from moderation.clauses import CLAUSES
from moderation.models import Review
from moderation.states import AIM_MINUTES, Harm, ReviewStatus

Words = str | Promise

THEMES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Harm.DANGER: _l("This may speak of dying, self-harm or not eating."),
        Harm.SAFEGUARDING: _l("This may speak of somebody being hurt or drawn away."),
        Harm.ABUSE: _l("This may be cruel, hateful or threatening."),
        Harm.CONTACT: _l("This may hold a name, a number or a place."),
        Harm.UNREAD: _l("No machine has read this. It may be hard to read."),
        Harm.ROUTINE: _l("The machine named no sign here. That does not say how they are."),
    }
)

FROM_PATTERN: Final = _l("Several messages of theirs together may draw somebody away")

STATES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        MessageState.PENDING: _l("Waiting to be read."),
        MessageState.PUBLISHED: _l("Published."),
        MessageState.HELD: _l("Held."),
        MessageState.REMOVED: _l("Removed."),
    }
)

REFUSALS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "own_post": _l("These are your own words, so a colleague has to decide. Take another one."),
        "clause_needed": _l("Choose the rule this rests on, then confirm."),
        "decision_unknown": _l("Choose what should happen, then confirm."),
        "words_changed": _l(
            "The author changed the words a moment ago. Read them again, then decide."
        ),
    }
)


def minutes_words(minutes: int) -> str:
    """``4 min``, ``2 h 10 min``, ``3 days``."""
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        if not rest:
            return _("%(hours)d h") % {"hours": hours}
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    return _("%(days)d days") % {"days": minutes // (24 * 60)}


def clock_words(harm: Harm, opened_at: dt.datetime, now: dt.datetime) -> str:
    """How long it has waited, against how soon we mean to decide, in minutes."""
    waited = max(0, int((now - opened_at).total_seconds() // 60))
    values = {"waited": minutes_words(waited), "aim": AIM_MINUTES[harm]}
    if waited < 1:
        return _("just in, aim %(aim)d") % values
    if waited < AIM_MINUTES[harm]:
        return _("waiting %(waited)s, aim %(aim)d") % values
    return _("waiting %(waited)s, aim was %(aim)d") % values


def time_words(at: dt.datetime) -> str:
    """The time of day at the service."""
    return localtime(at).strftime("%H:%M")


def standing_words(review: Review, *, viewer: User, now: dt.datetime) -> str:
    """Who has it, or who decided what and when."""
    if review.status == ReviewStatus.DECIDED and review.decided_by and review.decided_at:
        done = _("published") if review.decision == "publish" else _("removed")
        return _("%(who)s %(done)s this at %(time)s: %(clause)s.") % {
            "who": _("You") if review.decided_by == viewer else review.decided_by.nickname,
            "done": done,
            "time": time_words(review.decided_at),
            "clause": CLAUSES[review.clause].words if review.clause in CLAUSES else review.clause,
        }
    if review.status == ReviewStatus.LAPSED:
        return _("There is nothing left to decide here.")
    holder = review.holder(now)
    if holder is None or review.claim_until is None:
        return _("Nobody has this one yet.")
    if holder == viewer:
        return _("You have this one until %(time)s.") % {"time": time_words(review.claim_until)}
    return _("%(who)s has this one until %(time)s.") % {
        "who": holder.nickname,
        "time": time_words(review.claim_until),
    }


def refusal_words(code: str, review: Review | None, *, viewer: User, now: dt.datetime) -> str:
    """Why something did not go through, with who and what where somebody was faster."""
    if code in REFUSALS:
        return str(REFUSALS[code])
    if review is not None:
        return _("That did not go through. %(standing)s") % {
            "standing": standing_words(review, viewer=viewer, now=now)
        }
    return _("That did not go through: it was settled a moment ago. Take another one.")
