"""Who talks in a run, and where: threads that everybody in them reads, and private talks."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass

from django.core.management import call_command
from django.db.models import F

from chat.actions.conversations import join_talk, open_talk, start_thread
from chat.actions.messages import remove_message
from chat.actions.people import start_young_person
from chat.models import Message, Space, User
from chat.states import MessageState, Notice, Role
from tests.cast import settle

THREADS = 4
NEWEST = 40
"""A moderator removes one of so many."""


@dataclass
class Seat:
    user: User
    conversations: list[int]


def furnish(phones: int, talks: int) -> tuple[list[Seat], User]:
    """So many people: young people in threads, some of them in private talks with clinicians."""
    call_command("migrate", interactive=False, verbosity=0)
    space = Space.objects.create(slug="storm", name="Storm", about="", age_bands="|16-17|")
    moderator = _staff("mo", Role.MODERATOR)
    seats = []
    for number in range(phones - talks):
        young, _ = start_young_person(nickname=f"Young {number}", age_band="16-17")
        seats.append(Seat(young, []))
    threads = [_thread(seats[n].user, space, n) for n in range(min(THREADS, len(seats)))]
    for number, seat in enumerate(seats):
        seat.conversations.append(threads[number % len(threads)])
    for number in range(talks):
        seat = seats[number % (phones - talks)]
        talk = open_talk(person=seat.user, by=seat.user)
        clinician = _staff(f"clinician-{number}", Role.CLINICIAN)
        join_talk(talk=talk, user=clinician)
        seat.conversations.append(talk.pk)
        seats.append(Seat(clinician, [talk.pk]))
    return seats, moderator


def _thread(by: User, space: Space, number: int) -> int:
    """A thread that others may come into: what it began with is read."""
    words = f"thread {number} opens"
    thread = start_thread(by=by, space=space, client_id=uuid.uuid4(), body=words)
    settle(thread.messages.get(), publish=True)
    return thread.pk


def _staff(name: str, role: Role) -> User:
    return User.objects.create_staff(username=name, nickname=name.title(), role=role, password=None)


def remove_one(moderator: User, dice: random.Random) -> None:
    """Take a published message off everybody's screens; without its first a thread is over."""
    rows = Message.objects.filter(state=MessageState.PUBLISHED, conversation__kind="thread")
    rows = rows.exclude(pk=F("conversation__opening_message"))
    newest = list(rows.order_by("-pk")[:NEWEST])
    if newest:
        remove_message(message=dice.choice(newest), by=moderator, notice=Notice.NOT_PUBLISHED)
