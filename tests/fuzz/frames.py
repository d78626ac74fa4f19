"""Frames nobody should send, drawn by a seed: nearly right, plainly wrong, and hostile."""

from __future__ import annotations

import json
import random
import string
import uuid
from collections.abc import Callable
from typing import Any

KINDS = [
    *("session.resume", "conversation.follow", "conversation.unfollow", "message.send"),
    *("message.edit", "message.withdraw", "help.request", "ping", "heads", "session.ready", ""),
]
FIELDS = ["client_id", "conversation", "body", "message", "after", "ticket", "follow", "author"]
FIELDS += ["role", "seq", "state", "at", "about_message", "type", "__proto__", "constructor"]

Frame = str | bytes

OVERSIZED = ("past_64_kb", "past_1_mb")
"""Kinds that the server hangs up on before it looks at them."""


class Frames:
    """An endless supply; the same seed gives the same frames."""

    def __init__(self, seed: int, conversation: int) -> None:
        self.dice = random.Random(seed)
        self.conversation = conversation
        self.makers: list[tuple[Callable[[], Frame], float]] = [
            (self.valid, 22),
            (self.saved, 3),
            (self.nearly, 35),
            (self.twisted, 15),
            (self.noise, 10),
            (self.binary, 5),
            (self.deep, 4),
            (self.large, 3),
            (self.numbers, 3),
            (self.past_64_kb, 0.15),
            (self.past_1_mb, 0.05),
        ]

    def next(self) -> tuple[str, Frame]:
        """A kind, which is the name of its method, and a frame of it."""
        makers, weights = zip(*self.makers, strict=True)
        maker: Callable[[], Frame] = self.dice.choices(makers, weights)[0]
        return maker.__name__, maker()

    def value(self, depth: int = 0) -> Any:
        dice = self.dice
        plain: list[Any] = [
            *(None, True, False, 0, -1, 1, 2**63, 2**64, -(2**70), 1.5, 1e308),
            *("", "x", "\u0000", "\ud800", "\u202e", "😀" * 20, "null", str(uuid.uuid4())),
            *("9" * 400, "../" * 30, "<script>", "' OR 1=1 --", self.conversation),
        ]
        if depth < 4 and dice.random() < 0.15:
            return [self.value(depth + 1) for _ in range(dice.randrange(4))]
        if depth < 4 and dice.random() < 0.15:
            return {dice.choice(FIELDS): self.value(depth + 1) for _ in range(dice.randrange(4))}
        return dice.choice(plain)

    def valid(self) -> str:
        """Right in form; what it asks for may or may not exist."""
        dice = self.dice
        number = dice.choice([self.conversation, dice.randrange(1, 1000), 2**62])
        made_up = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        frame = dice.choice(
            [
                {"type": "ping"},
                {"type": "conversation.follow", "conversation": number, "after": dice.randrange(9)},
                {"type": "conversation.unfollow", "conversation": number},
                {"type": "message.edit", "message": number, "body": "other words"},
                {"type": "message.withdraw", "message": number},
                {"type": "message.send", "client_id": made_up, "conversation": 2**62, "body": "hm"},
                {"type": "session.resume", "ticket": "again", "follow": []},
            ]
        )
        return json.dumps(frame)

    def nearly(self) -> str:
        """A frame of ours with one or more fields that do not belong."""
        frame = json.loads(self.valid())
        for _ in range(self.dice.randrange(1, 4)):
            frame[self.dice.choice(FIELDS)] = self.value()
        if self.dice.random() < 0.3:
            frame["type"] = self.dice.choice(KINDS)
        return json.dumps(frame)

    def twisted(self) -> str:
        """What parsers disagree about: doubled keys, NaN, broken ends, blanks, escapes."""
        text = self.nearly()
        twists = [
            lambda: text[: self.dice.randrange(len(text))],
            lambda: text.replace('"type"', '"type": "ping", "type"', 1),
            lambda: text.replace("}", ', "x": NaN}', 1),
            lambda: text.replace("}", ', "x": -Infinity}', 1),
            lambda: " " * 50 + text + "\n" * 50,
            lambda: "\ufeff" + text,
            lambda: text.replace('"', "'"),
            lambda: text + text,
            lambda: text.replace(":", "\u0000:", 1),
            lambda: text.replace("a", "\\u0061").replace("p", "\\ud83d"),
        ]
        return self.dice.choice(twists)()

    def noise(self) -> str:
        size = self.dice.randrange(200)
        return "".join(self.dice.choices(string.printable + "\u0000\u200b\u202eé😀", k=size))

    def binary(self) -> bytes:
        return self.dice.randbytes(self.dice.randrange(300))

    def deep(self) -> str:
        depth = self.dice.randrange(5, 3000)
        opening = self.dice.choice(["[", '{"a":', '{"type":'])
        return opening * depth + self.dice.choice(["", "1", "]" * depth])

    def large(self) -> str:
        """Too much at once, though not yet enough to be hung up on."""
        size = self.dice.randrange(15_000, 40_000)
        return json.dumps({"type": "message.edit", "message": 1, "body": "x" * size})

    def numbers(self) -> str:
        digits = "9" * self.dice.randrange(1, 5000)
        return f'{{"type": "conversation.follow", "conversation": {digits}}}'

    def saved(self) -> str:
        """Nothing is wrong with this one: it becomes a row."""
        send = {"client_id": self.made_up(), "conversation": self.conversation}
        body = f"ordinary words, number {self.dice.getrandbits(40)}"
        return json.dumps({"type": "message.send", **send, "body": body})

    def past_64_kb(self) -> str:
        return self.oversized(self.dice.randrange(66_000, 200_000))

    def past_1_mb(self) -> str:
        return self.oversized(self.dice.randrange(1_050_000, 1_500_000))

    def oversized(self, size: int) -> str:
        send = {"client_id": self.made_up(), "conversation": self.conversation}
        return json.dumps({"type": "message.send", **send, "body": "x" * size})

    def made_up(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
