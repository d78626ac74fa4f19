"""Our log lines say where and what kind. What somebody wrote is in none of them."""

from __future__ import annotations

import asyncio
import logging

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import resolve

from config.logs import OURS, WithoutWords
from tests.repo.test_rules import sources
from tests.servers import ROOT

WORD = "quebrachito"


def line_of(name: str, message: str, *args: object, **extra: object) -> str:
    """One line as it is written; ``error=``: with its traceback."""
    error = extra.pop("error", None)
    exc_info = (type(error), error, error.__traceback__) if isinstance(error, Exception) else None
    record = logging.getLogger(name).makeRecord(
        name, logging.ERROR, __file__, 1, message, args, exc_info, extra=extra
    )
    return WithoutWords("%(name)s %(message)s").format(record)


def caught() -> Exception:
    """An error that quotes somebody, from another that does."""
    try:
        try:
            raise KeyError(WORD)
        except KeyError as first:
            raise ValueError(f"no such thing as {WORD}") from first
    except ValueError as error:
        return error


def test_an_unhandled_error_is_named_by_type_and_line_and_route() -> None:
    request = RequestFactory().get(f"/spaces/{WORD}")
    request.resolver_match = resolve(request.path)
    said = line_of(
        "django.request",
        "%s: %s",
        "Internal Server Error",
        request.path,
        error=caught(),
        request=request,
        status_code=500,
    )
    assert WORD not in said
    assert "500: /spaces/<slug:slug>" in said
    assert said.index("KeyError") < said.index("ValueError"), "the first cause is first"
    assert "test_logs.py:" in said
    assert "in caught" in said


def test_an_error_given_as_a_value_is_its_type() -> None:
    said = line_of("daphne.server", "Exception inside application: %s", caught())
    assert said == "daphne.server Exception inside application: ValueError"


def test_of_a_task_that_failed_unseen_only_the_first_line_is_kept() -> None:
    async def fail() -> None:
        raise ValueError(WORD)

    async def later() -> asyncio.Task[None]:
        task = asyncio.ensure_future(fail())
        await asyncio.wait([task])
        return task

    task = asyncio.run(later())
    said = line_of("asyncio", f"Task exception was never retrieved\nfuture: {task!r}")
    assert said == "asyncio Task exception was never retrieved"


def test_what_another_formatter_left_on_the_record_is_not_repeated() -> None:
    record = logging.LogRecord("chat", logging.ERROR, "", 1, "frame failed", (), None)
    record.exc_text = f"ValueError: {WORD}"
    assert WORD not in WithoutWords("%(message)s").format(record)


def test_the_level_is_that_of_every_logger_of_ours() -> None:
    for name in OURS:
        assert settings.LOGGING["loggers"][name]["level"] == "INFO"
    made = {
        str(path.relative_to(ROOT))
        for path in sources()
        if "getLogger(" in path.read_text("utf-8")
        and not any(
            call in path.read_text("utf-8")
            for call in ("getLogger(__name__)", 'getLogger("lantern.')
        )
    }
    assert made == set(), "a logger by another name would not hear of LOG_LEVEL"


@pytest.mark.parametrize("name", ["", "uvicorn"])
def test_every_way_out_is_through_our_formatter(name: str) -> None:
    wanted = settings.LOGGING["loggers"][name] if name else settings.LOGGING["root"]
    assert wanted["handlers"] == ["stderr"]
    assert settings.LOGGING["formatters"]["line"]["()"] == "config.logs.WithoutWords"
    assert logging.getLogger("django").handlers == []
