"""The states of a case and the moves between them. Pure: no Django here."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from chat.states import Role

TRIAGE_ROLES: Final = frozenset({Role.CLINICIAN, Role.SHIFT_LEAD})
"""Who works with cases at all."""


class CaseStatus(StrEnum):
    WAITING = "waiting"
    WITH_CLINICIAN = "with_clinician"
    CLOSED = "closed"


CASE_MOVES: Final[dict[CaseStatus, frozenset[CaseStatus]]] = {
    # WAITING → CLOSED is the person's own, and only for what nobody but they asked for. Nobody is
    # closed away from the list: any other case ends only with somebody who was with the person.
    CaseStatus.WAITING: frozenset({CaseStatus.WITH_CLINICIAN, CaseStatus.CLOSED}),
    CaseStatus.WITH_CLINICIAN: frozenset({CaseStatus.WAITING, CaseStatus.CLOSED}),
    CaseStatus.CLOSED: frozenset(),
}


class Band(StrEnum):
    """How soon somebody should be with the person. It orders response time and nothing else.

    There is no band below ``SOON``: everybody on the list is to be answered.
    """

    IMMEDIATE = "immediate"
    URGENT = "urgent"
    SOON = "soon"


BANDS: Final[tuple[Band, ...]] = (Band.IMMEDIATE, Band.URGENT, Band.SOON)
"""Soonest first."""


class SourceKind(StrEnum):
    """The kind of row a case can come from."""

    HELP_REQUEST = "help_request"
    ASSESSMENT = "assessment"
    PATTERN = "pattern"


class CaseEventKind(StrEnum):
    """What happened to a case; the sentences are in ``triage.words``."""

    OPENED = "opened"
    MORE = "more"
    RAISED = "raised"
    CLAIMED = "claimed"
    HANDED_BACK = "handed_back"
    OVERDUE = "overdue"
    WORDS_READ = "words_read"
    TAKEN_BACK = "taken_back"
    CLOSED = "closed"


class Absence(StrEnum):
    """Why whoever is with a person is not there; the sentences are in ``triage.words``."""

    ACCOUNT = "account"
    SHIFT = "shift"
    PAGE = "page"


class Outcome(StrEnum):
    """How a case ended; the sentences are in ``triage.words``.

    All are as the clinician saw it but ``WITHDRAWN``, which only the young person can bring about.
    """

    STEADIER = "steadier"
    PLAN = "plan"
    REFERRED = "referred"
    EMERGENCY = "emergency"
    SAFEGUARDING = "safeguarding"
    FRIEND = "friend"
    THEY_ENDED = "they_ended"
    NO_ANSWER = "no_answer"
    MISREAD = "misread"
    WITHDRAWN = "withdrawn"


OUTCOMES_OF_A_TALK: Final[tuple[Outcome, ...]] = tuple(
    outcome for outcome in Outcome if outcome != Outcome.WITHDRAWN
)
"""What a clinician may close a case with."""
