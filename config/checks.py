"""What must hold before an unsafe production is refused; see ``manage.py check --deploy``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured


@register(Tags.security)
def production_is_safe(**kwargs: Any) -> list[CheckMessage]:
    """In production each of these stops the start."""
    if not settings.PRODUCTION:
        return []
    problems: list[CheckMessage] = []
    if settings.SECRET_KEY == settings.DEV_SECRET_KEY or len(settings.SECRET_KEY) < 50:
        problems.append(Error("SECRET_KEY is unset, the default one or short.", id="lantern.E001"))
    if settings.DEBUG:
        problems.append(Error("DEBUG is on.", id="lantern.E002"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        problems.append(Error("ALLOWED_HOSTS is empty or a wildcard.", id="lantern.E003"))
    if not settings.ALLOWED_ORIGINS or not all(
        origin.startswith("https://") for origin in settings.ALLOWED_ORIGINS
    ):
        problems.append(
            Error("ALLOWED_ORIGINS must list full https:// origins.", id="lantern.E004")
        )
    if not settings.REDIS_URL:
        problems.append(
            Error(
                "REDIS_URL is unset: the in-memory layer cannot reach other processes.",
                id="lantern.E005",
            )
        )
    if "dev" in settings.DATA_KEYS:
        problems.append(
            Error("DATA_KEYS is unset: words need keys of their own.", id="lantern.E006")
        )
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        problems.append(Error("DATABASE_URL must name PostgreSQL.", id="lantern.E007"))
    if settings.TRUSTED_PROXIES == settings.NOT_SAID:
        problems.append(
            Error(
                "TRUSTED_PROXIES is unset: say how many proxies stand in front, 0 for none. "
                "Behind one that we do not know of, limits by address would count it as one phone.",
                id="lantern.E008",
            )
        )
    return problems


def refuse_unsafe_start() -> None:
    """Stop a server that was started without a management command, which would have checked.

    Raises ``ImproperlyConfigured`` with every problem, one a line.
    """
    problems = production_is_safe()
    if problems:
        lines = "\n".join(f"{problem.id}: {problem.msg}" for problem in problems)
        raise ImproperlyConfigured(f"Not started, because production is not safe:\n{lines}")
