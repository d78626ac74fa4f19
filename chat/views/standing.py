"""Where a person stands on every page of theirs: waiting, with somebody, or neither."""

from __future__ import annotations

from dataclasses import dataclass

from chat.models import User
from chat.realtime.own_state import person_state
from chat.realtime.protocol import HelpView, PersonChanged, TalkView
from chat.states import ConversationState, HelpState


@dataclass(frozen=True, slots=True)
class Standing:
    """``help`` as the pages show it, ``company`` the names of who is there, and all their talks."""

    help: HelpView | None
    company: str
    talks: list[TalkView]


def standing_of(user: User) -> Standing:
    """An open talk with somebody in it is being with someone, whoever of the two began it.

    A request for help that was made, or taken up, elsewhere must not send them to the end of a
    line while Robin sits in their talk. The phone goes by the same rule (``help.js``).
    """
    state = person_state(user)
    talk = _with_somebody(state)
    if talk is None:
        return Standing(state.help, "", state.talks)
    here = HelpView(
        id=state.help.id if state.help else 0,
        state=HelpState.WITH_SOMEONE,
        conversation=talk.conversation,
    )
    return Standing(here, ", ".join(person.nickname for person in talk.people), state.talks)


def _with_somebody(state: PersonChanged) -> TalkView | None:
    open_talks = (talk for talk in state.talks if talk.state == ConversationState.OPEN)
    return next((talk for talk in open_talks if talk.people), None)
