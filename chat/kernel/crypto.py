"""Words at rest: AES-256-GCM, a fresh nonce per value, the place as associated data.

A sealed value carries its key's id, so keys rotate without downtime, and its table, row and field
as associated data, so that a ciphertext moved to another row does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from chat.kernel.errors import DomainError

NONCE_BYTES = 12


class Unreadable(DomainError):
    """A sealed value does not open: wrong key, or moved, or altered."""

    code = "unreadable"
    http_status = 500


@lru_cache(maxsize=8)
def _cipher(key: str) -> AESGCM:
    raw = base64.urlsafe_b64decode(key)
    if len(raw) != 32:
        raise ValueError("each of DATA_KEYS must be 32 bytes in URL-safe base64")
    return AESGCM(raw)


def _keys() -> dict[str, str]:
    return settings.DATA_KEYS


def seal(text: str, *, place: str) -> bytes:
    """Encrypt ``text`` for ``place`` (``table.field:row``) under the newest key."""
    key_id, key = next(iter(_keys().items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, text.encode(), place.encode())
    return b"%s:%s%s" % (key_id.encode(), nonce, sealed)


def unseal(sealed: bytes, *, place: str) -> str:
    """Decrypt; raises :class:`Unreadable` and never says what it was."""
    key_id, _, rest = bytes(sealed).partition(b":")
    key = _keys().get(key_id.decode("ascii", "replace"))
    if key is None:
        raise Unreadable
    nonce, ciphertext = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
    try:
        return _cipher(key).decrypt(nonce, ciphertext, place.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


def blind_index(value: str, *, purpose: str) -> str:
    """A keyed digest by which a secret can be looked up but not read."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()


def phone_key(person: str) -> str:
    """The key under which one person's phone keeps unsent words: 32 bytes in hexadecimal.

    It is the person's, not the session's: words that outlive a session wait, unreadable, until the
    same person is back. No phone stores it, so only a page of a living session can open them.
    """
    return blind_index(person, purpose="phone shelf")


class Sealed:
    """A model attribute whose text is kept sealed in the binary field ``column``.

    ``row`` names the field that identifies the row before it has a primary key. An instance keeps
    what it sealed or opened, as long as the column holds that very value: one message is drawn for
    its author, for the others and for the answer to its send.
    """

    def __init__(self, column: str, *, row: str) -> None:
        self.column = column
        self.row = row

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self._known = f"_{name}_opened"  # The sealed value it was opened from, and the text.

    def _place(self, instance: object) -> str:
        return f"{type(instance).__name__}.{self.name}:{getattr(instance, self.row)}"

    def __get__(self, instance: object | None, owner: type) -> str:
        if instance is None:
            return self  # type: ignore[return-value]
        sealed = getattr(instance, self.column)
        if not sealed:
            return ""
        known = instance.__dict__.get(self._known)
        if known is None or known[0] is not sealed:
            known = (sealed, unseal(bytes(sealed), place=self._place(instance)))
            instance.__dict__[self._known] = known
        return str(known[1])

    def __set__(self, instance: object, text: str) -> None:
        value = seal(text, place=self._place(instance)) if text else b""
        setattr(instance, self.column, value)
        instance.__dict__[self._known] = (value, text)
