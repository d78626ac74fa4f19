"""Changing, taking back, publishing and removing what was written."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction

from chat.actions.messages import (
    Settlement,
    edit_message,
    publish_message,
    remove_message,
    settle_messages,
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


def test_a_change_that_a_newer_one_overtook_comes_too_late(cast: Cast) -> None:
    """It hung on a dead connection while the next one went by another."""
    message = written(cast, published=True)
    edit_message(by=cast.ada, message_id=message.pk, body="newer words", revision=1)

    with pytest.raises(Stale):
        edit_message(by=cast.ada, message_id=message.pk, body="older words", revision=1)
    said_twice = edit_message(by=cast.ada, message_id=message.pk, body="newer words", revision=1)

    message.refresh_from_db()
    assert (message.body, message.revision, said_twice.revision) == ("newer words", 2, 2)


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


def test_a_group_is_settled_as_it_was_read_and_whoever_moved_on_is_left_alone(cast: Cast) -> None:
    thread = cast.thread()
    before = ConversationEvent.objects.filter(conversation=thread).count()
    shown, kept_back, changed, taken_back, again = (
        cast.says(cast.ben, thread, f"line {n}", read=False) for n in range(5)
    )
    edit_message(by=cast.ben, message_id=changed.pk, body="other words")
    withdraw_message(by=cast.ben, message_id=taken_back.pk)
    with transaction.atomic():
        moved = settle_messages(
            [
                Settlement(shown, publish=True),
                Settlement(kept_back, publish=False, notice=Notice.DOOR),
                Settlement(changed, publish=True),
                Settlement(taken_back, publish=True),
                Settlement(again, publish=True),
            ]
        )

    assert [message.pk for message in moved] == [shown.pk, kept_back.pk, again.pk]
    rows = {m.pk: m for m in Message.objects.filter(author=cast.ben).order_by("pk")}
    assert [(m.state, m.notice, m.revision) for m in rows.values()] == [
        (MessageState.PUBLISHED, Notice.NONE, 1),
        (MessageState.HELD, Notice.DOOR, 1),
        (MessageState.PENDING, Notice.NONE, 2),
        (MessageState.REMOVED, Notice.WITHDRAWN, 1),
        (MessageState.PUBLISHED, Notice.NONE, 1),
    ]
    events = ConversationEvent.objects.filter(conversation=thread).order_by("seq")
    newest = [(event.kind, event.message_id, event.seq) for event in events[before:]][-3:]
    assert [(kind, pk) for kind, pk, _ in newest] == [
        (EventKind.MESSAGE_PUBLISHED, shown.pk),
        (EventKind.MESSAGE_HELD, kept_back.pk),
        (EventKind.MESSAGE_PUBLISHED, again.pk),
    ]
    places = [rows[pk].position for pk in (shown.pk, kept_back.pk, again.pk)]
    assert places == [newest[0][2], None, newest[2][2]]
