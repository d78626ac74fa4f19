"""People and conversations for a run, made in bulk."""

from __future__ import annotations

import datetime as dt
import uuid
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import transaction

from chat.actions.conversations import start_thread
from chat.actions.messages import Settlement, settle_messages
from chat.actions.sending import Draft, send_messages
from chat.kernel import clock
from chat.models import Conversation, Membership, Message, Space, User, WorkerBeat
from chat.models.beat import SCREENING
from chat.realtime.tickets import make_ticket
from chat.states import ConversationKind, Role
from tests.bench.crowd import stamp
from tests.sessions import BACKEND


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def awake() -> None:
    """As if the reader had just said that it is well."""
    WorkerBeat.objects.report(SCREENING, now=clock.now())


def young_people(count: int) -> list[User]:
    users = [
        User(
            username=f"bench-{uuid.uuid4().hex}",
            nickname=f"Person {number}",
            age_band="16-17",
            role=Role.YOUNG_PERSON,
        )
        for number in range(count)
    ]
    return User.objects.bulk_create(users)


def cookies_of(users: list[User]) -> list[str]:
    """A session for each; the key is also what the naive rooms take."""
    engine: type[SessionStore] = import_module(settings.SESSION_ENGINE).SessionStore
    rows, keys = [], []
    for user in users:
        store = engine(uuid.uuid4().hex)
        facts = {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": BACKEND,
            "_auth_user_hash": user.get_session_auth_hash(),
        }
        expires = clock.now() + dt.timedelta(days=1)
        rows.append(
            Session(
                session_key=store._session_key,
                session_data=store.encode(facts),
                expire_date=expires,
            )
        )
        keys.append(str(store._session_key))
    Session.objects.bulk_create(rows)
    return keys


def thread_with(lines: int) -> tuple[Conversation, User]:
    """A thread with so many published messages, and its author."""
    author = young_people(1)[0]
    space, _ = Space.objects.get_or_create(
        slug="bench", defaults={"name": "Bench", "about": "", "age_bands": "|16-17|"}
    )
    awake()
    thread = start_thread(by=author, space=space, client_id=uuid.uuid4(), body="the first line")
    publish(pending(author, thread, 0))
    while lines > 0:
        group = min(lines, 500)
        publish(pending(author, thread, group))
        lines -= group
    thread.refresh_from_db()
    return thread, author


def pending(author: User, thread: Conversation, count: int) -> list[Message]:
    """So many accepted messages that nobody has read yet; none leaves those there are."""
    drafts = [Draft(author, thread.pk, uuid.uuid4(), stamp()) for _ in range(count)]
    if drafts:
        send_messages(drafts)
    rows = Message.objects.filter(conversation=thread, position__isnull=True).order_by("pk")
    return list(rows.select_related("author", "conversation"))


def unread() -> int:
    """Messages that are accepted and wait for a reader."""
    return Message.objects.filter(due_at__isnull=False).count()


def stored(thread: int) -> int:
    """Rows of a conversation, whatever became of them."""
    return Message.objects.filter(conversation=thread).count()


def publish(messages: list[Message]) -> None:
    with transaction.atomic():
        settle_messages([Settlement(message, publish=True) for message in messages])


def pairs(count: int) -> list[tuple[int, User, User]]:
    """One-to-one talks with both people in them."""
    people = young_people(count * 2)
    now = clock.now()
    talks = Conversation.objects.bulk_create(
        [
            Conversation(kind=ConversationKind.ONE_TO_ONE, created_by=people[2 * n], created_at=now)
            for n in range(count)
        ]
    )
    Membership.objects.bulk_create(
        [
            Membership(conversation=talk, user=people[2 * n + side], joined_at=now)
            for n, talk in enumerate(talks)
            for side in (0, 1)
        ]
    )
    return [(talk.pk, people[2 * n], people[2 * n + 1]) for n, talk in enumerate(talks)]


def ticket(cookie: str) -> str:
    return make_ticket(cookie)
