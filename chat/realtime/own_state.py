"""What a person is told about themselves: their private talks and their open request for help."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from chat.kernel import clock
from chat.kernel.rows import read_models, read_rows
from chat.models import Conversation, HelpRequest, Membership, User, WorkerBeat
from chat.realtime import protocol as p
from chat.realtime.feed import person_view
from chat.states import ConversationKind, HelpState

OPEN = [state for state in HelpState if state != HelpState.CLOSED]

TALKS_SHOWN = 20
"""Private talks that a person's own state names, the newest first."""


def person_state(user: User) -> p.PersonChanged:
    """A person's private talks and their open request for help."""
    return person_states([user])[0]


def person_states(users: Sequence[User]) -> list[p.PersonChanged]:
    """The same for several people: as many queries as for one."""
    ids = {user.pk for user in users}
    helped, talks = _help(ids), _talks(ids)
    return [p.PersonChanged(talks=talks[user.pk], help=helped.get(user.pk)) for user in users]


def _help(user_ids: Collection[int]) -> dict[int, p.HelpView]:
    """The open request of each person who has one; how old the places are is looked up once."""
    asked = read_models(HelpRequest, person=user_ids, state=OPEN)
    requests = sorted(asked, key=lambda request: -request.pk)
    placed = [request for request in requests if _is_placed(request.state, request.place)]
    counted = counted_at(placed[0].state, placed[0].place) if placed else ""
    return {request.person_id: _help_view(request, counted) for request in requests}


def _talks(user_ids: Collection[int]) -> dict[int, list[p.TalkView]]:
    """The newest talks of each person, with everybody else who is in them."""
    talks: dict[int, list[p.TalkView]] = defaultdict(list)
    rows = newest_talks(user_ids)
    if not rows:
        return talks  # Most people: writing out a question about nothing takes as long as asking.
    inside: dict[int, list[User]] = defaultdict(list)
    everybody = Membership.objects.filter(
        conversation__in={conversation for _, conversation, _ in rows}, left_at__isnull=True
    )
    for membership in everybody.select_related("user").order_by("pk"):
        inside[membership.conversation_id].append(membership.user)
    for user_id, conversation, state in rows:
        others = [person_view(other) for other in inside[conversation] if other.pk != user_id]
        talks[user_id].append(p.TalkView(conversation=conversation, state=state, people=others))
    return talks


def newest_talks(user_ids: Collection[int]) -> list[tuple[int, int, str]]:
    """Person, talk and its state: the newest talks that each of them is told of, newest first."""
    mine = read_rows(Membership, ("conversation", "user"), user=user_ids, left_at=None)
    newest: list[tuple[int, int]] = []
    counts: Counter[int] = Counter()
    for conversation, user_id in sorted(mine, reverse=True):
        counts[user_id] += 1
        if counts[user_id] <= TALKS_SHOWN:
            newest.append((user_id, conversation))
    talks = {conversation for _, conversation in newest}
    private = [ConversationKind.ONE_TO_ONE]
    rows = read_rows(Conversation, ("id", "state"), id=talks, kind=private) if talks else []
    states = dict(rows)
    return [(user, talk, states[talk]) for user, talk in newest if talk in states]


def counted_at(state: str, place: int | None) -> str:
    """When this place was worked out, if that is a while ago: whoever does it may be down."""
    if not _is_placed(state, place):
        return ""
    at = WorkerBeat.objects.old_count(now=clock.now())
    return at.isoformat(timespec="seconds") if at else ""


def _is_placed(state: str, place: int | None) -> bool:
    return state == HelpState.WAITING and place is not None


def _help_view(request: HelpRequest, counted: str) -> p.HelpView:
    return p.HelpView(
        id=request.pk,
        state=request.state,
        conversation=request.conversation_id,
        place=request.place,
        wait_from_minutes=request.wait_from_minutes,
        wait_to_minutes=request.wait_to_minutes,
        nobody_on_duty=request.nobody_on_duty,
        counted_at=counted if _is_placed(request.state, request.place) else "",
    )
