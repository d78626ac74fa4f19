"""What we say to people about refusals and states: one catalogue, translatable.

Plain words, reading age 11, no blame, and always a next step. Programs read the code beside it.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: dict[str, str | Promise] = {
    "refused": _("That didn't work. Please try again in a moment."),
    "not_found": _("We can't find that. It may have been moved or closed."),
    "stale": _("Somebody changed this a moment ago. Have another look, then decide."),
    "conflict": _("This doesn't fit with what is already here. Please look again."),
    "busy": _("We're very busy right now. Your words are safe; we'll try again for you."),
    "invalid": _("Something in that wasn't right. Please check it and try again."),
    "client_id_reused": _("This message was already sent with other words. Please send it again."),
    "message_empty": _("There's nothing written yet."),
    "message_too_long": _(
        "That's longer than we can take at once. Could you send it in two parts?"
    ),
    "message_has_nul": _(
        "There's a hidden character in there that we can't store. Please retype it."
    ),
    "message_not_text": _("There's a broken character in there. Please retype that part."),
    "conversation_closed": _(
        "This talk has ended. You can start a new one any time with Help now."
    ),
    "posting_paused": _(
        "Posting in the spaces is paused for you for now. Help now still works, day and night."
    ),
    "nickname_letters": _(
        "Pick 2 to 30 letters or numbers. You can use spaces, dots and dashes in the middle."
    ),
    "nickname_reserved": _("That name could be mistaken for someone who works here. Try another?"),
    "age_band_unknown": _("Please pick one of the ages."),
    "phrase_unknown": _(
        "We couldn't find an account for those words. Check the spelling and the order, or start "
        "new. You can get help now either way."
    ),
    "too_many_tries": _("That's a lot of tries. Please wait a few minutes, then try again."),
    "frame_not_text": _("We only read text here."),
    "frame_not_json": _("We couldn't read that."),
    "frame_unknown": _("We don't know that kind of request. Please reload the page."),
    "frame_too_large": _("That's too much at once."),
    "ticket_invalid": _("Please reload the page to connect again."),
    "not_resumed": _("Please reload the page to connect again."),
    "unreadable": _("We can't open this right now. We've been told."),
    "internal": _("Something went wrong on our side. Your words are safe; please try again."),
}

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
        "This is waiting for a person to read it. It can take a bit longer than usual right now."
    ),
    "not_published": _(
        "We didn't put this one in the space. Only you can see it. If you want to talk about it, "
        "Help now is always open."
    ),
    "withdrawn": _("You took this back."),
}

STATES: dict[str, str | Promise] = {
    "sending": _("sending"),
    "sent": _("sent"),
    "pending": _("waiting to be read"),
    "published": _("published"),
    "held": _("only you can see this"),
    "removed": _("only you can see this"),
    "failed": _("not sent, tap to retry"),
    "not_read": _("not read by the machine"),
}

EMERGENCY_NUMBERS: list[tuple[str, str | Promise, str]] = [
    ("999", _("if a life is in danger right now"), "tel:999"),
    ("116 123", _("Samaritans, day and night, free"), "tel:116123"),
    ("0800 1111", _("Childline, day and night, free"), "tel:08001111"),
    ("85258", _("text SHOUT, day and night, free"), "sms:85258?body=SHOUT"),
]


def refusal(code: str) -> str:
    """The sentence for a refusal code; an unknown code gets the plain one."""
    return str(REFUSALS.get(code, REFUSALS["refused"]))
