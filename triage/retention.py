"""How long triage keeps what; see ``chat.retention`` for the classes."""

from __future__ import annotations

from chat.retention import Keep, Table

RETENTION: Table = {
    "Case": {
        Keep.CARE: "person status band rank reasons conversation opened_at waiting_since answer_by "
        "overdue_at handed_back_at claimed_by claimed_at closed_by closed_at outcome_code",
    },
    "CaseSource": {Keep.CARE: "case kind source_id message_id at"},
    "CaseEvent": {Keep.CARE: "case kind by detail at"},
    "CaseNote": {Keep.CARE: "case author client_id body_sealed at"},
    "DutyShift": {Keep.HOUSE: "user began_at ended_at"},
}
