"""What triage says to staff: one catalogue. Never a score, and no word for "can be left"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.words import refusal as chat_refusal
from triage.states import Absence, CaseEventKind, Outcome

Words = str | Promise

FIRST: Final = _("First")
"""The chip of somebody who was handed over; how soon, for others, is in ``moderation.scale``."""

OUTCOMES: Final[Mapping[str, Words]] = {
    Outcome.STEADIER: _("We talked, and they felt steadier"),
    Outcome.PLAN: _("We made a plan together for staying safe"),
    Outcome.REFERRED: _("Passed on to another service, with their agreement"),
    Outcome.EMERGENCY: _("Emergency services were called"),
    Outcome.SAFEGUARDING: _("Passed to the safeguarding lead"),
    Outcome.FRIEND: _("It was about somebody else; they know what to do next"),
    Outcome.THEY_ENDED: _("They chose to end the talk"),
    Outcome.NO_ANSWER: _("We wrote, and they did not answer"),
    Outcome.MISREAD: _("The machine misread it: nothing to do with them"),
    Outcome.WITHDRAWN: _("They gave up their place before anybody was with them"),
}

EVENTS: Final[Mapping[str, Words]] = {
    CaseEventKind.OPENED: _("Came onto the list"),
    CaseEventKind.MORE: _("Something more came in"),
    CaseEventKind.RAISED: _("Moved up the list"),
    CaseEventKind.CLAIMED: _("Picked up"),
    CaseEventKind.HANDED_BACK: _("Handed back to the head of the list"),
    CaseEventKind.OVERDUE: _("Waited longer than the aim"),
    CaseEventKind.WORDS_READ: _("Read what they wrote"),
    CaseEventKind.TAKEN_BACK: _("Gave up their place; still here for what was seen"),
    CaseEventKind.CLOSED: _("Closed"),
}

ABSENCES: Final[Mapping[str, Words]] = {
    Absence.ACCOUNT: _("%(name)s can't sign in any more."),
    Absence.SHIFT: _("%(name)s's shift is over."),
    Absence.PAGE: _("%(name)s has no page open, and has written nothing for a while."),
}

TAKEN_OVER: Final[Mapping[str, Words]] = {
    Absence.ACCOUNT: _("Taken over: whoever was with them can't sign in any more"),
    Absence.SHIFT: _("Taken over: the shift of whoever was with them was over"),
    Absence.PAGE: _("Taken over: whoever was with them had no page open"),
}

REFUSALS: Final[Mapping[str, Words]] = {
    "already_taken": _("Somebody else has just picked this person up. They are not alone."),
    "talk_ended": _(
        "A colleague was with them, and their talk has ended. If they come back, they show up on "
        "the list again."
    ),
    "taken_back": _("They have just given up their place themselves. They can ask again any time."),
    "not_on_duty": _("Go on duty first: then you can do that."),
    "open_cases": _("You are still with somebody. Close or hand back first, then end your shift."),
    "asked_again": _(
        "Something more came in a moment ago, so this is still open. Have a look at why they are "
        "here, then close it: how it ended is still picked."
    ),
    "wrote_again": _(
        "They wrote again a moment ago, so this is still open. Read it first, then close: how it "
        "ended is still picked."
    ),
    "nobody_waiting": _("Nobody is waiting. The next person shows up here on their own."),
    "outcome_missing": _("Pick how it ended. It takes one click, and the next colleague needs it."),
    "not_found": _("This is not on your list: it has been closed, or a colleague is with them."),
    "note_empty": _("The note is empty. Write a line for whoever comes next, then keep it."),
    "note_too_long": _("That is longer than one note can be. Make it two, and keep each."),
    "words_too_long": _("That is longer than we can send at once. Please make it a bit shorter."),
    "signed_out": _(
        "You were signed out in between. Copy your words, sign in again, and put them in there."
    ),
    "unreadable": _("These words do not open. Please tell your shift lead."),
}

GONE: Final[Mapping[str, Words]] = {
    "already_taken": _("A colleague is with them now."),
    "talk_ended": _("A colleague was with them, and their talk has ended."),
    "taken_back": _("They have given up their place. They can ask again any time."),
}
"""In place of the page about somebody who is not this colleague's to be with any more."""

HAND_BACK_LINE: Final = _(
    "I have to go now, and I'm not leaving you on your own: you're first in line, and somebody "
    "else will be with you as soon as they can."
)

TAKE_OVER_LINE: Final = _(
    "Hello, I'm %(name)s. %(before)s isn't here just now, so I'm with you instead. I can read what "
    "you both wrote, so you don't have to start again."
)


def take_over_line(name: str, *, before: str) -> str:
    """What the person reads from whoever goes on in place of ``before``."""
    return str(TAKE_OVER_LINE) % {"name": name, "before": before}


def refusal(code: str) -> str:
    """The sentence for a refusal code, to staff; what triage does not know, chat does."""
    return str(REFUSALS[code]) if code in REFUSALS else chat_refusal(code)


def minutes(count: int) -> str:
    """A length of time the way one says it: "under a minute", "4 min", "1 h 5 min"."""
    if count < 1:
        return str(_("under a minute"))
    if count < 60:
        return str(_("%(count)d min")) % {"count": count}
    hours, rest = divmod(count, 60)
    if hours >= 24:
        return str(_("%(days)d d %(hours)d h")) % {"days": hours // 24, "hours": hours % 24}
    return str(_("%(hours)d h %(rest)d min")) % {"hours": hours, "rest": rest}
