"""What somebody may be called here. A nickname stands above every message of theirs.

So it may carry neither a way to reach somebody nor the look of somebody who works here. Whether
its words are fit to be shown is for those who read the messages (``moderation.names``).
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from chat.kernel.errors import Invalid
from chat.kernel.look_alikes import LOOK_ALIKES, shapes
from chat.models import User
from chat.states import STAFF_ROLES

NICKNAME = re.compile(r"[^\W_][\w .'-]{0,28}[^\W_]", re.UNICODE)
GENTLE = "Amber Bright Calm Early Gentle Kind Mellow Quiet Silver Soft Warm"
SMALL_THINGS = "Acorn Ember Fern Heron Lark Maple Moth Otter Pebble Sparrow Willow Wren"
RESERVED = (
    *("lantern", "moderator", "clinician", "admin", "staff", "support team", "our team"),
    *("counsellor", "counselor", "therapist", "doctor"),
)

MOST_DIGITS = 3
"""An age or a lucky number; a year of birth or more of a phone number is too much."""

HANDLE = re.compile(r"_|\w\w\.\w|\w\.\w\w")
"""As accounts elsewhere are written: "lukas_h", "lukas.h". Initials are none: "J.R. Fern"."""

_SAME = str.maketrans("013457l", "oieasti")
"""What the eye takes for each other: a digit for a letter, and I for l."""

_SINGLE = re.compile(r"\b(\w) (?=\w\b)")


def clean_nickname(raw: str) -> str:
    """A nickname in one line of letters, digits and a few signs, or :class:`Invalid`."""
    name = " ".join(unicodedata.normalize("NFKC", raw).split())
    if not NICKNAME.fullmatch(name):
        raise Invalid("nickname_letters")
    if HANDLE.search(name) or sum(c.isdigit() for c in name) > MOST_DIGITS:
        raise Invalid("nickname_contact")
    if _looks_like_us(name):
        raise Invalid("nickname_reserved")
    return name


def gentle_nickname() -> str:
    """A name for somebody who has no head for inventing one now: "Quiet Wren"."""
    return f"{secrets.choice(GENTLE.split())} {secrets.choice(SMALL_THINGS.split())}"


def is_gentle(nickname: str) -> bool:
    """Whether it is one of those that we give."""
    first, _, second = nickname.partition(" ")
    return first in GENTLE.split() and second in SMALL_THINGS.split()


def _looks_like_us(name: str) -> bool:
    """Whether a child could take it for the house, or for somebody who works here now."""
    seen = {as_seen(name, signs=""), as_seen(name, signs=" ")}
    if any(as_seen(word) in one for word in RESERVED for one in seen):
        return True
    colleagues = User.objects.filter(role__in=STAFF_ROLES, is_active=True)
    taken = colleagues.values_list("nickname", flat=True)
    return not seen.isdisjoint(as_seen(nickname, signs="") for nickname in taken)


def as_seen(name: str, *, signs: str = " ") -> str:
    """The name as a hurried eye reads it, in no script that anybody writes; only to compare.

    Accents are gone, look-alikes of other alphabets are Latin, letters that stand apart are
    together, and dots, dashes and apostrophes are ``signs``.
    """
    bare = unicodedata.normalize("NFKD", name.lower())
    letters = (shapes().get(c, c) for c in bare if not unicodedata.combining(c))
    latin = "".join(letters).translate(LOOK_ALIKES).translate(_SAME)
    apart = " ".join(re.sub(r"[.'_-]", signs, latin).split())
    return _SINGLE.sub(r"\1", apart)
