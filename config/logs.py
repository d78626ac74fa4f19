"""What a log line may hold: where and what kind, never what somebody wrote.

An exception's own words may quote a message, and so may the path of a request, a failed task's
``repr`` and what a database says about a row. None of them is written down.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

OURS = ("lantern", "chat", "moderation", "triage", "config")
"""The loggers of our own code, which LOG_LEVEL is about; a test looks after what they say."""


class WithoutWords(logging.Formatter):
    """Names the type and the line of an error, and of other people's lines only the first."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with its traceback, as far as neither can quote anybody."""
        plain = logging.makeLogRecord(record.__dict__)
        plain.exc_text = None  # Another formatter may have left the whole text here.
        if isinstance(record.args, tuple):
            plain.args = tuple(_named(one) for one in record.args)
        if record.name == "django.request":
            plain.msg, plain.args = "%s: %s", (_status_of(record), _route_of(record))
        elif record.name.partition(".")[0] not in OURS:
            plain.msg, plain.args = plain.getMessage().partition("\n")[0], ()
        return super().format(plain)

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """The errors from the first cause on, each by its type and the lines it went through."""
        error = ei[1]
        lines: list[str] = []
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            at = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            lines[:0] = [*at, type(error).__name__]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)


def _named(value: object) -> object:
    return type(value).__name__ if isinstance(value, BaseException) else value


def _status_of(record: logging.LogRecord) -> object:
    return getattr(record, "status_code", "error")


def _route_of(record: logging.LogRecord) -> str:
    """The address as ``urls.py`` has it: what was asked for may be words."""
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return f"/{match.route}" if match else "an address that we do not have"
