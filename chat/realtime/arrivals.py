"""What a phone that comes in asks, each question together with all who ask it at that moment.

Nothing is remembered from one reading to the next: who somebody is, whether their session is good
and where they have a seat is read from rows for every phone that arrives.
"""

from __future__ import annotations

from collections.abc import Sequence

from chat.kernel.loops import PerLoop
from chat.models import User
from chat.realtime import own_state, protocol, standing
from chat.realtime.catching_up import Found, Look, look_for_all
from chat.realtime.together import Together

State = tuple[int, str]
"""The mark of what a person is told about themselves, and its frame."""


class Arrivals:
    """One per event loop."""

    def __init__(self) -> None:
        self.visitors: Together[str, standing.Visitor] = Together(standing.read_visitors)
        self.sessions: Together[str, bool] = Together(are_live)
        self.people: Together[int, User | None] = Together(standing.read_people)
        self.states: Together[User, State] = Together(read_states)
        self.looks: Together[Look, Found | None] = Together(look_for_all)


def are_live(keys: Sequence[str]) -> list[bool]:
    """Whether each of these sessions is still good."""
    alive = standing.live_sessions(keys)
    return [key in alive for key in keys]


def read_states(users: Sequence[User]) -> list[State]:
    """What each person is told about themselves."""
    states = own_state.person_states(users)
    return [
        (standing.mark_of(user, state), protocol.encode(state))
        for user, state in zip(users, states, strict=True)
    ]


arrivals = PerLoop(Arrivals)
"""Those of the running loop."""
