from __future__ import annotations

from typing import ClassVar

from django.db import models

from chat.models import Leasable, Message
from moderation.states import Harm


class Assessment(Leasable):
    """What was found in one revision of a message, and what policy made of it. Never its words.

    ``reasons`` is a list of objects with ``code``, ``words`` (for staff), ``label``, ``score``,
    ``threshold``, ``spans`` (pairs of code point offsets), ``source``, ``version`` and ``rule``;
    the weightiest first and never empty. ``scores`` is the highest score of each label, 0 to 1.

    ``due_at`` is set exactly when ``open_case`` is: it is then work for whoever looks after people.
    """

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="assessments", db_index=False
    )
    revision = models.PositiveIntegerField()
    action = models.CharField(max_length=8)
    harm = models.CharField(max_length=14, choices=[(h.value, h.value) for h in Harm])
    reasons = models.JSONField(default=list)
    scores = models.JSONField(default=dict)
    open_case = models.BooleanField(default=False)
    offer_door = models.BooleanField(default=False)
    urgency = models.CharField(max_length=10, blank=True)
    notice = models.CharField(max_length=20)
    classifier_version = models.CharField(max_length=200)
    policy_version = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["message", "revision"], name="one_assessment_per_revision"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="assessment_due"
            )
        ]

    def __str__(self) -> str:
        return f"assessment {self.pk}"
