"""How passwords and recovery words are hashed: hard to guess, and never too much work at once.

Anybody may make us hash: whoever starts, comes back, or tries to sign in. Every request has a
thread of its own, so without a bound a class that comes in together, or somebody who means harm,
would take memory and cores from everybody's talks.
"""

from __future__ import annotations

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

AT_ONCE = 2
"""Hashes under way in one process; whoever comes third waits for a moment."""

_turns = threading.BoundedSemaphore(AT_ONCE)


class CalmArgon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes and one lane, and no more than ``AT_ONCE`` of them.

    The price is the one that OWASP's Password Storage Cheat Sheet gives as its least for Argon2id
    (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html). Django's own
    is 100 MiB and eight lanes. The name of the algorithm is the same, and a hash says what it cost:
    older ones open as before, and a password's gets today's price when its owner comes in.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turns:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turns:
            return super().verify(password, encoded)
