"""What every phone asked for and was told, and whether all of it can be true at once."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass
class Send:
    """One send: invoked, and then ok, fail or (nobody knows) unknown."""

    client_id: str
    phone: str
    conversation: int
    body: str
    at: float
    outcome: str = "unknown"
    answer: int | str = 0
    answered_at: float = 0.0


@dataclass
class History:
    """Every operation in a file, so that a run can be read afterwards."""

    path: Path
    sends: dict[str, Send] = field(default_factory=dict)
    positions: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    disorder: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    """Processes that ended although nobody ended them."""

    unnamed: int = 0
    """Conversations that the server followed no more without saying so."""

    _file: IO[str] | None = None

    def note(self, **facts: Any) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8")
        self._file.write(json.dumps({"t": round(time.time(), 3), **facts}) + "\n")

    def invoke(self, client_id: str, phone: str, conversation: int, body: str) -> None:
        self.sends[client_id] = Send(client_id, phone, conversation, body, time.monotonic())
        self.note(op="invoke", id=client_id, phone=phone, conversation=conversation)

    def ok(self, client_id: str, message_id: int) -> None:
        self._answer(client_id, "ok", message_id)

    def helped(self, client_id: str, help_id: int) -> None:
        self._answer(client_id, "helped", help_id)

    def fail(self, client_id: str, code: str) -> None:
        self._answer(client_id, "fail", code)

    def _answer(self, client_id: str, outcome: str, answer: int | str) -> None:
        send = self.sends.get(client_id)
        if send is None:
            return
        if send.outcome != "unknown" and (send.outcome, send.answer) != (outcome, answer):
            self.disorder.append(f"{client_id} was answered twice, differently")
        send.outcome, send.answer, send.answered_at = outcome, answer, time.monotonic()
        self.note(op=outcome, id=client_id, answer=answer)

    def saw(self, phone: str, frame: dict[str, Any]) -> None:
        """A frame as it was applied: numbers rise, and everybody's order is the same."""
        seqs = [event["seq"] for event in frame["events"]]
        if seqs != sorted(set(seqs)):
            self.disorder.append(f"{phone} was sent {seqs}")
        known = self.positions[frame["conversation"]]
        for event in frame["events"]:
            message = event.get("message")
            if message and message.get("position"):
                position = message["position"]
                if known.setdefault(position, message["id"]) != message["id"]:
                    self.disorder.append(f"two messages at {position} of {frame['conversation']}")

    def fault(self, name: str) -> None:
        self.faults[name] += 1
        self.note(op="fault", name=name)

    def count(self, outcome: str) -> int:
        return sum(1 for send in self.sends.values() if send.outcome == outcome)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
