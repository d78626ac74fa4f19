"""Asking for help, and keeping the person told where they stand.

Nothing here waits for a classifier, a worker or Redis: a row, and the person has a place.
"""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction

from chat.access import access_own_message
from chat.actions.conversations import open_talk
from chat.kernel import clock
from chat.kernel.doorbell import ALERTS, person_topic, ring_on_commit, work_topic
from chat.kernel.errors import Denied
from chat.kernel.transitions import change_state
from chat.models import AskedAgain, AuditRow, Conversation, HelpRequest, User
from chat.states import HELP_MOVES, HelpState

IDS_REMEMBERED = 200
"""Of one request. One that is not, and whose answer was lost, would call somebody once more."""


def request_help(
    *, by: User, client_id: uuid.UUID, about_message_id: int | None = None
) -> HelpRequest:
    """Put the person on the list of people to talk to; asking again keeps the first place.

    Works for a suspended person too. ``about_message_id`` is one of their own messages, to be
    quoted to whoever picks up; one that is not theirs is ignored rather than refused.

    ``client_id`` names one ask: a phone that heard no answer says it again under the same id, and
    even days later, when it was answered and closed, that calls nobody a second time. That holds
    for every id that an open request was the answer to. Whoever asks anew brings a new id.

    Raises :class:`Denied` for staff: they sit in the talks of others, and one of those would be
    taken for their own and opened to whoever answered.
    """
    if not by.is_young_person:
        raise Denied
    try:
        return _request_help(by, client_id, about_message_id)
    except IntegrityError:
        # Two taps at once: the other one made the row.
        return _request_help(by, client_id, about_message_id)


def _request_help(by: User, client_id: uuid.UUID, about_message_id: int | None) -> HelpRequest:
    with transaction.atomic():
        mine = HelpRequest.objects.filter(person=by)
        earlier = (
            mine.filter(client_id=client_id).first()
            or mine.filter(asked_again__client_id=client_id).first()
        )
        if earlier is not None:
            return earlier
        is_open = mine.exclude(state=HelpState.CLOSED).first()
        if is_open is not None:
            _remember(is_open, client_id)
            return is_open
        now = clock.now()
        request = HelpRequest.objects.create(
            person=by,
            client_id=client_id,
            conversation=open_talk(person=by, by=by),
            about_message_id=_own_message_id(by, about_message_id),
            created_at=now,
            due_at=now,
        )
        AuditRow.objects.record(verb="help.requested", by=by, subject=f"help:{request.pk}")
        for topic in (work_topic("intake"), ALERTS, person_topic(by.pk)):
            ring_on_commit(topic)
    return request


def _remember(request: HelpRequest, client_id: uuid.UUID) -> None:
    """Under this id, too, the person means this request; past a limit nobody's thumb needs that."""
    if request.asked_again.count() < IDS_REMEMBERED:
        again = AskedAgain(request=request, client_id=client_id)
        AskedAgain.objects.bulk_create([again], ignore_conflicts=True)


def place_for(*, person: User, by: User) -> HelpRequest:
    """A place in line for somebody who never asked: whoever had come to them has to go.

    They wait then as those do who asked. No worker need take this up: they are on the list.
    """
    with transaction.atomic():
        request = HelpRequest.objects.create(
            person=person,
            client_id=uuid.uuid4(),
            conversation=open_talk(person=person, by=by),
            created_at=clock.now(),
            due_at=None,
        )
        AuditRow.objects.record(
            verb=f"help.{HelpState.WAITING}", by=by, subject=f"help:{request.pk}"
        )
        ring_on_commit(person_topic(person.pk))
    return request


def _own_message_id(by: User, message_id: int | None) -> int | None:
    if message_id is None:
        return None
    try:
        return access_own_message(by, message_id).pk
    except Denied:
        return None


def tell_place(
    *,
    request: HelpRequest,
    place: int | None,
    wait_from_minutes: int | None,
    wait_to_minutes: int | None,
    nobody_on_duty: bool,
) -> bool:
    """Write where a waiting person stands, and tell them if it changed."""
    news = {
        "place": place,
        "wait_from_minutes": wait_from_minutes,
        "wait_to_minutes": wait_to_minutes,
        "nobody_on_duty": nobody_on_duty,
    }
    if all(getattr(request, name) == value for name, value in news.items()):
        return False
    waiting = HelpRequest.objects.filter(pk=request.pk, state=HelpState.WAITING)
    with transaction.atomic():
        changed = waiting.update(**news) == 1
        ring_on_commit(person_topic(request.person_id))
    return changed


def move_help(
    *,
    request: HelpRequest,
    to: HelpState,
    by: User | None,
    conversation: Conversation | None = None,
) -> None:
    """Say that somebody is with the person now, or gone again, or done; raises ``Stale``.

    ``conversation`` is where that somebody is, when it is not where the person asked.
    """
    old = [state for state, allowed in HELP_MOVES.items() if to in allowed]
    closed_at = clock.now() if to == HelpState.CLOSED else None
    elsewhere = {"conversation": conversation} if conversation else {}
    with transaction.atomic():
        change_state(
            HelpRequest.objects.filter(pk=request.pk),
            field="state",
            old=old,
            new=to,
            table=HELP_MOVES,
            closed_at=closed_at,
            place=None,
            wait_from_minutes=None,
            wait_to_minutes=None,
            **elsewhere,
        )
        AuditRow.objects.record(verb=f"help.{to}", by=by, subject=f"help:{request.pk}")
        ring_on_commit(person_topic(request.person_id))
        ring_on_commit(ALERTS)
    request.refresh_from_db()
