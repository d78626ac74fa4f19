"""A second implementation of the phone's side of the feed, to hold the server to its promise."""

from __future__ import annotations

from typing import Any

import msgspec


class Phone:
    """Applies snapshots and frames as ``docs/protocol.md`` says; raises on a gap."""

    def __init__(self) -> None:
        self.head = -1
        self.state = ""
        self.begins = 0
        """Where the page begins that this phone was sent; 0 where it has all there is."""

        self.messages: dict[int, dict[str, Any]] = {}
        self.people: dict[int, dict[str, Any]] = {}

    def take(self, frame: Any) -> bool:
        """Apply one frame; ``False`` means a gap, and the phone must follow again."""
        data = frame if isinstance(frame, dict) else msgspec.to_builtins(frame)
        if data["type"] == "conversation.snapshot":
            self._replace(data)
            return True
        if data["after"] > self.head:
            return False
        for event in data["events"]:
            if event["seq"] > self.head:
                self._apply(event)
        self.head = max(self.head, data["head"])
        return True

    def _replace(self, data: dict[str, Any]) -> None:
        self.head = data["head"]
        self.state = data["state"]
        places = [m["position"] for m in data["messages"] if m.get("position")]
        self.begins = min(places, default=0) if data.get("earlier") else 0
        self.messages = {m["id"]: m for m in data["messages"]}
        self.people = {p["id"]: p for p in data["people"]}

    def _apply(self, event: dict[str, Any]) -> None:
        message_id = event.get("message_id")
        if message_id is not None:
            if not event.get("message"):
                self.messages.pop(message_id, None)
            elif self._stands_on_the_page(event["message"]):
                self.messages[message_id] = event["message"]
        match event["kind"]:
            case "person.joined":
                self.people[event["person"]["id"]] = event["person"]
            case "person.left":
                self.people.pop(event["person"]["id"], None)
            case "conversation.closed":
                self.state = "closed"
            case "conversation.reopened":
                self.state = "open"

    def _stands_on_the_page(self, message: dict[str, Any]) -> bool:
        """What is older comes with its own page; in front of ours it would hide a hole."""
        return message["id"] in self.messages or (message.get("position") or 2**62) >= self.begins

    def screen(self) -> dict[str, Any]:
        """What the person sees: the messages in everybody's order, who is here, open or closed."""
        far = 2**62
        order = sorted(self.messages.values(), key=lambda m: (m.get("position", far), m["id"]))
        return {"state": self.state, "messages": order, "people": sorted(self.people)}
