"""What a sweep found and no ring announced: the sign that the doorbell does not work.

A sweep may look between a commit and its ring. So what it finds is counted one turn later, unless
the ring has come by then.
"""

from __future__ import annotations

from chat.kernel.doorbell import doorbell, missed_rings


class Missed:
    """One sweep's findings, each waiting for its ring until the sweep's next turn."""

    def __init__(self) -> None:
        self._found: dict[str, int] = {}

    def found(self, topic: str, head: int = 0) -> None:
        """Something new in ``topic``, up to ``head``, that nobody has rung for yet."""
        if topic not in self._found:
            doorbell().listen(topic, self._heard)
        self._found[topic] = max(head, self._found.get(topic, 0))

    def count(self) -> None:
        """At the beginning of each turn: whatever is still here was missed."""
        for topic in self._found:
            doorbell().forget(topic, self._heard)
        missed_rings.inc(len(self._found))
        self._found.clear()

    def _heard(self, topic: str, head: int) -> None:
        if topic in self._found and head >= self._found[topic]:
            del self._found[topic]
            doorbell().forget(topic, self._heard)
