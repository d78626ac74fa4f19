"""The arithmetic of the audit chain: each row's digest covers the row before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

GENESIS = "0" * 64


def digest(previous: str, facts: Mapping[str, object]) -> str:
    """SHA-256 over the previous digest and the facts in canonical JSON."""
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()
