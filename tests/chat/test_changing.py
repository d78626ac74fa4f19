"""Changing, taking back, publishing and removing what was written."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError

from chat.actions.messages import (
    edit_message,
    publish_message,
    remove_message,
    withdraw_message,
)
from chat.actions.sending import send_message
from chat.kernel.errors import Denied, Invalid, Stale
from chat.models import AuditRow, ConversationEvent, Message
from chat.states import EventKind, MachineReading, MessageState, Notice
from tests.cast import Cast


def written(cast: Cast, *, published: bool = False) -> Message:
    thread = cast.thread()
    message = send_message(
        by=cast.ada, conversation_id=thread.pk, client_id=uuid.uuid4(), body="first words"
    )
    if published:
        publish_message(message=message, by=cast.mo)
    return message


def test_what_its_author_took_back_cannot_be_published_by_anybody(cast: Cast) -> None:
    message = written(cast)
    withdraw_message(by=cast.ada, message_id=message.pk)

    with pytest.raises(Stale):
        publish_message(message=message, by=cast.mo)

    message.refresh_from_db()
    assert (message.state, message.notice) == (MessageState.REMOVED, Notice.WITHDRAWN)


def test_a_removal_by_staff_may_be_overturned(cast: Cast) -> None:
    message = written(cast, published=True)
    remove_message(message=message, by=cast.mo, notice=Notice.NOT_PUBLISHED)

    publish_message(message=message, by=cast.lee)

    message.refresh_from_db()
    assert message.state == MessageState.PUBLISHED


def test_changed_words_wait_to_be_read_again_and_keep_their_place(cast: Cast) -> None:
    message = written(cast, published=True)

    edited = edit_message(by=cast.ada, message_id=message.pk, body="other words")

    assert (edited.state, edited.revision) == (MessageState.PENDING, 2)
    assert edited.machine_reading == MachineReading.WAITING
    assert edited.due_at is not None
    assert edited.position == message.position
    assert ConversationEvent.objects.latest("pk").kind == EventKind.MESSAGE_EDITED


def test_nobody_changes_or_takes_back_the_words_of_another(cast: Cast) -> None:
    message = written(cast, published=True)

    with pytest.raises(Denied):
        edit_message(by=cast.ben, message_id=message.pk, body="not mine")
    with pytest.raises(Denied):
        withdraw_message(by=cast.mo, message_id=message.pk)

    message.refresh_from_db()
    assert (message.state, message.body) == (MessageState.PUBLISHED, "first words")


def test_an_edit_that_cannot_be_kept_leaves_the_old_words(cast: Cast) -> None:
    message = written(cast, published=True)

    with pytest.raises(Invalid):
        edit_message(by=cast.ada, message_id=message.pk, body="   ")

    message.refresh_from_db()
    assert (message.state, message.body) == (MessageState.PUBLISHED, "first words")


def test_a_decision_that_cannot_be_audited_is_not_made(cast: Cast) -> None:
    message = written(cast)
    events = ConversationEvent.objects.count()
    head = AuditRow.objects.order_by("-pk").first()
    previous = head.digest if head else "0" * 64
    # Somebody tampers: a row already claims to follow the last one, so the chain cannot grow.
    AuditRow.objects.create(
        pk=0, verb="x", subject="x", at=message.created_at, previous=previous, digest="f"
    )

    with pytest.raises(IntegrityError):
        publish_message(message=message, by=cast.mo)

    message.refresh_from_db()
    assert message.state == MessageState.PENDING
    assert ConversationEvent.objects.count() == events
