from __future__ import annotations

from typing import ClassVar

from django.db import models

from chat.models.conversation import Conversation
from chat.models.message import Message
from chat.models.user import User
from chat.states import EventKind


class ConversationEvent(models.Model):
    """One line of a conversation's feed: "this changed", never what it says.

    ``seq`` is gap-free per conversation and taken inside the transaction that makes the change,
    so commit order is seq order. What a reader is shown is looked up when they read, by what they
    may see at that moment: a message removed since is not replayed.
    """

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="events",
        db_index=False,
    )
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=24, choices=[(k.value, k.value) for k in EventKind])
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="events"
    )
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="one_event_per_seq")
        ]
        indexes: ClassVar = [
            # Hardly any event is about somebody, and each message makes an event: without the
            # others it costs nothing.
            models.Index(
                fields=["person"],
                condition=models.Q(person__isnull=False),
                name="event_of_person",
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.conversation_id}:{self.seq}"
