from __future__ import annotations

from typing import ClassVar

from django.db import models

from chat.models.conversation import Conversation
from chat.models.leasable import Leasable
from chat.models.message import Message
from chat.models.user import User
from chat.states import HelpState


class HelpRequest(Leasable):
    """ "I need help now". Leased from upstairs straight from this row, past every other part.

    ``place`` and the wait range (whole minutes) are written by whoever runs the waiting list, and
    are ``None`` until they know.
    """

    person = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="help_requests", db_index=False
    )
    client_id = models.UUIDField()
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="help_requests"
    )
    about_message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in HelpState], default=HelpState.WAITING
    )
    place = models.PositiveIntegerField(null=True, blank=True)
    wait_from_minutes = models.PositiveIntegerField(null=True, blank=True)
    wait_to_minutes = models.PositiveIntegerField(null=True, blank=True)
    nobody_on_duty = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "client_id"], name="one_help_per_ask"),
            models.UniqueConstraint(
                fields=["person"],
                condition=~models.Q(state=HelpState.CLOSED.value),
                name="one_open_help_per_person",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="help_due"
            )
        ]

    def __str__(self) -> str:
        return f"help request {self.pk}"


class AskedAgain(models.Model):
    """Another id under which the person asked while their request was open.

    A phone that heard no answer to it keeps it, and says it again at the next visit: that may be
    long after the request was closed, and is no new one.
    """

    request = models.ForeignKey(
        HelpRequest, on_delete=models.CASCADE, related_name="asked_again", db_index=False
    )
    client_id = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "client_id"], name="one_row_per_ask_again")
        ]

    def __str__(self) -> str:
        return f"ask {self.pk}"
