"""Fields of a row that is also a piece of work for somebody upstairs."""

from __future__ import annotations

from django.db import models


class Leasable(models.Model):
    """``due_at`` set means "somebody should work on this"; see ``chat.kernel.lease``.

    ``lease_until`` without ``lease_token``: nobody is at it, and nobody should be until then.
    """

    due_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True
