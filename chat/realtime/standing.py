"""Who is behind a socket, and whether they may still be: read from rows, never remembered.

A socket outlives the request that opened it. Logout, a ban, a new role or a new password must end
it, also when the ring that said so was lost.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.sessions.models import Session
from django.http import parse_cookie
from django.utils.crypto import constant_time_compare

from chat.access import Seat, seats_in_order
from chat.kernel import clock
from chat.kernel.rows import read_models
from chat.models import HelpRequest, Membership, User
from chat.realtime import protocol
from chat.realtime.own_state import counted_at, newest_talks
from chat.states import HelpState

NOT_SIGNED_IN = ""
AWAY = "away"
"""Session mark of somebody who pressed Leave: until they carry on, it is as if it had ended."""

PLAIN_BACKEND = "django.contrib.auth.backends.ModelBackend"
WAIT = ("place", "wait_from_minutes", "wait_to_minutes", "nobody_on_duty")
HELP_COLUMNS = ("pk", "state", "conversation_id", *WAIT)
HELP_FACTS = ("id", "state", "conversation", *WAIT, "counted_at")
"""The same facts under the names of the frame, and how old the count is if it is old."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever opened a socket; ``session_key`` is empty for nobody we know."""

    user: User | None
    session_key: str = NOT_SIGNED_IN


def cookie_of(scope: dict[str, Any]) -> str:
    """The session's key as the browser sent it, or nothing."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            return parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    return ""


def read_visitor(session_key: str) -> Visitor:
    """The person a session belongs to, by Django's own rules, in one go."""
    if not session_key:
        return Visitor(None)
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    if store.get(AWAY):
        return Visitor(None)
    user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    if not isinstance(user, User) or not user.is_active:
        return Visitor(None)
    return Visitor(user, session_key)


def read_visitors(session_keys: Sequence[str]) -> list[Visitor]:
    """The people of several sessions, in two queries.

    Whoever is plainly signed in is found so. A session in which anything is out of the ordinary
    (another backend, a hash of an older key) is judged alone, by Django's own rules.
    """
    wanted = {key for key in session_keys if key.isascii() and key.isalnum()}
    now = clock.now()
    rows = [row for row in read_models(Session, session_key=wanted) if row.expire_date > now]
    decoded = {row.session_key: row.get_decoded() for row in rows}
    facts = {key: kept for key, kept in decoded.items() if not kept.get(AWAY)}
    users = _active({_user_id(kept) for kept in facts.values()})
    visitors = {
        key: _plainly(users.get(_user_id(kept)), kept, key) or read_visitor(key)
        for key, kept in facts.items()
    }
    return [visitors.get(key, Visitor(None)) for key in session_keys]


def _user_id(facts: dict[str, Any]) -> int:
    found = str(facts.get(SESSION_KEY, ""))
    return int(found) if found.isdecimal() and len(found) < 19 else 0


def _plainly(user: User | None, facts: dict[str, Any], session_key: str) -> Visitor | None:
    """Somebody here whose session holds the very hash of their password as it is now."""
    plain = facts.get(BACKEND_SESSION_KEY) == PLAIN_BACKEND in settings.AUTHENTICATION_BACKENDS
    if user is None or not plain:
        return None
    right = user.get_session_auth_hash()
    if not constant_time_compare(str(facts.get(HASH_SESSION_KEY, "")), right):
        return None
    return Visitor(user, session_key)


def read_person(user_id: int) -> User | None:
    """The person as they are now; ``None`` once they were shut out."""
    return read_people([user_id])[0]


def read_people(user_ids: Sequence[int]) -> list[User | None]:
    """The same for several people, in one query."""
    people = _active(set(user_ids))
    return [people.get(user_id) for user_id in user_ids]


def _active(user_ids: Collection[int]) -> dict[int, User]:
    """Whoever of these people was not shut out. The ids are of our own rows, never a phone's."""
    return {user.pk: user for user in read_models(User, id=user_ids) if user.is_active}


def live_sessions(keys: Iterable[str]) -> set[str]:
    """Which of these sessions are still good: they have not ended, and nobody left by them."""
    now = clock.now()
    rows = [row for row in read_models(Session, session_key=set(keys)) if row.expire_date > now]
    return {row.session_key for row in rows if not row.get_decoded().get(AWAY)}


Standing = tuple[str, str, dt.datetime | None, str]
"""What decides at once who somebody is and what they may: role, password, until when paused, age.
"""

STANDING = ("role", "password", "suspended_until", "age_band")


def standing_of(user: User) -> Standing:
    return (user.role, user.password, user.suspended_until, user.age_band)


def read_standings(user_ids: Collection[int]) -> dict[int, Standing]:
    """The same from rows, in one small query for any number of people; none for the shut out."""
    people = User.objects.filter(pk__in=user_ids, is_active=True)
    return {pk: tuple(facts) for pk, *facts in people.values_list("pk", *STANDING)}


def read_unseated(seats: Sequence[Seat]) -> set[int]:
    """Whoever has lost one of these seats, or would be given another one in its place."""
    asked = [(seat.user, seat.conversation.pk) for seat in seats]
    return {
        seat.user.pk
        for seat, now in zip(seats, seats_in_order(asked), strict=True)
        if now is None or (now.audience, now.is_member) != (seat.audience, seat.is_member)
    }


def mark_of(user: User, told: protocol.PersonChanged) -> int:
    """One number that differs once the person, or what they are told of themselves, would."""
    talks = [(t.conversation, t.state, frozenset(p.id for p in t.people)) for t in told.talks]
    help_facts = None
    if told.help is not None:
        help_facts = tuple(getattr(told.help, name) for name in HELP_FACTS)
    return hash((user.role, user.password, frozenset(talks), help_facts))


def read_marks(user_ids: Collection[int]) -> dict[int, int]:
    """The same numbers from rows: six queries for everybody in this process, however many.

    What a lost ring did not tell is found by comparing. Whoever was shut out has none.
    """
    helped = {}
    counted = counted_at(HelpState.WAITING, place=1)
    asked = HelpRequest.objects.filter(person__in=user_ids).exclude(state=HelpState.CLOSED)
    for user_id, *facts in asked.values_list("person_id", *HELP_COLUMNS):
        waiting, place = facts[1] == HelpState.WAITING, facts[3]
        old = counted if waiting and place is not None else ""
        helped[user_id] = (*facts, old)
    talks = _talks(user_ids)
    people = User.objects.filter(pk__in=user_ids, is_active=True)
    return {
        user_id: hash((role, password, frozenset(talks[user_id]), helped.get(user_id)))
        for user_id, role, password in people.values_list("pk", "role", "password")
    }


def _talks(user_ids: Collection[int]) -> dict[int, list[tuple[int, str, frozenset[int]]]]:
    """Each person's talks, the newest of them, with everybody else who is in them."""
    rows = newest_talks(user_ids)
    inside: dict[int, set[int]] = defaultdict(set)
    everybody = Membership.objects.filter(
        conversation__in={conversation for _, conversation, _ in rows}, left_at__isnull=True
    )
    for conversation, user_id in everybody.values_list("conversation_id", "user_id"):
        inside[conversation].add(user_id)
    talks: dict[int, list[tuple[int, str, frozenset[int]]]] = defaultdict(list)
    for user_id, conversation, state in rows:
        others = frozenset(inside[conversation] - {user_id})
        talks[user_id].append((conversation, state, others))
    return talks
