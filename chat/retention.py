"""How long each thing we keep may stay: one class for every column, in one literal table per app.

A new column without a class fails the tests, so nobody can begin to keep something about people
without saying why and until when. Erasing an account works by these classes. The periods of
``CARE`` are the operator's law; for children's health records in England the NHS Records
Management Code of Practice says until the 25th birthday (the 26th if the person was 17 at the end).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum


class Keep(StrEnum):
    PERSON = "person"
    """Who somebody is here. Goes with the account, at once."""

    WORDS = "words"
    """What somebody wrote. Goes with the account, unless a case needs it as its record."""

    CARE = "care"
    """The record of help given to a person. Stays as long as the law says, then goes."""

    TRACE = "trace"
    """That something happened, without words. Loses its person when the account goes."""

    WORK = "work"
    """Between processes. Worthless once the work is done; at most days."""

    PROOF = "proof"
    """The audit chain: who on the team did what. No words, never altered, never erased singly."""

    HOUSE = "house"
    """About the place or its team and not about a young person. Stays as long as the place."""


Table = Mapping[str, Mapping[Keep, str]]
"""Columns by model and class, separated by blanks; ``id`` stays as long as its row."""

LEASE = "due_at lease_until lease_token attempts"

RETENTION: Table = {
    "User": {
        Keep.PERSON: "username password nickname age_band recovery_index recovery_hash last_login "
        "role is_active is_superuser suspended_until joined_at groups user_permissions",
        Keep.HOUSE: "is_simulated",
    },
    "User_groups": {Keep.HOUSE: "user group"},
    "User_user_permissions": {Keep.HOUSE: "user permission"},
    "AuditRow": {Keep.PROOF: "verb actor_id subject detail at previous digest"},
    "WorkerBeat": {Keep.WORK: "name at detail"},
    "Space": {
        Keep.HOUSE: "slug name about rules picture age_bands premoderated is_open position",
    },
    "Conversation": {
        Keep.WORDS: "title opening_message",
        Keep.TRACE: "kind state space created_by created_at last_seq last_event_at members",
    },
    "Membership": {Keep.TRACE: "conversation user joined_at left_at"},
    "Message": {
        Keep.WORDS: "body_sealed",
        Keep.TRACE: "conversation author client_id state machine_reading notice revision position "
        "created_at published_at",
        Keep.WORK: LEASE,
    },
    "SendRefusal": {Keep.WORK: "author client_id code at"},
    "ConversationEvent": {Keep.TRACE: "conversation seq kind message person at"},
    "HelpRequest": {
        Keep.CARE: "person client_id conversation about_message state created_at closed_at",
        Keep.WORK: f"place wait_from_minutes wait_to_minutes nobody_on_duty {LEASE}",
    },
    "AskedAgain": {Keep.CARE: "request client_id"},
}


def columns(table: Table) -> Iterator[tuple[str, str, Keep]]:
    """Model, column and class, one by one."""
    for model, classes in table.items():
        for keep, names in classes.items():
            for name in names.split():
                yield model, name, keep
