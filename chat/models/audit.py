from __future__ import annotations

from typing import ClassVar

from django.db import connection, models, transaction

from chat.kernel import clock
from chat.kernel.audit import GENESIS, digest
from chat.models.user import User

CHAIN_LOCK = 0x6C616E7465726E
"""Any constant: names the lock under which the chain grows."""


def _wait_for_turn() -> None:
    """One writer at a time, until its transaction ends. SQLite's write lock already does that."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


class AuditManager(models.Manager["AuditRow"]):
    def record(self, *, verb: str, by: User | None, subject: str, detail: str = "") -> AuditRow:
        """Append one line to the chain, inside the caller's transaction.

        ``detail`` names codes and reasons, never message text.
        """
        with transaction.atomic():
            _wait_for_turn()
            head = self.order_by("-pk").first()
            row = AuditRow(
                verb=verb,
                actor_id=by.pk if by else None,
                subject=subject,
                detail=detail,
                at=clock.now(),
                previous=head.digest if head else GENESIS,
            )
            row.digest = digest(row.previous, row.facts())
            row.save(force_insert=True)
        return row

    def first_break(self) -> int | None:
        """The id of the first row that does not follow from the one before it."""
        previous = GENESIS
        for row in self.order_by("pk").iterator():
            if row.previous != previous or row.digest != digest(previous, row.facts()):
                return row.pk
            previous = row.digest
        return None


class AuditRow(models.Model):
    """Who did what, when, why. No foreign keys: the audit outlives what it speaks of.

    ``previous`` is unique, so two writers cannot both follow the same row: the chain never forks.
    """

    verb = models.CharField(max_length=60)
    actor_id = models.BigIntegerField(null=True, blank=True)
    subject = models.CharField(max_length=60)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    previous = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64, unique=True)

    objects = AuditManager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject"])]

    def __str__(self) -> str:
        return f"audit {self.pk}"

    def facts(self) -> dict[str, object]:
        return {
            "verb": self.verb,
            "actor": self.actor_id,
            "subject": self.subject,
            "detail": self.detail,
            "at": self.at.isoformat(),
        }
