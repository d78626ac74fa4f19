"""A ticket proves that the page holding it was served to the session behind the socket.

A cross-site page can open a socket with the visitor's cookies; it cannot read a ticket.
"""

from __future__ import annotations

import hashlib

from django.core import signing

SALT = "chat.socket"


def _mark(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()[:32]


def make_ticket(session_key: str) -> str:
    """For the page; worthless without the session's cookie."""
    return signing.dumps(_mark(session_key), salt=SALT)


def check_ticket(ticket: str, session_key: str | None) -> bool:
    try:
        return bool(session_key) and signing.loads(ticket, salt=SALT) == _mark(session_key or "")
    except signing.BadSignature:
        return False
