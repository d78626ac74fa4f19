"""Opening, joining and closing conversations."""

from __future__ import annotations

import uuid

from django.db import transaction

from chat.access import access_conversation, check_may_post
from chat.actions.feed import Change, append_events
from chat.actions.sending import Draft, send_messages
from chat.kernel import clock
from chat.kernel.doorbell import person_topic, ring_on_commit
from chat.kernel.errors import Conflict, Denied, DomainError, Stale
from chat.models import AuditRow, Conversation, Membership, Message, Space, User
from chat.states import ConversationKind, ConversationState, EventKind


def start_thread(
    *, by: User, space: Space, client_id: uuid.UUID, body: str, title: str = ""
) -> Conversation:
    """Begin a thread with its first message; the same ``client_id`` again finds the same thread.

    Young people give no title: the first line of the opening message is the title, and nobody but
    its author sees the thread before that message has been read. Raises like ``send_message``.
    """
    if (begun := _begun(by, client_id)) is not None:
        return begun
    if title and not by.is_staff_member:
        raise Denied
    now = clock.now()
    conversation = Conversation(
        kind=ConversationKind.THREAD, space=space, title=title, created_by=by, created_at=now
    )
    try:
        with transaction.atomic():
            conversation.save()
            seat = access_conversation(by, conversation.pk)
            check_may_post(seat, now=now)
            outcome = send_messages([Draft(by, conversation.pk, client_id, body)])[0]
            if isinstance(outcome, DomainError):
                raise outcome
            conversation.opening_message = outcome
            conversation.save(update_fields=["opening_message"])
    except Conflict:
        # Tapped twice: the other one was not there yet when we looked, and is now.
        if (begun := _begun(by, client_id)) is not None:
            return begun
        raise
    return conversation


def _begun(by: User, client_id: uuid.UUID) -> Conversation | None:
    earlier = Message.objects.filter(author=by, client_id=client_id).first()
    return None if earlier is None else earlier.conversation


def open_talk(*, person: User, by: User) -> Conversation:
    """The person's open private talk, or a new one with the person alone in it so far.

    Whoever opens it first holds the person's row, so that two at once find the same talk.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        talk = (
            Conversation.objects.filter(
                kind=ConversationKind.ONE_TO_ONE,
                state=ConversationState.OPEN,
                memberships__user=person,
                memberships__left_at__isnull=True,
            )
            .order_by("pk")
            .last()
        )
        if talk is not None:
            return talk
        now = clock.now()
        talk = Conversation.objects.create(
            kind=ConversationKind.ONE_TO_ONE, created_by=by, created_at=now
        )
        join_talk(talk=talk, user=person)
    return talk


def quote_in_talk(*, talk: Conversation, message: Message) -> None:
    """Put at the head of a private talk the post that it is about, unless it began with one.

    Only a post in a space, by somebody who belongs to the talk, is quoted to them: raises
    :class:`Denied` for any other.
    """
    ours = talk.is_private and not message.conversation.is_private
    if not ours or not talk.memberships.filter(user=message.author_id).exists():
        raise Denied
    Conversation.objects.filter(pk=talk.pk, opening_message__isnull=True).update(
        opening_message=message
    )


def join_talk(*, talk: Conversation, user: User) -> None:
    """Add somebody to a private talk, by name, so that all can see who is there."""
    now = clock.now()
    with transaction.atomic():
        membership, fresh = Membership.objects.get_or_create(
            conversation=talk, user=user, defaults={"joined_at": now}
        )
        if not fresh:
            if membership.left_at is None:
                return
            Membership.objects.filter(pk=membership.pk).update(left_at=None, joined_at=now)
        append_events([Change(talk.pk, EventKind.PERSON_JOINED, person=user)], now=now)
        ring_on_commit(person_topic(user.pk))


def leave_talk(*, talk: Conversation, user: User) -> None:
    """Take somebody out of a private talk; their open pages lose it at once."""
    now = clock.now()
    with transaction.atomic():
        left = Membership.objects.filter(conversation=talk, user=user, left_at__isnull=True)
        if left.update(left_at=now):
            append_events([Change(talk.pk, EventKind.PERSON_LEFT, person=user)], now=now)
            ring_on_commit(person_topic(user.pk))


def close_conversation(*, conversation: Conversation, by: User) -> None:
    """No more messages here; what was said stays readable. Raises ``Stale`` if closed already."""
    now = clock.now()
    with transaction.atomic():
        changed = Conversation.objects.filter(
            pk=conversation.pk, state=ConversationState.OPEN
        ).update(state=ConversationState.CLOSED)
        if changed != 1:
            raise Stale
        append_events([Change(conversation.pk, EventKind.CONVERSATION_CLOSED)], now=now)
        AuditRow.objects.record(
            verb="conversation.closed", by=by, subject=f"conversation:{conversation.pk}"
        )
        for user_id in conversation.memberships.filter(left_at__isnull=True).values_list(
            "user_id", flat=True
        ):
            ring_on_commit(person_topic(user_id))


def seats_of_people(conversation: Conversation) -> list[User]:
    """Who is in a private talk now."""
    return list(
        User.objects.filter(
            memberships__conversation=conversation, memberships__left_at__isnull=True
        ).order_by("memberships__joined_at")
    )
