"""Reading a conversation as one reader may see it: a snapshot, or what came after a seq.

Both draw every message by the same rule at the moment of reading, so an old snapshot with the
frames since is a fresh snapshot, and a message removed meanwhile is never replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from chat.access import Audience, Seat, can_post
from chat.actions.conversations import seats_of_people
from chat.kernel import clock
from chat.kernel.rows import attach
from chat.models import (
    Conversation,
    ConversationEvent,
    Message,
    User,
)
from chat.realtime import protocol as p
from chat.realtime.drawable import TO_THE_END, Span, read_drawable
from chat.realtime.page import read_page
from chat.states import MessageState, Notice
from chat.words import UNREADABLE

PAGE = 40
"""Messages in a snapshot, a few screens of them: on a slow line more would take seconds."""

REPLAY_LIMIT = 300
"""Events we replay; further behind than that, a phone gets a snapshot."""


def person_view(user: User) -> p.Person:
    return p.Person(id=user.pk, nickname=user.nickname, role=user.role)


def message_view(message: Message, *, reader_id: int, audience: Audience) -> p.MessageView | None:
    """The message as the reader may see it now, or ``None`` if it is not for them."""
    own = message.author_id == reader_id
    if message.state != MessageState.PUBLISHED and not own and audience is not Audience.STAFF:
        return None
    told = own or audience is Audience.STAFF
    private = message.conversation.is_private
    body = "" if message.notice == Notice.WITHDRAWN else message.opened()
    notice = message.notice if told and message.notice != Notice.NONE else ""
    return p.MessageView(
        id=message.pk,
        author=person_view(message.author),
        body=body or "",
        at=message.created_at.isoformat(timespec="milliseconds"),
        state=message.state,
        revision=message.revision,
        position=message.position,
        client_id=str(message.client_id) if own else "",
        notice=UNREADABLE if body is None else notice,
        machine_reading=message.machine_reading if private or told else "",
    )


def event_view(event: ConversationEvent, *, reader_id: int, audience: Audience) -> p.Event:
    message = event.message
    return p.Event(
        seq=event.seq,
        kind=event.kind,
        message_id=event.message_id,
        message=message_view(message, reader_id=reader_id, audience=audience) if message else None,
        # By its key: asking for somebody who is not there costs as much as drawing all the rest.
        person=person_view(event.person) if event.person_id and event.person else None,
    )


def for_reader(
    events: Iterable[ConversationEvent], *, reader_id: int, audience: Audience
) -> list[p.Event]:
    """The events a reader is shown."""
    views = [shown_event(event, reader_id=reader_id, audience=audience) for event in events]
    return [view for view in views if view is not None]


def shown_event(event: ConversationEvent, *, reader_id: int, audience: Audience) -> p.Event | None:
    """The event for this reader: peers are not told that something they never saw was held."""
    view = event_view(event, reader_id=reader_id, audience=audience)
    message = event.message
    never_shown = message is not None and view.message is None and message.position is None
    return None if never_shown else view


def events_after(conversation_id: int, after: int, *, limit: int) -> list[ConversationEvent]:
    """The feed after a seq, oldest first, with everything needed to draw it."""
    return events_of({conversation_id: after}, limit=limit)


def events_of(heads: Mapping[int, int], *, limit: int) -> list[ConversationEvent]:
    """The feeds of several conversations, each after its own seq, with all that draws them.

    By conversation, then seq; what ``limit`` cuts off is at the end, and never in between. One
    query, and one more where somebody came or went.
    """
    spans = {conversation_id: (after, TO_THE_END) for conversation_id, after in heads.items()}
    return read_drawable(spans, limit=limit)


def events_between(spans: Mapping[int, Span]) -> list[ConversationEvent]:
    """The same after a seq up to another one, both by conversation."""
    return read_drawable(spans)


def snapshot(seat: Seat, *, limit: int = PAGE) -> p.ConversationSnapshot:
    """The conversation as this reader sees it.

    The head is read before the messages: a change in between is then sent once more, never missed.
    """
    conversation = Conversation.objects.select_related("space").get(pk=seat.conversation.pk)
    return snapshot_of(
        conversation,
        newest(conversation, audience=seat.audience, reader_id=seat.user.pk, limit=limit),
        people=people_in(conversation),
        reader_id=seat.user.pk,
        audience=seat.audience,
        may_post=can_post(seat, now=clock.now()),
        limit=limit,
    )


def newest(
    conversation: Conversation, *, audience: Audience, reader_id: int, limit: int = PAGE
) -> list[Message]:
    """The newest page, the newest first, and one more message where there are any before it.

    What waits to be published comes first, as much of it again. Staff see everything, others what
    is published and what they wrote.
    """
    seen_by = None if audience is Audience.STAFF else reader_id
    return read_page(conversation, limit=limit + 1, reader_id=seen_by)


def people_in(conversation: Conversation) -> list[p.Person]:
    """Who is in a private talk; in a space nobody is told who is there."""
    if not conversation.is_private:
        return []
    return [person_view(user) for user in seats_of_people(conversation)]


def snapshot_of(
    conversation: Conversation,
    messages: Sequence[Message],
    *,
    people: list[p.Person],
    reader_id: int,
    audience: Audience,
    may_post: bool,
    limit: int = PAGE,
) -> p.ConversationSnapshot:
    """What :func:`newest` found, drawn for one reader or for all who wrote none of it."""
    waiting = [message for message in messages if message.position is None]
    placed = messages[len(waiting) :]
    shown = where_written([*reversed(placed[:limit]), *reversed(waiting[:limit])])
    views = [message_view(m, reader_id=reader_id, audience=audience) for m in shown]
    return p.ConversationSnapshot(
        conversation=conversation.pk,
        kind=conversation.kind,
        state=conversation.state,
        head=conversation.last_seq,
        messages=[view for view in views if view is not None],
        people=people,
        may_post=may_post,
        earlier=len(placed) > limit,
    )


def where_written(messages: Sequence[Message]) -> list[Message]:
    """Everybody's order, and what has no place (yet) where it was written.

    ``messages`` come by place, those without one after them. Phones with scripts order by the same
    rule (``ordered`` in ``feed.js``), so a page does not move when its script begins.
    """
    unplaced = [message for message in messages if message.position is None]
    order: list[Message] = []
    for message in messages:
        if message.position is None:
            continue
        while unplaced and unplaced[0].pk < message.pk:
            order.append(unplaced.pop(0))
        order.append(message)
    return order + unplaced


def earlier_messages(seat: Seat, *, before: int, limit: int = PAGE) -> list[p.MessageView]:
    """The page of messages placed before a position, oldest first."""
    placed = seat.conversation.messages.filter(position__lt=before)
    if seat.audience is not Audience.STAFF:
        placed = placed.filter(Q(state=MessageState.PUBLISHED) | Q(author=seat.user))
    page = placed.select_related("author").order_by("-position")[:limit]
    messages = [_of(message, seat.conversation) for message in reversed(page)]
    views = [message_view(m, reader_id=seat.user.pk, audience=seat.audience) for m in messages]
    return [view for view in views if view is not None]


def _of(message: Message, conversation: Conversation) -> Message:
    attach(message, "conversation", conversation)
    return message


def catch_up(seat: Seat, after: int | None) -> p.ConversationSnapshot | p.ConversationAdvanced:
    """What a phone that has ``after`` needs: the events since, or all of it when far behind."""
    conversation_id = seat.conversation.pk
    after = replayed_from(seat, after)
    if after is None:
        return snapshot(seat)
    events = events_after(conversation_id, after, limit=REPLAY_LIMIT + 1)
    return p.ConversationAdvanced(
        conversation=conversation_id,
        after=after,
        head=events[-1].seq if events else after,
        events=for_reader(events, reader_id=seat.user.pk, audience=seat.audience),
    )


def replayed_from(seat: Seat, after: int | None) -> int | None:
    """Where a phone that has ``after`` goes on, or ``None`` where it needs the whole page."""
    head = seat.conversation.last_seq
    if after is None or after > head or head - after > REPLAY_LIMIT:
        return None
    return after


def heads(conversation_ids: Sequence[int]) -> dict[int, int]:
    """The newest seq of each conversation: one query, however many."""
    rows = Conversation.objects.filter(pk__in=conversation_ids)
    return dict(rows.values_list("pk", "last_seq"))
