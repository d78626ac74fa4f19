"""The cast around a thread, and a reader whose every word is known, for tests of moderation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chat.actions.conversations import open_talk
from chat.kernel.errors import DomainError
from chat.models import Conversation, Message, Space, User
from chat.states import Role
from moderation.classifiers.base import PATTERNS, Signal, Span
from moderation.classifiers.labels import Label
from moderation.models import Review
from moderation.screening import screening_step
from tests.cast import Cast, make_cast

DANGEROUS = "tonight is the last night"
WORRIED = "my friend scares me"
RUDE = "you muppet"
WITH_NUMBER = "text me on 5550100"
CALM = "the lamp in the hall is warm"


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
    """The cast around one thread, with nothing read for them: reading is what is tested."""

    cast: Cast
    thread: Conversation

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cast, name)

    def says(self, author: User, body: str) -> Message:
        """A message of this author in the thread, as accepted."""
        return self.cast.says(author, self.thread, body, read=False)

    def says_privately(self, author: User, body: str) -> Message:
        return self.cast.says(author, open_talk(person=author, by=author), body)


def staff(role: Role, nickname: str) -> User:
    return User.objects.create_staff(
        username=nickname.lower(), nickname=nickname, role=role, password=None
    )


def make_room(*, premoderated: bool = False) -> Room:
    """Everybody, and one thread that staff began and peers can see."""
    cast = make_cast()
    Space.objects.filter(pk=cast.space.pk).update(premoderated=premoderated)
    cast.space.refresh_from_db()
    thread = cast.thread(by=cast.mo, words="How was today?")
    Message.objects.filter(conversation=thread).update(due_at=None)
    return Room(cast, thread)


def held(room: Room, body: str = RUDE) -> Review:
    """The review of something Ada wrote that the reader held."""
    message = room.says(room.ada, body)
    screening_step()
    return Review.objects.get(message=message)


def outcome(work: Callable[[], object]) -> str:
    """What came of it: the code of the refusal, or "done"."""
    try:
        work()
    except DomainError as refusal:
        return refusal.code
    return "done"
