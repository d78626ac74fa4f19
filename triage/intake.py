"""One step of the worker that brings people onto the list."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from django.db import transaction

from chat.kernel.errors import Stale
from chat.kernel.lease import finish, lease
from chat.models import HelpRequest, Leasable
from moderation.models import Assessment, PatternFinding
from triage.actions.opening import one_at_a_time, open_case, was_answered
from triage.places import tell_places
from triage.sources import Source, source_of_assessment, source_of_finding, source_of_help

log = logging.getLogger(__name__)

LEASE_SECONDS: Final = 10.0
"""Opening a case takes milliseconds; a worker that dies holds nobody up for longer than this."""

BATCH: Final = 50

Row = TypeVar("Row", bound=Leasable)


def intake_step() -> int:
    """Open or extend a case for whatever is due; returns how many rows were worked.

    Requests for help go first and need nothing but their own row. Each row is its own
    transaction together with giving up its lease: a row that cannot be worked holds up no other,
    and one whose lease was lost meanwhile changes nothing.
    """
    asked = lease(HelpRequest.objects.select_related("person"), seconds=LEASE_SECONDS, limit=BATCH)
    worked = _take_in(asked, source_of_help)
    read = lease(
        Assessment.objects.select_related("message__author", "message__conversation__space"),
        seconds=LEASE_SECONDS,
        limit=BATCH,
    )
    worked += _take_in(read, source_of_assessment)
    found = lease(
        PatternFinding.objects.select_related("author", "case_about"),
        seconds=LEASE_SECONDS,
        limit=BATCH,
    )
    worked += _take_in(found, source_of_finding)
    tell_places()
    return worked


def _take_in(rows: Iterable[Row], source_of: Callable[[Row], Source]) -> int:
    worked = 0
    for row in rows:
        try:
            _take_in_one(row, source_of(row))
            worked += 1
        except Stale:
            continue  # Somebody else went on with it.
        except Exception as error:  # noqa: BLE001 — one row must not hide those behind it.
            log.error("intake of a %s failed: %s", type(row).__name__, type(error).__name__)
    return worked


def _take_in_one(row: Leasable, source: Source) -> None:
    with transaction.atomic():
        one_at_a_time([source.person.pk])
        # The row first: opening a case ends in the audit chain, and whoever holds that must not
        # wait for a row that somebody else holds.
        if not finish(row):
            raise Stale
        # Staff who ask hard questions are not in danger for asking them.
        if source.person.is_young_person and not was_answered(source):
            open_case(source=source)
