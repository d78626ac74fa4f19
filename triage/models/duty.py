from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models

from chat.models import User
from triage.states import TRIAGE_ROLES

LONGEST_SHIFT = dt.timedelta(hours=14)
"""A shift that nobody ended stops counting after this: a forgotten switch is not a clinician."""


class DutyQuerySet(models.QuerySet["DutyShift"]):
    def on_duty(self, *, now: dt.datetime) -> DutyQuerySet:
        """The shifts that count now: of people who work with cases, and whose account is open.

        One that was begun before a clock was set back by some hours does: whoever is here must
        not find themselves sent home. Of one from further ahead nobody can say.
        """
        return self.filter(
            ended_at__isnull=True,
            began_at__gt=now - LONGEST_SHIFT,
            began_at__lt=now + LONGEST_SHIFT,
            user__is_active=True,
            user__role__in=TRIAGE_ROLES,
        )

    def is_on_duty(self, user: User, *, now: dt.datetime) -> bool:
        return self.on_duty(now=now).filter(user=user).exists()


class DutyShift(models.Model):
    """From when until when somebody was there to answer."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="duty_shifts")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DutyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_shift_per_person",
            )
        ]

    def __str__(self) -> str:
        return f"shift {self.pk}"
