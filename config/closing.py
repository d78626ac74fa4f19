"""Why a socket was closed, and what a client does then: for ``docs/protocol.md``."""

from __future__ import annotations

from chat.realtime.consumer import RESUME_WITHIN_SECONDS
from chat.realtime.drain import RESTART_CODE
from chat.realtime.hub import ELSEWHERE_CODE, SHUT_OUT_CODE, SIGNED_OUT_CODE
from chat.realtime.limits import BUSY_CODE, FLOOD_CODE

CLOSE_CODES: dict[int, tuple[str, str]] = {
    1001: (
        "The server goes, or a proxy in between.",
        "Try again soon, at a random moment within five seconds.",
    ),
    RESTART_CODE: (
        "The server restarts; another is there already.",
        "Try again soon, at a random moment within five seconds.",
    ),
    BUSY_CODE: (
        "This process is full, what it had to send piled up, or the first frame did not come "
        f"within {RESUME_WITHIN_SECONDS:.0f} seconds.",
        "Try again, each time later: at a random moment within 5, 10, 20, then 30 seconds.",
    ),
    SIGNED_OUT_CODE: (
        "The session is over.",
        "Do not try again. Keep what has not gone out, say so, and show the way in.",
    ),
    SHUT_OUT_CODE: (
        "This person may not connect.",
        "Do not try again from this page. Say of what has not gone out that it was not sent.",
    ),
    ELSEWHERE_CODE: (
        "The person has too many pages open; this one was the oldest.",
        "Do not try again by itself: wait until the page is looked at again, or the person asks. "
        "What they write goes out over HTTPS.",
    ),
    FLOOD_CODE: (
        "Too many frames from this phone, or too many sockets from its network.",
        "Wait ten seconds and up to ten more. It is no sign that sockets do not get through; but "
        "after four in a row without a session ask over HTTPS, every twenty seconds.",
    ),
}
"""Any other code is a lost line, and is tried again as after ``BUSY_CODE``."""


def closing_table() -> str:
    """The close codes as rows of a table, lowest first."""
    return "\n".join(
        f"| {code} | {why} | {what} |" for code, (why, what) in sorted(CLOSE_CODES.items())
    )
