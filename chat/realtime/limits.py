"""How much one phone, one address and one process may ask of us.

Everything here is counted in this process's own memory, so there is nothing that could fail: no
limit opens or closes because something else is down. Asking for help is never limited.
"""

from __future__ import annotations

import math
import time
from collections import Counter as Tally
from collections import OrderedDict
from weakref import WeakValueDictionary

from django.conf import settings
from prometheus_client import Counter

from chat.kernel.addresses import one_house

PER_SECONDS = 10.0
"""The window of ``SOCKET_FRAMES``."""

FLOOD_FACTOR = 3
"""Refused frames, in windows' worth, after which a phone that goes on is cut off."""

PERSON_FACTOR = 2
"""What all sockets of one person may say together, in sockets' worth: two pages in full use."""

RECENT_PEOPLE = 10_000
"""How many of those who just left are remembered, at most."""

TYPING_EVERY_SECONDS = 2.0
"""A little less than phones wait (three), so that a hurried network costs nobody their turn."""

BUSY_CODE = 1013
FLOOD_CODE = 4429

refused_sockets = Counter("lantern_sockets_refused_total", "Sockets refused at a cap", ["cap"])
_full_process = refused_sockets.labels("process")
_full_address = refused_sockets.labels("address")
"""Made here, at nought: one born with its first refusal would hide that first burst from a rule
that watches it grow."""

refused_frames = Counter("lantern_frames_refused_total", "Frames refused over the rate")


class FrameRate:
    """A token bucket: ``SOCKET_FRAMES`` frames in ten seconds, then as they come back."""

    __slots__ = ("__weakref__", "_at", "_refused", "_size", "_tokens")

    def __init__(self, *, sockets: int = 1) -> None:
        self._size = float(settings.SOCKET_FRAMES * sockets)
        self._tokens = self._size
        self._refused = 0
        self._at = time.monotonic()

    def take(self) -> bool:
        """Whether one more frame is within the rate."""
        now = time.monotonic()
        self._tokens += (now - self._at) * self._size / PER_SECONDS
        self._at = now
        if self._tokens >= self._size:
            self._tokens = self._size
            self._refused = 0
        if self._tokens < 1:
            self._refused += 1
            refused_frames.inc()
            return False
        self._tokens -= 1
        return True

    @property
    def is_flood(self) -> bool:
        """Told to slow down, again and again, and still at it."""
        return self._refused > FLOOD_FACTOR * self._size


class SharedRate:
    """A socket's own bucket, and the one that all sockets of its person draw from together.

    Without the second one twenty pages of one person would get through twenty times as much.
    """

    __slots__ = ("_own", "_person")

    def __init__(self, user_id: int) -> None:
        self._own = FrameRate()
        person = _people.get(user_id)
        if person is None:
            person = _people[user_id] = FrameRate(sockets=PERSON_FACTOR)
        self._person = person

    def let_go(self) -> None:
        """The socket is gone. Its person is remembered until they would have a full bucket anyway.

        Else whoever hung up and came back would have one at once.
        """
        now = time.monotonic()
        _recent[self._person] = now
        _recent.move_to_end(self._person)
        while _recent:
            rate, since = next(iter(_recent.items()))
            if len(_recent) <= RECENT_PEOPLE and now - since < PER_SECONDS:
                break
            del _recent[rate]

    def take(self, *, coming_in: bool = False) -> bool:
        """Whether one more frame is within both rates; to come in, a page has its own alone.

        Kept out, whoever was hasty a moment ago could not even ask for help here.
        """
        return self._own.take() and (coming_in or self._person.take())

    @property
    def is_flood(self) -> bool:
        """This very socket goes on and on; the person's other pages are not cut off for it."""
        return self._own.is_flood


_people: WeakValueDictionary[int, FrameRate] = WeakValueDictionary()
"""By person, for as long as one of their sockets is open in this process, or was just now."""

_recent: OrderedDict[FrameRate, float] = OrderedDict()
"""The buckets of those who left last, and when; who left first stands first."""


class TypingRate:
    """One in ``TYPING_EVERY_SECONDS``; what comes sooner is dropped without a word."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at = -math.inf

    def take(self) -> bool:
        """Whether it is time to tell the others again."""
        now = time.monotonic()
        if now - self._at < TYPING_EVERY_SECONDS:
            return False
        self._at = now
        return True


class Census:
    """The sockets of this process by address (IPv6: by house).

    One school is one address: that cap is wide.
    """

    def __init__(self) -> None:
        self._addresses: Tally[str] = Tally()
        self._all = 0

    def admit(self, address: str) -> int:
        """Count one socket; returns 0, or the close code for one too many (counted as well)."""
        self._all += 1
        house = one_house(address)
        self._addresses[house] += 1
        if self._all > settings.SOCKETS_PER_PROCESS:
            _full_process.inc()
            return BUSY_CODE
        if house and self._addresses[house] > settings.SOCKETS_PER_ADDRESS:
            _full_address.inc()
            return FLOOD_CODE
        return 0

    def dismiss(self, address: str) -> None:
        """One socket less."""
        self._all -= 1
        house = one_house(address)
        self._addresses[house] -= 1
        if self._addresses[house] <= 0:
            del self._addresses[house]


census = Census()
