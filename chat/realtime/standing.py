"""Who is behind a socket, and whether they may still be: read from rows, never remembered.

A socket outlives the request that opened it. Logout, a ban, a new role or a new password must end
it, also when the ring that said so was lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.http import parse_cookie

from chat.kernel import clock
from chat.models import HelpRequest, Membership, User
from chat.states import ConversationKind, HelpState

NOT_SIGNED_IN = ""


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
    user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    if not isinstance(user, User) or not user.is_active:
        return Visitor(None)
    return Visitor(user, session_key)


def read_person(user_id: int) -> User | None:
    """The person as they are now; ``None`` once they were shut out."""
    return User.objects.filter(pk=user_id, is_active=True).first()


def live_sessions(keys: Iterable[str]) -> set[str]:
    """Which of these sessions are still good."""
    rows = Session.objects.filter(session_key__in=set(keys), expire_date__gt=clock.now())
    return set(rows.values_list("session_key", flat=True))


def read_marks(user_ids: Collection[int]) -> dict[int, int]:
    """One number per person that differs once anything in ``person.changed`` would differ.

    Three queries for everybody in this process, however many: what a lost ring did not tell is
    found by comparing.
    """
    marks: dict[int, list[object]] = {user_id: [] for user_id in user_ids}
    people = User.objects.filter(pk__in=user_ids)
    for user_id, *rest in people.values_list("pk", "is_active", "role", "password"):
        marks[user_id].append(tuple(rest))
    asked = HelpRequest.objects.filter(person__in=user_ids).exclude(state=HelpState.CLOSED)
    told = ("state", "place", "wait_from_minutes", "wait_to_minutes", "nobody_on_duty")
    for user_id, *rest in asked.order_by("pk").values_list("person_id", "pk", *told):
        marks[user_id].append(tuple(rest))
    for user_id, *rest in _talks(user_ids):
        marks[user_id].append(tuple(rest))
    return {user_id: hash(tuple(facts)) for user_id, facts in marks.items()}


def _talks(user_ids: Collection[int]) -> Iterable[tuple[Any, ...]]:
    """Each person's talks with everybody who is in them."""
    mine = Membership.objects.filter(
        user__in=user_ids,
        left_at__isnull=True,
        conversation__kind=ConversationKind.ONE_TO_ONE,
        conversation__memberships__left_at__isnull=True,
    )
    return mine.order_by("conversation", "conversation__memberships").values_list(
        "user_id", "conversation_id", "conversation__state", "conversation__memberships__user_id"
    )
