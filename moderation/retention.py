"""How long moderation keeps what; see ``chat.retention`` for the classes."""

from __future__ import annotations

from chat.retention import LEASE, Keep, Table

RETENTION: Table = {
    "Assessment": {
        Keep.TRACE: "message revision action harm reasons scores open_case offer_door urgency "
        "notice classifier_version policy_version created_at",
        Keep.WORK: LEASE,
    },
    "Review": {
        Keep.TRACE: "message assessment status harm tier opened_at answer_by decided_by decided_at "
        "decision clause decided_revision version",
        Keep.WORK: "claimed_by claim_until",
    },
    "ShadowAssessment": {
        Keep.TRACE: "live candidate candidate_words action harm open_case urgency failed agrees "
        "gained lost scores created_at",
    },
    "LabelTally": {Keep.HOUSE: "quarter label count"},
    "RateAlarm": {
        Keep.HOUSE: "label kind observed read expected chance over_hours began_at updated_at "
        "ended_at",
    },
    "LookBack": {Keep.WORK: f"person {LEASE}"},
    "PatternFinding": {
        Keep.TRACE: "author towards case_about code score evidence newest_message_id urgency harm "
        "patterns_version policy_version found_at updated_at",
        Keep.WORK: LEASE,
    },
}
