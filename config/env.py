"""Settings from the environment, read by one door each. An odd value stops the start, clearly.

Every name read here is listed in ``docs/settings.md``; a test holds the two together.
"""

from __future__ import annotations

import base64
import os
import re

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?")
CONTACT = re.compile(r"mailto:[^\s@]+@[^\s@]+|https://\S+|tel:\+[0-9-]+")
DEFAULT_PORTS = {("http", "80"), ("https", "443")}


def text(name: str, default: str = "") -> str:
    """What the environment says; set but empty counts as unset."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    raw = text(name).lower()
    if not raw:
        return default
    if raw not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be yes or no")
    return raw in TRUE


def number(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    raw = text(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number") from None
    if value < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}")
    if most is not None and value > most:
        raise ImproperlyConfigured(f"{name} must be at most {most}")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def origins(name: str) -> list[str]:
    """Full origins as browsers write them: ``config.origins`` compares to the letter.

    A slash at the end, a capital or the scheme's own port would refuse every socket, and only then.
    """
    found = words(name)
    for origin in found:
        parts = ORIGIN.fullmatch(origin)
        if parts is None or parts.group(1, 3) in DEFAULT_PORTS:
            raise ImproperlyConfigured(
                f"{name} must list origins as browsers write them, not {origin!r}: https://host or "
                "https://host:port, in small letters, without a path, a wildcard or the usual port"
            )
    return found


def contacts(name: str) -> list[str]:
    """Ways to reach somebody, as ``security.txt`` must give them: addresses with their scheme."""
    found = words(name)
    if not all(CONTACT.fullmatch(contact) for contact in found):
        raise ImproperlyConfigured(f"{name} must list mailto:, https:// or tel:+ addresses")
    return found


def redis_url(name: str) -> str:
    """An address that the client of Redis can read; what it cannot would look like Redis away."""
    url = text(name)
    if not url:
        return ""
    from redis import ConnectionPool, RedisError

    try:
        ConnectionPool.from_url(url).make_connection()  # Made, and not yet connected.
    except (ValueError, TypeError, RedisError):
        # Its own words could repeat the password.
        raise ImproperlyConfigured(
            f"{name} must read redis://host:port/0, rediss://host:port/0 or unix:///path; a "
            "password goes in front of the host, :password@, what is odd in it percent-encoded"
        ) from None
    return url


def data_keys(name: str, *, fallback: bytes) -> dict[str, str]:
    """``id:key,id:key`` newest first; each key is 32 bytes in URL-safe base64.

    An id stands in front of every word that its key sealed. One that comes twice, or that cannot
    be written there in ASCII, would lose what is sealed from then on, and nobody would notice.
    """
    raw = words(name)
    if not raw:
        return {"dev": base64.urlsafe_b64encode(fallback).decode()}
    keys: dict[str, str] = {}
    for pair in raw:
        key_id, _, key = pair.partition(":")
        try:
            fits = len(base64.urlsafe_b64decode(key)) == 32
        except ValueError:
            fits = False
        if not (key_id.isascii() and key_id.isalnum() and fits):
            raise ImproperlyConfigured(
                f"{name} must read id:key, each id of plain letters and digits, "
                "each key 32 bytes in base64"
            )
        if key_id in keys:
            raise ImproperlyConfigured(f"{name} gives {key_id} twice: a new key needs its own id")
        keys[key_id] = key
    return keys
