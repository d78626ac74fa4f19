"""One tree of refusals. Each edge (socket, page, command) maps it once.

``code`` is a stable string that programs may rely on; the words for people live in the catalogue
``chat.words``. No refusal ever carries message text.
"""

from __future__ import annotations


class DomainError(Exception):
    """An action refused. ``permanent`` says that the same request will never succeed."""

    code = "refused"
    http_status = 400
    permanent = True

    def __init__(self, code: str | None = None, *, permanent: bool | None = None) -> None:
        if code is not None:
            self.code = code
        if permanent is not None:
            self.permanent = permanent
        super().__init__(self.code)


class Denied(DomainError):
    """Absent or forbidden: the two look the same to whoever asks."""

    code = "not_found"
    http_status = 404


class Invalid(DomainError):
    """The input itself is wrong; ``code`` says how."""

    code = "invalid"
    http_status = 422


class Conflict(DomainError):
    """The request contradicts something that already stands."""

    code = "conflict"
    http_status = 409


class Stale(Conflict):
    """Somebody else changed it first: read again, then decide again."""

    code = "stale"
    permanent = False


class Busy(DomainError):
    """Not now: the same request may succeed a little later."""

    code = "busy"
    http_status = 503
    permanent = False


class SlowDown(Busy):
    """More at once than one person can need: the same request may succeed in a moment."""

    code = "slow_down"
    http_status = 429
