from __future__ import annotations

from typing import ClassVar

from django.db import models

from chat.models import Leasable, User
from moderation.states import Harm


class LookBack(Leasable):
    """Somebody whose last messages are to be looked at together; ``due_at`` set means now.

    One row per person, put in the transaction that stores a reading of theirs.
    """

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="lookback_due"
            )
        ]

    def __str__(self) -> str:
        return f"look back {self.person_id}"


class PatternFinding(Leasable):
    """A pattern over several messages of ``author``, and what policy made of it. Never words.

    ``evidence`` is a list of ``{"message", "part", "at", "others"}``: ids, what each message
    contributed, when it was written, and how many others it may have been written to (older rows do
    not say). ``towards`` says to whom, where that can be told. ``due_at`` is set exactly
    when a case about ``case_about`` should be opened or extended.
    """

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    towards = models.CharField(max_length=40, blank=True)
    case_about = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    code = models.CharField(max_length=30)
    score = models.FloatField()
    evidence = models.JSONField(default=list)
    newest_message_id = models.BigIntegerField()
    urgency = models.CharField(max_length=10, blank=True)
    harm = models.CharField(max_length=14, choices=[(h.value, h.value) for h in Harm])
    patterns_version = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=40)
    found_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["author", "-updated_at"], name="finding_author"),
            models.Index(
                fields=["case_about", "-updated_at"],
                condition=models.Q(case_about__isnull=False),
                name="finding_about",
            ),
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="finding_due"
            ),
        ]

    def __str__(self) -> str:
        return f"finding {self.pk}"
