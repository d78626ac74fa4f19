"""Events drawn once for everybody who sees them alike.

In a busy room most of those who sit there wrote one of the messages of a group, and each sees
their own a little differently. Drawn whole for every author, a group of 64 kept the process busy
for 20 ms; here each event is encoded once for its audience and once for whoever wrote it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import compress

from chat.access import Audience
from chat.models import ConversationEvent
from chat.realtime import feed
from chat.realtime import protocol as p

NOBODY = 0
"""In place of a reader: somebody who wrote none of what they are shown."""


class Drawn:
    """Events of one conversation, by seq, as parts of frames for any number of readers."""

    def __init__(self, events: Sequence[ConversationEvent]) -> None:
        self._events = events
        self._alike: dict[Audience, list[p.Part | None]] = {}
        self._written: dict[int, list[int]] = defaultdict(list)
        for place, event in enumerate(events):
            if event.message is not None:
                self._written[event.message.author_id].append(place)

    def reader(self, user_id: int) -> int:
        """Whose view somebody needs: their own where they wrote one of these, else anybody's."""
        return user_id if user_id in self._written else NOBODY

    def for_reader(self, reader_id: int, audience: Audience, *, after: int = 0) -> list[p.Part]:
        """What they are shown of what came after this seq."""
        parts = self._alike.get(audience)
        if parts is None:
            parts = self._alike[audience] = [_drawn(e, NOBODY, audience) for e in self._events]
        if own := self._written.get(reader_id):
            parts = parts.copy()
            for place in own:
                parts[place] = _drawn(self._events[place], reader_id, audience)
        if after:
            parts = list(compress(parts, (event.seq > after for event in self._events)))
        return [part for part in parts if part is not None]


def _drawn(event: ConversationEvent, reader_id: int, audience: Audience) -> p.Part | None:
    shown = feed.shown_event(event, reader_id=reader_id, audience=audience)
    return None if shown is None else p.part_of(shown)
