"""What we say to people about refusals and states: one catalogue, translatable.

Plain words, reading age 11, no blame, and always a next step. Programs read the code beside it.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: dict[str, str | Promise] = {
    "refused": _("That didn't work. Please try again in a moment."),
    "not_found": _(
        "We can't find that. It may have been moved or closed. Please go back and look again."
    ),
    "stale": _("Somebody changed this a moment ago. Have another look, then decide."),
    "conflict": _("This doesn't fit with what is already here. Please look again."),
    "busy": _("We're very busy right now. Nothing is lost. Please try again in a moment."),
    "slow_down": _("That's a lot at once. Nothing is lost. Please try again in a moment."),
    "invalid": _("Something in that wasn't right. Please check it and try again."),
    "client_id_reused": _("This message was already sent with other words. Please send it again."),
    "message_changed": _(
        "This message has changed since you began. What you typed is still here: have another "
        "look, then send it again."
    ),
    "message_empty": _("There's nothing written yet. Write a word or two, then send it."),
    "message_too_long": _(
        "That's longer than we can take at once. Could you send it in two parts?"
    ),
    "message_has_nul": _(
        "There's a hidden character in there that we can't store. Please retype it."
    ),
    "message_marks": _(
        "There are too many marks on top of each other for us to read. Please write it plainly."
    ),
    "message_not_text": _("There's a broken character in there. Please retype that part."),
    "conversation_closed": _(
        "This talk has ended. You can start a new one any time with Help now."
    ),
    "posting_paused": _(
        "Posting in the spaces is paused for you for now. Help now still works, at any hour."
    ),
    "nickname_letters": _(
        "Pick 2 to 30 letters or numbers. You can use spaces, dots and dashes in the middle."
    ),
    "nickname_contact": _(
        "That looks like a number or a name from somewhere else. We keep those out so everyone "
        "stays safe. Try a made-up name?"
    ),
    "nickname_reserved": _("That name could be mistaken for someone who works here. Try another?"),
    "not_agreed": _("Please tick the box, so we know you've seen who reads what."),
    "signed_out": _("This page has been open for a while. Reload it to carry on."),
    "sign_in_empty": _("Please fill this in."),
    "sign_in_wrong": _("That name and password don't fit together. Please try again."),
    "age_band_unknown": _("Please pick one of the ages."),
    "phrase_unknown": _(
        "We couldn't find an account for those words. Check the spelling and the order, or start "
        "new. You can get help now either way."
    ),
    "too_many_tries": _("That's a lot of tries. Please wait a few minutes, then try again."),
    "frame_not_text": _("We can only read text here. Please reload the page and try again."),
    "frame_not_json": _("We couldn't read that. Please reload the page and try again."),
    "frame_unknown": _("We don't know that kind of request. Please reload the page."),
    "frame_too_large": _("That's too much at once. Could you send it in smaller parts?"),
    "ticket_invalid": _("Please reload the page to connect again."),
    "not_resumed": _("Please reload the page to connect again."),
    "unreadable": _(
        "We can't open this right now. Please reload the page in a while. Help now still works."
    ),
    "internal": _("Something went wrong on our side. Your words are safe; please try again."),
}

UNREADABLE = "unreadable"
"""Said, to everybody who may see the message, where its words do not open; no row holds it."""

NOTICES: dict[str, str | Promise] = {
    "none": "",
    "held_for_person": _(
        "We're keeping this one back for a moment so a person can read it. You haven't done "
        "anything wrong."
    ),
    "door": _(
        "Thank you for telling us. Only you and our team can see this. It sounds like a lot to "
        "carry, and someone here would like to talk with you, now if you want."
    ),
    "door_offered": _("If you'd like to talk with someone about this, we're here."),
    "contact_details": _(
        "This has a way to reach someone in it, so a person will look at it first. We keep names, "
        "numbers and schools out of the spaces so everyone stays safe."
    ),
    "unread": _(
        "This is waiting for a person to read it. It can take a bit longer than usual right now. "
        "You haven't done anything wrong."
    ),
    "not_published": _(
        "We didn't put this one in the space. Only you and our team can see it. If you want to "
        "talk about it, Help now is always open."
    ),
    "for_a_person": _(
        "This sounds like something for one person to hear, not the whole space. Only you and our "
        "team can see it. Someone here would like to talk with you, whenever you want."
    ),
    "methods": _(
        "This has a way to get hurt in it, and reading that can be hard for somebody else. Only "
        "you and our team can see it. You can write it again without that part, or talk with us "
        "about all of it."
    ),
    "unkind": _(
        "Someone could feel hurt reading this, so we kept it out of the space. Only you and our "
        "team can see it. You can say it again in other words, or talk with us about what happened."
    ),
    "hate": _(
        "This speaks against people for who they are, and everyone has a place here. Only you and "
        "our team can see it. You can say it again in other words, or talk with us about what "
        "happened."
    ),
    "threat": _(
        "Someone could feel threatened by this, so we kept it out of the space. Only you and our "
        "team can see it. If you're this angry, talk with us: we'd like to hear what happened."
    ),
    "private_details": _(
        "This has a name, a number, a school or a place in it. We keep those out of the spaces so "
        "everyone stays safe. Only you and our team can see it. You can write it again without "
        "that part."
    ),
    "drawn_away": _(
        "This asks somebody to talk or meet away from here. We can't look after anyone there, so "
        "we kept it out. Only you and our team can see it. You can carry on talking here, or talk "
        "with us."
    ),
    "another_place": _(
        "This belongs somewhere else, so we kept it out of this space. Only you and our team can "
        "see it. You can put it in another space, or talk with us about it."
    ),
    "withdrawn": _("You took this back."),
    UNREADABLE: _(
        "We can't open this message right now. The others are here, and Help now still works."
    ),
}

STATES: dict[str, str | Promise] = {
    "sending": _("sending"),
    "no_signal": _("waiting for signal"),
    "not_sent": _("Not sent."),
    "not_yet": _("not sent yet"),
    "sent": _("sent"),
    "pending": _("waiting to be read"),
    "published": _("published"),
    "held": _("only you and our team can see this"),
    "removed": _("only you and our team can see this"),
    "failed": _("not sent, tap to retry"),
    "not_read": _("not read by the machine"),
}

UNTITLED = _("A new thread")

RECONNECTING = _("Reconnecting. Your words are safe.")
RECONNECTING_PAGE = _("Reconnecting. Keep this page open: your words wait here.")

LIVE: dict[str, str | Promise] = {
    "lost": RECONNECTING,
    "offline": _("You're offline. Your words are safe here, and go out when you're back."),
    "unanswered": RECONNECTING,
    "lost_page": RECONNECTING_PAGE,
    "unanswered_page": RECONNECTING_PAGE,
    "offline_page": _("You're offline. Keep this page open: your words go out when you're back."),
    "slow": _("The line is slow. Your words still get through."),
    "signed_out": _("This page has been open for a while. Reload it to carry on."),
    "signed_out_page": _(
        "This page has been open for a while. Copy anything that's not sent yet, then reload the "
        "page to carry on."
    ),
    "stopped": _("We can't connect from here. Help now still works."),
    "elsewhere": _(
        "You have many Lantern pages open, so this one is resting. What you write still goes out."
    ),
    "carry_on": _("Carry on here"),
    "reload": _("Reload"),
    "new_one": _("1 new"),
    "new_many": _("{count} new"),
    "said": _("{name} wrote: {words}"),
    "joined": _("{name} is here."),
    "left": _("{name} has left."),
    "typing": _("{name} is writing"),
    "here_to_talk": _("{name} is here to talk with you."),
    "someone_here": _("Someone is here to talk with you."),
    "you": _("You"),
    "copied": _("Copied."),
    "not_fetched": _("We couldn't get those just now. Please try again."),
    "not_through": _("That didn't get through. Nothing is lost: please try again."),
    "not_begun": _(
        "That didn't get through. Your words are only on this page for now, so leave it open and "
        "try again."
    ),
    "no_more": _("This can't be sent here any more. Your words are still here for you to copy."),
    "not_signed_out": _(
        "You're still signed in: that didn't get through, and nothing was taken off this device. "
        "Please try again when you have signal."
    ),
    "changing": _("You're changing what you wrote. It's read again before others see it."),
}
"""Sentences the pages say while they are open; the scripts find them in the page."""

GONE = _("The connection is gone. We're trying again.")
GONE_OR_SLOW = _("The line is slow or gone. What you see may be old; we're trying again.")

LIVE_STAFF: dict[str, str | Promise] = {
    "lost": GONE,
    "offline": _(
        "You're offline, so what you see here may be old. What you write to somebody goes out "
        "when you're back."
    ),
    "unanswered": GONE_OR_SLOW,
    "lost_page": GONE,
    "unanswered_page": GONE_OR_SLOW,
    "offline_page": _(
        "You're offline, so what you see here may be old. Keep this page open: what you write to "
        "somebody goes out when you're back."
    ),
    "slow": _("The line is slow. What you see may be a few seconds old."),
    "stopped": _("We can't connect from here. Reload the page to see how things stand."),
    "elsewhere": _(
        "You have many Lantern pages open, so this one is resting, and what you see may be old."
    ),
}
"""What the same moments mean to somebody who works from a list."""

ROLES: dict[str, str | Promise] = {
    "young_person": "",
    "moderator": _("looks after the spaces"),
    "clinician": _("here to talk, part of our team"),
    "shift_lead": _("leads the team"),
}

WAITING: dict[str, str | Promise] = {
    "next": _("You're next."),
    "place": _("You're number {place} in line."),
    "place_soon": _("We're finding your place in line."),
    "range": _("Most likely {low} to {high} minutes."),
    "about": _("Most likely about {high} minutes."),
    "soon": _("Most likely within a minute."),
    "half_hour": _(
        "It may take more than half an hour. The phone numbers under Help now answer day and night."
    ),
    "hour": _(
        "It may take more than an hour. The phone numbers under Help now answer day and night."
    ),
    "counted": _("We last counted at {time}, so this may be old. We keep your place."),
    "unknown": _("We can't say yet how long it will take. We'll tell you as soon as we can."),
    "nobody": _("Nobody is here right now."),
    "first": _("You're first in line."),
    "later": _("Write now, we read it when we're back."),
    "with_someone": _("Someone is here for you."),
    "with_name": _("{name} is here."),
    "write": _("Start writing now"),
    "go": _("Carry on"),
}


LONG_MINUTES = 60
"""A wait that may be longer than this is told in words: nobody plans a night by such a number."""


def place_words(place: int | None) -> str:
    """Where somebody stands, in one sentence."""
    if place is None:
        return str(WAITING["place_soon"])
    return str(WAITING["next"]) if place <= 1 else str(WAITING["place"]).format(place=place)


def nobody_words(place: int | None) -> str:
    """Where somebody stands while nobody is on duty: no word that sounds like "soon"."""
    first = place is not None and place <= 1
    line = str(WAITING["first"]) if first else place_words(place)
    return f"{line} {WAITING['later']}"


def wait_words(low: int | None, high: int | None) -> str:
    """How long it will most likely take, in whole minutes, or that we cannot say."""
    if high is None:
        return str(WAITING["unknown"])
    if high < 1:
        return str(WAITING["soon"])
    if high > LONG_MINUTES:
        sure_of_an_hour = low is not None and low >= LONG_MINUTES
        return str(WAITING["hour" if sure_of_an_hour else "half_hour"])
    if low is None or low >= high or low < 1:
        return str(WAITING["about"]).format(high=high)
    return str(WAITING["range"]).format(low=low, high=high)


def message_state_words(
    *, state: str, notice: str, machine_reading: str, own: bool, private: bool, told: bool
) -> str:
    """What is written under a message; ``told`` is for those who may know more than peers."""
    if not (own or told):
        return ""
    if notice == "withdrawn":
        return str(NOTICES["withdrawn"])
    if private and state == "published":
        sent = str(STATES["sent"]) if own else ""
        unread = str(STATES["not_read"]) if machine_reading == "not_read" else ""
        return " · ".join(part for part in (sent, unread) if part)
    if state == "published" and not own:
        return ""
    return str(STATES.get(state, ""))


EMERGENCY_NUMBERS: list[tuple[str, str | Promise, str]] = [
    ("999", _("if a life is in danger right now"), "tel:999"),
    ("116 123", _("Samaritans, day and night, free"), "tel:116123"),
    ("0800 1111", _("Childline, day and night, free"), "tel:08001111"),
    ("85258", _("text SHOUT, day and night, free"), "sms:85258?body=SHOUT"),
]


def refusal(code: str) -> str:
    """The sentence for a refusal code; an unknown code gets the plain one."""
    return str(REFUSALS.get(code, REFUSALS["refused"]))
