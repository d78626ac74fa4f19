from __future__ import annotations

from typing import ClassVar

from django.db import models

from moderation.models.assessment import Assessment


class ShadowAssessment(models.Model):
    """What a candidate would have made of a message that was assessed already. Affects nobody.

    ``gained`` and ``lost`` name the labels that the candidate fires and the live reading did not,
    and the other way round.
    """

    live = models.ForeignKey(
        Assessment, on_delete=models.CASCADE, related_name="shadows", db_index=False
    )
    candidate = models.CharField(max_length=64, help_text="Digest of versions: which candidate.")
    candidate_words = models.CharField(max_length=400)
    action = models.CharField(max_length=8)
    harm = models.CharField(max_length=14)
    open_case = models.BooleanField(default=False)
    urgency = models.CharField(max_length=10, blank=True)
    failed = models.BooleanField(default=False)
    agrees = models.BooleanField()
    gained = models.JSONField(default=list)
    lost = models.JSONField(default=list)
    scores = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["live", "candidate"], name="one_shadow_per_candidate")
        ]
        indexes: ClassVar = [models.Index(fields=["candidate", "-created_at"], name="shadow_by")]

    def __str__(self) -> str:
        return f"shadow {self.pk}"


class LabelTally(models.Model):
    """How many messages of one quarter of an hour a label fired in; "" counts messages read."""

    quarter = models.DateTimeField(help_text="When the quarter of an hour began.")
    label = models.CharField(max_length=40, blank=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["quarter", "label"], name="one_tally_per_quarter")
        ]

    def __str__(self) -> str:
        return f"tally {self.label or 'read'}"


class RateAlarm(models.Model):
    """A label that fires far more than in the weeks before, far less, or not at all. No words.

    Open while ``ended_at`` is empty. ``expected`` is the count the trailing weeks would give;
    ``chance`` is how likely a difference this large is by accident (see ``moderation.rates``).
    """

    label = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=[(k, k) for k in ("many", "few", "none")])
    observed = models.PositiveIntegerField()
    read = models.PositiveIntegerField()
    expected = models.FloatField()
    chance = models.FloatField()
    over_hours = models.FloatField()
    began_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["label", "kind"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_alarm",
            )
        ]

    def __str__(self) -> str:
        return f"alarm {self.kind} {self.label}"
