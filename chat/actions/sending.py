"""Accepting messages, in groups: what arrived within a few milliseconds shares one transaction.

One message is a group of one.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from django.db import IntegrityError, transaction

from chat.access import Closed, Paused, Seat, check_may_post, seats_of
from chat.actions.feed import Change, number_events
from chat.kernel import clock
from chat.kernel.doorbell import ring_on_commit, work_topic
from chat.kernel.errors import Conflict, Denied, DomainError, Invalid, Stale
from chat.kernel.rows import any_among, attach, insert_rows, new_row, read_rows
from chat.models import Message, SendRefusal, User, WorkerBeat
from chat.models.beat import SCREENING
from chat.models.message import MAX_BODY
from chat.states import (
    EventKind,
    MachineReading,
    MessageState,
    Notice,
)

MOST_MARKS: Final = 30
"""Marks (accents, points) one behind the other that we take: UAX #15's stream-safe text. No
language needs more, and sorting a pile of thousands takes Python a second, in which nobody else is
served."""

_MADE_OF_MARKS: Final = frozenset("\u0f73\u0f75\u0f81")
"""Tibetan vowels: letters by their class, and two marks each once they are taken apart."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One send as it came in; ``client_id`` was made on the phone before the first try."""

    author: User
    conversation_id: int
    client_id: uuid.UUID
    body: str


def clean_body(body: str) -> str:
    """The words as we keep them (NFC, trimmed), or :class:`Invalid` with what is wrong."""
    if "\x00" in body:
        raise Invalid("message_has_nul")
    try:
        body.encode()
    except UnicodeEncodeError as error:
        raise Invalid("message_not_text") from error
    if not body.isascii() and _piles_up_marks(body):
        raise Invalid("message_marks")
    body = unicodedata.normalize("NFC", body).strip()
    if not body:
        raise Invalid("message_empty")
    if len(body) > MAX_BODY:
        raise Invalid("message_too_long")
    return body


def _piles_up_marks(body: str) -> bool:
    """Asked before anything sorts them."""
    marks = 0
    for character in body:
        is_mark = unicodedata.combining(character) or character in _MADE_OF_MARKS
        marks = marks + 1 if is_mark else 0
        if marks > MOST_MARKS:
            return True
    return False


def send_message(*, by: User, conversation_id: int, client_id: uuid.UUID, body: str) -> Message:
    """Accept one message; the same ``client_id`` again returns the same row.

    Raises :class:`Denied`, :class:`Invalid`, :class:`Conflict` (same id, other words) or the
    refusals of :func:`chat.access.check_may_post`.
    """
    outcome = send_messages([Draft(by, conversation_id, client_id, body)])[0]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def send_messages(drafts: Sequence[Draft]) -> list[Message | DomainError]:
    """Accept a group of messages in one transaction; one outcome per draft, in order.

    A draft that is refused does not touch the others. Permanent refusals are remembered, so a
    retry of the same send hears the same answer.
    """
    try:
        return _send_group(drafts)
    except (IntegrityError, Stale):
        # Between our look and our insert the same send arrived through another process, or the
        # conversation was closed, by somebody who will not see these words. Looking again finds it.
        return _send_group(drafts)


def _send_group(drafts: Sequence[Draft]) -> list[Message | DomainError]:
    now = clock.now()
    with transaction.atomic():
        known = _known_outcomes(drafts)
        people = _fresh_authors(drafts)
        seats = seats_of(
            (people[d.author.pk], d.conversation_id) for d in drafts if d.author.pk in people
        )
        awake = WorkerBeat.objects.is_awake(SCREENING, now=now)
        outcomes: dict[tuple[int, uuid.UUID], Message | DomainError] = {}
        results: list[Message | DomainError] = []
        new: list[Message] = []
        for draft in drafts:
            key = (draft.author.pk, draft.client_id)
            earlier = outcomes.get(key) or known.get(key)
            if earlier is not None:
                results.append(_same_or_conflict(draft, earlier))
                continue
            try:
                message = _accept(draft, seats, now=now, awake=awake)
                new.append(message)
                outcomes[key] = message
            except DomainError as error:
                outcomes[key] = error
            results.append(outcomes[key])
        _save(new, now=now)
        _remember_refusals(outcomes, now=now)
    return results


_COLUMNS: Final = tuple(field.attname for field in User._meta.concrete_fields)
_KEY: Final = _COLUMNS.index("id")
_as_read: Final = attrgetter(*_COLUMNS)


def _fresh_authors(drafts: Sequence[Draft]) -> dict[int, User]:
    """The authors as the database knows them now: a ban since sign-in counts.

    Whoever is as the socket knows them is not built anew.
    """
    known = {d.author.pk: d.author for d in drafts}
    same, others = {}, []
    for row in read_rows(User, _COLUMNS, id=known):
        author = known[row[_KEY]]
        if _as_read(author) == row:
            same[author.pk] = author
        else:
            others.append(author.pk)
    return same | (User.objects.in_bulk(others) if others else {})


def _known_outcomes(
    drafts: Sequence[Draft],
) -> dict[tuple[int, uuid.UUID], Message | DomainError]:
    """What was answered to these sends before, if they were sent before."""
    # By those ids alone, which hardly ever meet another person's: both lists together would be
    # looked up each with each.
    client_ids = {d.client_id for d in drafts}
    if not any_among((SendRefusal, Message), "client_id", list(client_ids)):
        return {}  # As nearly always.
    known: dict[tuple[int, uuid.UUID], Message | DomainError] = {
        (row.author_id, row.client_id): _the_same_again(row.code)
        for row in SendRefusal.objects.filter(client_id__among=client_ids)
    }
    sent = Message.objects.filter(client_id__among=client_ids)
    for message in sent.select_related("author", "conversation"):
        known[message.author_id, message.client_id] = message
    return known


def _the_same_again(code: str) -> DomainError:
    """A refusal as it was given the first time, so that every road answers it the same way."""
    kinds: tuple[type[DomainError], ...] = (Closed, Paused, Denied)
    by_code = {kind.code: kind for kind in kinds}
    # Whatever else is remembered was wrong with the words.
    return by_code.get(code, Invalid)(code)


def _same_or_conflict(draft: Draft, earlier: Message | DomainError) -> Message | DomainError:
    """A retry gets the earlier answer; other words under the same id are refused."""
    if isinstance(earlier, DomainError):
        return earlier
    same_place = earlier.conversation_id == draft.conversation_id
    if same_place and (earlier.revision > 1 or _says_the_same(draft, earlier)):
        return earlier
    return Conflict("client_id_reused")


def _says_the_same(draft: Draft, earlier: Message) -> bool:
    try:
        return earlier.body == clean_body(draft.body)
    except Invalid:
        return False  # What was kept was not refused.


def _accept(
    draft: Draft, seats: dict[tuple[int, int], Seat], *, now: dt.datetime, awake: bool
) -> Message:
    seat = seats.get((draft.author.pk, draft.conversation_id))
    if seat is None:
        raise Denied
    check_may_post(seat, now=now)
    message = new_row(
        Message,
        conversation_id=seat.conversation.pk,
        author_id=seat.user.pk,
        client_id=draft.client_id,
        created_at=now,
        due_at=now,
    )
    attach(message, "conversation", seat.conversation)
    attach(message, "author", seat.user)
    message.body = clean_body(draft.body)
    if not awake:
        message.machine_reading = MachineReading.NOT_READ
    if seat.conversation.is_private:
        # Closed to peers, open to clinicians: a private talk never waits for a machine.
        message.state = MessageState.PUBLISHED
        message.published_at = now
    elif not awake:
        message.notice = Notice.UNREAD
    return message


def _save(new: list[Message], *, now: dt.datetime) -> None:
    if not new:
        return
    arrivals = [Change(m.conversation_id, _arrival(m), message=m) for m in new]
    events = number_events(arrivals, now=now, while_open=True)
    for event in events:
        message = event.message
        if message and event.kind == EventKind.MESSAGE_PUBLISHED:
            message.position = event.seq
    insert_rows(new)
    for event in insert_rows(events):
        if event.message:
            event.message.arrival = event
    ring_on_commit(work_topic("screening"))


def _arrival(message: Message) -> EventKind:
    """Waiting is an event too: the author's other phone and staff see it; peers are not told."""
    published = message.state == MessageState.PUBLISHED
    return EventKind.MESSAGE_PUBLISHED if published else EventKind.MESSAGE_WAITING


def _remember_refusals(
    outcomes: dict[tuple[int, uuid.UUID], Message | DomainError], *, now: dt.datetime
) -> None:
    rows = [
        SendRefusal(author_id=author, client_id=client_id, code=outcome.code, at=now)
        for (author, client_id), outcome in outcomes.items()
        if isinstance(outcome, DomainError) and outcome.permanent
    ]
    SendRefusal.objects.bulk_create(rows, ignore_conflicts=True)
