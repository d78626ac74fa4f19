"""What was accepted is on the disk."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.embedded
@pytest.mark.django_db
def test_a_power_cut_takes_back_nothing_that_was_accepted() -> None:
    with connection.cursor() as cursor:
        asked = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS]
    assert dict(zip(PRAGMAS, asked, strict=True)) == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2}
"""Two is FULL: the disk confirms each commit before anybody is told of it."""
