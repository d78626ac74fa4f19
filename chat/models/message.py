from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from chat.kernel.crypto import Sealed, Unreadable
from chat.models.conversation import Conversation
from chat.models.leasable import Leasable
from chat.models.user import User
from chat.states import MachineReading, MessageState, Notice

if TYPE_CHECKING:
    from chat.models.event import ConversationEvent

MAX_BODY = 4000
"""Longest message, in code points."""


class Message(Leasable):
    """What somebody wrote. The row is the promise; ``due_at`` set means "not read yet".

    ``client_id`` is made on the phone before the first send and is unique with the author, so a
    retry can never double a message. ``position`` is the seq of its first publication and orders
    the conversation for everybody.
    """

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="messages",
        db_index=False,
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="messages")
    client_id = models.UUIDField()
    body_sealed = models.BinaryField()
    body = Sealed("body_sealed", row="client_id")
    state = models.CharField(
        max_length=10,
        choices=[(s.value, s.value) for s in MessageState],
        default=MessageState.PENDING,
    )
    machine_reading = models.CharField(
        max_length=10,
        choices=[(r.value, r.value) for r in MachineReading],
        default=MachineReading.WAITING,
    )
    notice = models.CharField(
        max_length=20, choices=[(n.value, n.value) for n in Notice], default=Notice.NONE
    )
    revision = models.PositiveIntegerField(default=1)
    position = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    arrival: ConversationEvent | None = None
    """The event of a message saved a moment ago, in this process: it need not be read again."""

    class Meta:
        constraints: ClassVar = [
            # By ``client_id`` first: a group of sends is looked up by those alone.
            models.UniqueConstraint(fields=["client_id", "author"], name="one_message_per_send"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["conversation", "position"]),
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="message_due"
            ),
            models.Index(
                fields=["conversation", "author"],
                condition=models.Q(position__isnull=True),
                name="message_unplaced",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    def opened(self) -> str | None:
        """The words, or ``None`` where they do not open: one must not take its page along."""
        try:
            return self.body
        except Unreadable:
            return None


class SendRefusal(models.Model):
    """A permanent "no" to one send, so that a retry of it hears the same answer."""

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    code = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client_id", "author"], name="one_refusal_per_send")
        ]

    def __str__(self) -> str:
        return f"refusal {self.pk}"
