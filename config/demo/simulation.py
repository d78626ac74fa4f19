"""The step that keeps the demo alive: young people who talk, at the pace of people.

They are ordinary accounts that use the ordinary actions; only their words come from a file. What
they write is bounded: past a few thousand messages they all but stop, so that a demo left on
overnight, or for a month, fills no disk.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chat.actions.conversations import start_thread
from chat.actions.sending import send_message
from chat.kernel import clock
from chat.kernel.errors import DomainError
from chat.models import Conversation, Message, Space, User
from chat.states import ConversationKind, MessageState
from config.demo.helpdesk import HelpDesk
from config.demo.people import TALKERS, find_young_person
from config.demo.script import Line, lines, script
from moderation.models import Review

LINE_SECONDS = (10.0, 25.0)
"""From one line to the next, anywhere in the spaces."""

SLIP_EVERY = 24
"""One line in so many is one that a person has to read first."""

WAITING_REVIEWS = 8
"""With so many waiting, nobody adds another: there may be no moderator to read them."""

QUIET_REVIEWS = 40
"""With so many waiting the spaces fall quiet, whatever the reason that so much is held."""

SCENES = 2
THREADS_PER_SPACE = 14
NEW_THREAD_CHANCE = 0.25

BUSY_UNTIL = 3000
QUIET_UNTIL = 6000
"""Messages of the talkers: past the first number a line every few minutes, past the other none."""

QUIET_FACTOR = 15.0


@dataclass(slots=True)
class Scene:
    """A short conversation under way in one space."""

    space: Space
    people: dict[str, User]
    rest: list[Line]
    thread: Conversation | None


@dataclass(slots=True)
class Simulation:
    """What the simulated people are in the middle of; forgotten at the end of the process."""

    chance: random.Random = field(default_factory=random.Random)
    scenes: list[Scene] = field(default_factory=list)
    written: int | None = None
    next_line: dt.datetime | None = None
    desk: HelpDesk = field(default_factory=HelpDesk)
    _deck: Iterator[dict[str, object]] = field(default_factory=lambda: iter(()))

    def step(self, now: dt.datetime) -> int:
        """Whatever is due by now; returns how many things were said or done."""
        done = self.desk.step(now, self.chance)
        if self.next_line is None:
            self.written = Message.objects.filter(author__in=talkers()).count()
        elif now >= self.next_line:
            done += self._say_a_line()
        else:
            return done
        self.next_line = now + self._pause()
        return done

    def _pause(self) -> dt.timedelta:
        seconds = self.chance.uniform(*LINE_SECONDS)
        slow = QUIET_FACTOR if (self.written or 0) > BUSY_UNTIL else 1.0
        return dt.timedelta(seconds=seconds * slow)

    def _say_a_line(self) -> int:
        waiting = Review.objects.awaiting().count()
        if (self.written or 0) > QUIET_UNTIL or waiting >= QUIET_REVIEWS:
            return 0
        if self.chance.randrange(SLIP_EVERY) == 0 and waiting < WAITING_REVIEWS:
            said = self._slip()
        else:
            said = self._next_of_a_scene()
        self.written = (self.written or 0) + said
        return said

    def _slip(self) -> int:
        row = self.chance.choice(script()["slips"])
        thread = self._thread(Space.objects.get(slug=row["space"]))
        free = self.desk.without_a_case(talkers())
        if thread is None or not free:
            return 0
        return say(self.chance.choice(free), thread, row["line"])

    def _next_of_a_scene(self) -> int:
        while len(self.scenes) < SCENES:
            self.scenes.append(self._begin_scene())
        scene = self.chance.choice(self.scenes)
        one = scene.rest.pop(0)
        if not scene.rest:
            self.scenes.remove(scene)
        who = scene.people[one.who]
        if scene.thread is None:
            return self._open_thread(scene, who, one.words)
        return say(who, scene.thread, one.words)

    def _open_thread(self, scene: Scene, who: User, words: str) -> int:
        try:
            scene.thread = start_thread(
                by=who, space=scene.space, client_id=uuid.uuid4(), body=words
            )
        except DomainError:
            return 0
        return 1

    def _begin_scene(self) -> Scene:
        row = next(self._deck, None)
        if row is None:
            self._deck = iter(self.chance.sample(script()["scripts"], len(script()["scripts"])))
            row = next(self._deck)
        said = lines(row["lines"])  # type: ignore[arg-type]
        slots = sorted({one.who for one in said})
        people = dict(zip(slots, self.chance.sample(talkers(), len(slots)), strict=True))
        space = Space.objects.get(slug=row["space"])
        return Scene(space, people, said, self._thread(space))

    def _thread(self, space: Space) -> Conversation | None:
        """One of the newest threads, or ``None`` for a thread of one's own."""
        threads = Conversation.objects.filter(
            kind=ConversationKind.THREAD,
            space=space,
            opening_message__state=MessageState.PUBLISHED,
        ).order_by("-pk")
        newest = list(threads[:3])
        room = threads.count() < THREADS_PER_SPACE
        if not newest or (room and self.chance.random() < NEW_THREAD_CHANCE):
            return None
        return self.chance.choice(newest)


def talkers() -> list[User]:
    """The simulated people who are here."""
    return present(TALKERS)


def present(nicknames: Iterable[str]) -> list[User]:
    found = (find_young_person(nickname) for nickname in nicknames)
    return [user for user in found if user is not None]


def say(who: User, conversation: Conversation, words: str) -> int:
    """Send as anybody would; a refusal is theirs to bear, and the talk goes on without it."""
    try:
        send_message(by=who, conversation_id=conversation.pk, client_id=uuid.uuid4(), body=words)
    except DomainError:
        return 0
    return 1


_simulation = Simulation()


def simulate_step() -> int:
    """One moment in the life of the demo."""
    return _simulation.step(clock.now())
