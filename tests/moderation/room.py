"""A space with people in it, for tests of moderation: real rows, written by the real actions."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from chat.actions.conversations import open_talk, start_thread
from chat.actions.messages import send_message
from chat.actions.people import start_young_person
from chat.kernel import clock
from chat.models import Conversation, Message, Space, User, WorkerBeat
from chat.models.beat import SCREENING
from chat.states import Role
from moderation.classifiers.base import PATTERNS, Signal, Span
from moderation.classifiers.labels import Label

DANGEROUS = "tonight is the last night"
WORRIED = "my friend scares me"
RUDE = "you muppet"
WITH_NUMBER = "text me on 5550100"
CALM = "the lamp in the hall is warm"

_numbers = itertools.count(1)


class PhraseReader:
    """A reader with a handful of phrases: a plug-in like any other, known to the last letter."""

    name = PATTERNS
    version = "phrases-1"
    phrases = (
        ("last night", Label.INTENT_OR_PLAN),
        ("friend scares", Label.WORRIED_ABOUT_FRIEND),
        ("muppet", Label.INSULT),
        ("5550100", Label.CONTACT_MOVE),
    )

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        return [tuple(self._signals(text)) for text in texts]

    def _signals(self, text: str) -> list[Signal]:
        return [
            Signal(
                label=label,
                score=0.9,
                source=self.name,
                version=self.version,
                spans=(Span(text.index(phrase), text.index(phrase) + len(phrase)),),
                rule=f"phrase.{label}",
            )
            for phrase, label in self.phrases
            if phrase in text
        ]


class Choking(PhraseReader):
    """A reader that fails on one phrase, alone or among others."""

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        if any("choke" in text for text in texts):
            raise RuntimeError("cannot read this")
        return super().read(texts)


@dataclass
class Room:
    space: Space
    thread: Conversation
    ada: User
    ben: User
    mo: User
    lee: User
    cleo: User
    eve: User

    def says(self, author: User, body: str) -> Message:
        """A message of this author in the thread, as accepted."""
        return send_message(
            by=author, conversation_id=self.thread.pk, client_id=uuid.uuid4(), body=body
        )

    def says_privately(self, author: User, body: str) -> Message:
        talk = open_talk(person=author, by=author)
        return send_message(by=author, conversation_id=talk.pk, client_id=uuid.uuid4(), body=body)


def staff(role: Role, nickname: str) -> User:
    return User.objects.create_staff(
        username=f"{nickname.lower()}{next(_numbers)}", nickname=nickname, role=role, password=None
    )


def young(nickname: str, age_band: str = "14-15") -> User:
    return start_young_person(nickname=nickname, age_band=age_band)[0]


def make_room(*, awake: bool = True, premoderated: bool = False) -> Room:
    """A space for 14 and 15 with one thread begun by staff, and everybody who matters."""
    if awake:
        WorkerBeat.objects.report(SCREENING, now=clock.now())
    space = Space.objects.create(
        slug=f"evenings-{next(_numbers)}",
        name="Evenings",
        about="For the end of the day.",
        age_bands="|14-15|",
        premoderated=premoderated,
    )
    mo = staff(Role.MODERATOR, "Mo")
    thread = start_thread(
        by=mo, space=space, client_id=uuid.uuid4(), body="How was today?", title="Today"
    )
    Message.objects.filter(conversation=thread).update(due_at=None, state="published")
    return Room(
        space=space,
        thread=thread,
        ada=young("Ada"),
        ben=young("Ben"),
        mo=mo,
        lee=staff(Role.SHIFT_LEAD, "Lee"),
        cleo=staff(Role.CLINICIAN, "Cleo"),
        eve=young("Eve", "18-25"),
    )
