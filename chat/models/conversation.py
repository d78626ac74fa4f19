from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce

from chat.models.space import Space
from chat.models.user import User
from chat.states import ConversationKind, ConversationState, MessageState


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def threads_for(self, user: User, space: Space) -> ConversationQuerySet:
        """The threads of a space that the person may know of, liveliest first.

        A thread is its opening message: until that is published only its author and staff see it.
        """
        threads = self.filter(space=space, kind=ConversationKind.THREAD)
        if not user.is_staff_member:
            threads = threads.filter(
                models.Q(opening_message__state=MessageState.PUBLISHED)
                | models.Q(opening_message__author=user)
            )
        latest = Coalesce("last_event_at", "created_at")
        return threads.select_related("opening_message", "created_by").order_by(
            latest.desc(), "-pk"
        )

    def talks_of(self, user: User) -> ConversationQuerySet:
        """The person's private talks, newest first."""
        return self.filter(
            kind=ConversationKind.ONE_TO_ONE,
            memberships__user=user,
            memberships__left_at__isnull=True,
        ).order_by("-pk")


class Conversation(models.Model):
    """A thread in a space, or a private talk. ``last_seq`` heads its gap-free feed."""

    kind = models.CharField(max_length=12, choices=[(k.value, k.value) for k in ConversationKind])
    state = models.CharField(
        max_length=8,
        choices=[(s.value, s.value) for s in ConversationState],
        default=ConversationState.OPEN,
    )
    space = models.ForeignKey(
        Space,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="threads",
        db_index=False,
    )
    title = models.CharField(max_length=100, blank=True, help_text="Only for threads staff begin.")
    opening_message = models.ForeignKey(
        "chat.Message",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="What the thread began with; its first line is the title once it is published.",
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    last_seq = models.PositiveBigIntegerField(default=0)
    last_event_at = models.DateTimeField(null=True, blank=True)
    members = models.ManyToManyField(User, through="Membership", related_name="conversations")

    objects = ConversationQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["space", "-last_event_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_private(self) -> bool:
        return self.kind == ConversationKind.ONE_TO_ONE

    @property
    def is_open(self) -> bool:
        return self.state == ConversationState.OPEN


class Membership(models.Model):
    """Who belongs to a private talk, and until when."""

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="memberships",
        db_index=False,
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "user"], name="one_membership")
        ]

    def __str__(self) -> str:
        return f"membership {self.pk}"
