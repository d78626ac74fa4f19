from __future__ import annotations

from typing import ClassVar

from django.db import models

from chat.models.user import User


class SpaceQuerySet(models.QuerySet["Space"]):
    def visible_to(self, user: User) -> SpaceQuerySet:
        """Young people see the spaces of their own age band; staff see all."""
        spaces = self.filter(is_open=True)
        if user.is_staff_member:
            return spaces
        return spaces.filter(age_bands__contains=f"|{user.age_band}|")


class Space(models.Model):
    """A room for one topic and one or more age bands."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    about = models.CharField(max_length=200)
    rules = models.TextField(blank=True)
    picture = models.CharField(max_length=20, blank=True)
    age_bands = models.CharField(max_length=60, help_text="Bands as |14-15|16-17|")
    premoderated = models.BooleanField(
        default=False, help_text="A person reads every message before peers see it."
    )
    is_open = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def admits(self, user: User) -> bool:
        return user.is_staff_member or f"|{user.age_band}|" in self.age_bands
