"""Coming in without a name, coming back with a phrase, and who works here."""

from __future__ import annotations

import re
import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from chat.actions.nicknames import clean_nickname
from chat.kernel.crypto import blind_index
from chat.kernel.doorbell import person_topic, ring_on_commit
from chat.kernel.errors import Invalid
from chat.models import AuditRow, User
from chat.phrase_words import WORDS
from chat.states import STAFF_ROLES, AgeBand, Role

PHRASE_WORDS = 6
"""Six of more than 1,600 words: 64 bits, out of reach of guessing through rate limits."""


def start_young_person(
    *, nickname: str, age_band: str, is_simulated: bool = False
) -> tuple[User, str]:
    """Make an account from a nickname and an age band; returns it with its recovery phrase.

    The phrase is shown once. We keep a keyed digest to find the account by, and an Argon2 hash.
    """
    name = clean_nickname(nickname)
    if age_band not in set(AgeBand):
        raise Invalid("age_band_unknown")
    phrase = " ".join(secrets.choice(WORDS) for _ in range(PHRASE_WORDS))
    hashed = make_password(phrase)  # Before the transaction: others write while this one waits.
    with transaction.atomic():
        user = User.objects.create_young_person(
            nickname=name,
            age_band=age_band,
            recovery_index=blind_index(phrase, purpose="recovery"),
            recovery_hash=hashed,
            is_simulated=is_simulated,
        )
        AuditRow.objects.record(verb="person.started", by=user, subject=f"person:{user.pk}")
    return user, phrase


def add_staff(*, username: str, nickname: str, role: str, password: str) -> User:
    """Make an account for somebody who works here, with a role and a password to sign in by.

    Django's ``ValidationError`` says in words what does not fit. Whoever runs the machine asks for
    this, before there is anybody who could sign in: the line in the audit names no person.
    """
    if role not in STAFF_ROLES:
        raise ValueError("only a role of staff has a password")
    User(username=username, nickname=nickname, role=role).full_clean(exclude={"password"})
    validate_password(password)
    with transaction.atomic():
        user = User.objects.create_staff(
            username=username, nickname=nickname, role=role, password=password
        )
        AuditRow.objects.record(
            verb="staff.added", by=None, subject=f"person:{user.pk}", detail=role
        )
    return user


def change_staff(*, user_id: int, role: Role | None = None, is_active: bool | None = None) -> User:
    """Give somebody who works here another role, or close or reopen their account.

    What they have open ends at once. Whoever runs the machine asks for this. The same again changes
    nothing. Nobody else's account is touched: ``User.DoesNotExist``.
    """
    if role is not None and role not in STAFF_ROLES:
        raise ValueError("only a role of staff is given to staff")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id, role__in=STAFF_ROLES)
        if role not in (None, user.role):
            user.role = role
            _keep_change(user, "staff.role", detail=str(role))
        if is_active not in (None, user.is_active):
            user.is_active = is_active
            _keep_change(user, "staff.reopened" if is_active else "staff.closed")
    return user


def _keep_change(user: User, verb: str, *, detail: str = "") -> None:
    user.save(update_fields=["role", "is_active"])
    AuditRow.objects.record(verb=verb, by=None, subject=f"person:{user.pk}", detail=detail)
    look_again_at(user)


def tidy_phrase(raw: str) -> str:
    """The phrase as typed by somebody tired: case, commas and extra blanks do not matter."""
    return " ".join(re.sub(r"[^a-z]+", " ", raw.casefold()).split())


def find_by_phrase(phrase: str) -> User | None:
    """The account that belongs to a recovery phrase, or ``None``; takes as long either way."""
    tidy = tidy_phrase(phrase)
    user = User.objects.filter(
        recovery_index=blind_index(tidy, purpose="recovery"),
        role=Role.YOUNG_PERSON,
        is_active=True,
    ).first()
    known = user.recovery_hash if user else _decoy_hash()
    if check_password(tidy, known) and user is not None:
        return user
    return None


def look_again_at(user: User) -> None:
    """A session ended, or the account changed: the person's sockets are checked, and end if so."""
    ring_on_commit(person_topic(user.pk))


def _decoy_hash() -> str:
    """A hash of nothing anybody knows, so that a wrong phrase costs the same time."""
    global _decoy
    if _decoy is None:
        _decoy = make_password(secrets.token_hex(16))
    return _decoy


_decoy: str | None = None
