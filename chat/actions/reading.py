"""That somebody read what they do not belong to: who, which talk, and when."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction

from chat.access import Seat
from chat.kernel import clock
from chat.models import AuditRow

TALK_READ: Final = "talk.read"

ONCE_IN: Final = dt.timedelta(hours=1)
"""A line that breaks and comes back is the same reading."""


def note_reading(seat: Seat) -> None:
    """Write down that somebody reads a private talk which is not theirs.

    Whoever leads the team may, and young people are told so. Without a line here nobody could ever
    say who did.
    """
    by, subject, now = seat.user, f"conversation:{seat.conversation.pk}", clock.now()
    lately = clock.fresh("at", within=ONCE_IN, now=now)
    with transaction.atomic():
        rows = AuditRow.objects.filter(lately, verb=TALK_READ, actor_id=by.pk, subject=subject)
        if not rows.exists():
            AuditRow.objects.record(verb=TALK_READ, by=by, subject=subject)
