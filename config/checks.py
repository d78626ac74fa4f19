"""What must hold before an unsafe production is refused; see ``manage.py check --deploy``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from config.alone import AlreadyServing, claim_folder

FORGOTTEN = {"lantern.E001", "lantern.E002", "lantern.E003", "lantern.E005"}
"""What is refused, too, where others may come and nobody said that this is production."""

ONLY_HERE = {"localhost", "127.0.0.1", "[::1]", "testserver"}
"""Names that nobody on another machine can use; the last is that of Django's own test client."""

SAY_WHICH = (
    "Set LANTERN_PRODUCTION=yes and what it asks for, or LANTERN_DEVELOPMENT=yes where nobody but "
    "you can reach it."
)


@register(Tags.security)
def production_is_safe(**kwargs: Any) -> list[CheckMessage]:
    """In production each of these stops the start, and the worst also where it looks like one."""
    if settings.PRODUCTION:
        return _problems()
    if settings.DEVELOPMENT or not _others_may_come():
        return []
    found = [problem for problem in _problems() if problem.id in FORGOTTEN]
    for problem in found:
        problem.hint = SAY_WHICH
    return found


def _on_postgresql() -> bool:
    return settings.DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"


def _others_may_come() -> bool:
    """A host name of one's own: nobody sets one up to look at a demo alone."""
    return not ONLY_HERE.issuperset(settings.ALLOWED_HOSTS)


def _problems() -> list[CheckMessage]:
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
    # One process with SQLite serves a small place well without Redis; ``config.alone`` sees to it.
    if not settings.REDIS_URL and (settings.PRODUCTION or _on_postgresql()):
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
    if not _on_postgresql():
        problems.append(Error("DATABASE_URL must name PostgreSQL.", id="lantern.E007"))
    if settings.TRUSTED_PROXIES == settings.NOT_SAID:
        problems.append(
            Error(
                "TRUSTED_PROXIES is unset: say how many proxies stand in front, 0 for none. "
                "Behind one that we do not know of, limits by address would count it as one phone.",
                id="lantern.E008",
            )
        )
    if settings.DETOXIFY_MODEL != "bundled" and not settings.DETOXIFY_SHA256:
        problems.append(
            Error(
                "DETOXIFY_MODEL names a checkpoint without DETOXIFY_SHA256, so anybody who can "
                "write there decides what is read. convert_checkpoint prints the digest.",
                id="lantern.E009",
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
        why = "production is not safe" if settings.PRODUCTION else f"others could come. {SAY_WHICH}"
        raise ImproperlyConfigured(f"Not started, because {why}\n{lines}")
    if not (settings.REDIS_URL or settings.DEVELOPMENT):
        _be_the_only_one()


def _be_the_only_one() -> None:
    try:
        claim_folder(settings.VAR_DIR)
    except AlreadyServing:
        raise ImproperlyConfigured(
            f"Not started: another process serves from {settings.VAR_DIR}, and without REDIS_URL "
            "neither would hear of what happens on the other."
        ) from None
