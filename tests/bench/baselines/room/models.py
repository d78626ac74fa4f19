from __future__ import annotations

from django.db import models


class Line(models.Model):
    """One message of a naive room."""

    room = models.CharField(max_length=100, db_index=True)
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "room"

    def __str__(self) -> str:
        return f"line {self.pk}"
