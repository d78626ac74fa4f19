from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from chat.kernel import clock
from chat.states import STAFF_ROLES, AgeBand, Role


class UserManager(BaseUserManager["User"]):
    def create_young_person(self, *, nickname: str, age_band: str, **fields: Any) -> User:
        """A person with no name, no e-mail and no phone number."""
        user = self.model(
            username=f"p-{secrets.token_hex(12)}",
            nickname=nickname,
            age_band=age_band,
            role=Role.YOUNG_PERSON,
            **fields,
        )
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_staff(
        self, *, username: str, nickname: str, role: str, password: str | None
    ) -> User:
        """A member of staff; they sign in with ``username`` and a password."""
        user = self.model(username=username, nickname=nickname, role=role)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person here. Young people are a nickname and an age band, nothing more."""

    username = models.CharField(max_length=64, unique=True)
    nickname = models.CharField(max_length=40)
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role])
    age_band = models.CharField(
        max_length=8, blank=True, choices=[(b.value, b.value) for b in AgeBand]
    )
    recovery_index = models.CharField(max_length=64, blank=True, default="")
    recovery_hash = models.CharField(max_length=200, blank=True, default="")
    is_active = models.BooleanField(default=True)
    suspended_until = models.DateTimeField(null=True, blank=True)
    is_simulated = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["nickname"]

    objects = UserManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recovery_index"],
                condition=~models.Q(recovery_index=""),
                name="recovery_index_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"

    @property
    def is_staff_member(self) -> bool:
        return self.role in STAFF_ROLES

    @property
    def is_young_person(self) -> bool:
        return self.role == Role.YOUNG_PERSON

    def is_suspended(self, now: dt.datetime) -> bool:
        """Whether posting to the spaces is paused. Help is never paused."""
        return self.suspended_until is not None and self.suspended_until > now
