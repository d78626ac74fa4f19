"""The rows of triage: cases, where they come from, what happened to them, who is on duty."""

from triage.models.case import Case, CaseEvent, CaseNote, CaseSource
from triage.models.duty import DutyShift

__all__ = ["Case", "CaseEvent", "CaseNote", "CaseSource", "DutyShift"]
