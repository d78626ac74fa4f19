"""The permanent cast: everybody who must be served, and everybody who must not get in.

All of them come about through the actions that real people use.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from chat.actions.conversations import start_thread
from chat.actions.help import request_help
from chat.actions.messages import Settlement, settle_messages
from chat.actions.people import start_young_person
from chat.actions.sending import Draft, send_message, send_messages
from chat.kernel import clock
from chat.models import Conversation, HelpRequest, Message, Space, User, WorkerBeat
from chat.models.beat import SCREENING
from chat.states import Notice, Role
from triage.actions.duty import go_on_duty

PASSWORD = "a lamp in the window"


@dataclass(frozen=True)
class Cast:
    """Ada in crisis, Ben her peer, Mo moderator, Cleo clinician on shift, Dan clinician off shift,
    Sal sanctioned, Lee shift lead, Eve an outsider of another age band."""

    ada: User
    ben: User
    mo: User
    cleo: User
    dan: User
    sal: User
    lee: User
    eve: User
    space: Space
    phrases: dict[str, str]

    def thread(
        self, *, by: User | None = None, words: str = "Hello from the corner"
    ) -> Conversation:
        """A thread of the cast's space whose first message everybody can see."""
        writer = by or self.ada
        thread = start_thread(by=writer, space=self.space, client_id=uuid.uuid4(), body=words)
        opening = thread.opening_message
        assert opening is not None
        settle(opening, publish=True)
        return thread

    def says(self, who: User, where: Conversation, words: str, *, read: bool = True) -> Message:
        """One message; in a thread it is read and published at once unless told otherwise."""
        message = send_message(by=who, conversation_id=where.pk, client_id=uuid.uuid4(), body=words)
        if read and not where.is_private:
            settle(message, publish=True)
        return message

    def says_all(
        self, who: User, where: Conversation, lines: Sequence[str], *, read: bool = True
    ) -> list[Message]:
        """Many messages at once, read and published or still to be read."""
        drafts = [Draft(who, where.pk, uuid.uuid4(), words) for words in lines]
        messages = [m for m in send_messages(drafts) if isinstance(m, Message)]
        if read:
            with transaction.atomic():
                settle_messages([Settlement(message, publish=True) for message in messages])
        return messages

    def held(self, who: User, where: Conversation, words: str) -> Message:
        """A message kept back for a person."""
        message = send_message(by=who, conversation_id=where.pk, client_id=uuid.uuid4(), body=words)
        settle(message, publish=False)
        return message

    def asks_for_help(self, who: User) -> HelpRequest:
        return request_help(by=who, client_id=uuid.uuid4())


def settle(message: Message, *, publish: bool) -> None:
    """As if a reader had decided."""
    notice = Notice.NONE if publish else Notice.HELD_FOR_PERSON
    with transaction.atomic():
        settle_messages([Settlement(message, publish=publish, notice=notice)])


def screening_is_awake() -> None:
    """As if the reader had just said that it is well."""
    WorkerBeat.objects.report(SCREENING, now=clock.now())


def _staff(username: str, role: Role) -> User:
    return User.objects.create_staff(
        username=username, nickname=username.title(), role=role, password=PASSWORD
    )


def make_cast() -> Cast:
    """Everybody, and one space for fourteen to seventeen."""
    phrases = {}
    young = {}
    for nickname, band in (
        ("Ada", "16-17"),
        ("Ben", "14-15"),
        ("Sal", "16-17"),
        ("Eve", "18-25"),
    ):
        young[nickname], phrases[nickname] = start_young_person(nickname=nickname, age_band=band)
    space = Space.objects.create(
        slug="corner",
        name="The quiet corner",
        about="For whatever is on your mind.",
        rules="Be kind.",
        picture="window",
        age_bands="|14-15|16-17|",
    )
    sal = young["Sal"]
    sal.suspended_until = clock.now() + dt.timedelta(days=3)
    sal.save(update_fields=["suspended_until"])
    cleo = _staff("cleo", Role.CLINICIAN)
    go_on_duty(by=cleo)
    screening_is_awake()
    return Cast(
        ada=young["Ada"],
        ben=young["Ben"],
        sal=sal,
        eve=young["Eve"],
        mo=_staff("mo", Role.MODERATOR),
        cleo=cleo,
        dan=_staff("dan", Role.CLINICIAN),
        lee=_staff("lee", Role.SHIFT_LEAD),
        space=space,
        phrases=phrases,
    )
