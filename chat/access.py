"""Who may see and do what. The only way from an id somebody gave us to an object.

``access_*`` fetches or raises :class:`Denied`; ``can_*`` answers yes or no. Absent and forbidden
look the same to whoever asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chat.kernel.errors import Denied, DomainError
from chat.kernel.rows import read_models_with, read_rows
from chat.models import Conversation, HelpRequest, Membership, Message, Space, User
from chat.states import MessageState, Role


class Audience(StrEnum):
    """As whom somebody reads a conversation."""

    PEER = "peer"
    MEMBER = "member"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's place in one conversation, as it is now.

    ``is_member``: belongs to this private talk; a shift lead may read one without belonging.
    """

    conversation: Conversation
    user: User
    audience: Audience
    is_member: bool = False

    @property
    def reads_along(self) -> bool:
        """In a private talk without belonging to it: such a reading is written down."""
        return self.conversation.is_private and not self.is_member


class Closed(DomainError):
    """The conversation is over; the person is shown other doors."""

    code = "conversation_closed"
    http_status = 409


class Paused(DomainError):
    """Posting to the spaces is paused for this person. Help is not."""

    code = "posting_paused"
    http_status = 403


def seat_for(user: User, conversation: Conversation, *, is_member: bool) -> Seat | None:
    """The rule itself, on rows already read; ``None`` means no place at all."""
    if not user.is_active:
        return None
    if conversation.is_private:
        if is_member:
            audience = Audience.STAFF if user.is_staff_member else Audience.MEMBER
            return Seat(conversation, user, audience, is_member=True)
        if user.role == Role.SHIFT_LEAD:
            return Seat(conversation, user, Audience.STAFF)
        return None
    if user.is_staff_member:
        return Seat(conversation, user, Audience.STAFF)
    space = conversation.space
    if space is not None and space.is_open and space.admits(user):
        return Seat(conversation, user, Audience.PEER)
    return None


def seats_for(user: User, conversation_ids: Iterable[int]) -> dict[int, Seat]:
    """The seats of one person in several conversations; those denied are left out."""
    seats = seats_of([(user, conversation_id) for conversation_id in set(conversation_ids)])
    return {conversation_id: seat for (_, conversation_id), seat in seats.items()}


def seats_of(pairs: Iterable[tuple[User, int]]) -> dict[tuple[int, int], Seat]:
    """The seats of several people at once, by person and conversation: two queries for all."""
    wanted = list(pairs)
    seats = zip(wanted, seats_in_order(wanted), strict=True)
    return {(user.pk, conversation_id): seat for (user, conversation_id), seat in seats if seat}


_PARTS: Final[dict[str, tuple[str, ...]]] = {"space": (), "opening_message": ("id", "state")}
"""What decides with a conversation who may see it and write there."""


def seats_in_order(wanted: Sequence[tuple[User, int]]) -> list[Seat | None]:
    """The same, one answer for each pair: each person as this very pair knows them."""
    ids = {conversation_id for _, conversation_id in wanted}
    rows = {row.pk: row for row in read_models_with(Conversation, _PARTS, id=ids)}
    talks = {row.pk for row in rows.values() if row.is_private}
    both = {"user": {user.pk for user, _ in wanted}, "conversation": talks}
    columns = ("user", "conversation")
    members = set(read_rows(Membership, columns, **both, left_at=None)) if talks else set()
    seats: list[Seat | None] = []
    for user, conversation_id in wanted:
        conversation = rows.get(conversation_id)
        is_member = (user.pk, conversation_id) in members
        seats.append(
            seat_for(user, conversation, is_member=is_member) if conversation is not None else None
        )
    return seats


def access_conversation(user: User, conversation_id: int) -> Seat:
    """The person's seat in the conversation, or :class:`Denied`."""
    seat = seats_for(user, [conversation_id]).get(conversation_id)
    if seat is None:
        raise Denied
    return seat


def check_may_post(seat: Seat, *, now: dt.datetime) -> None:
    """May this person write here now? A pause never closes a private talk.

    Once what a thread began with was removed no page leads there. Whoever still had one open would
    go on unseen by all others, in a room for two.
    """
    if not seat.conversation.is_open:
        raise Closed
    opening = seat.conversation.opening_message
    if opening and opening.state == MessageState.REMOVED and seat.audience is Audience.PEER:
        raise Closed
    if not seat.conversation.is_private and seat.user.is_suspended(now):
        raise Paused
    if seat.conversation.is_private and not seat.is_member:
        raise Denied


def can_post(seat: Seat, *, now: dt.datetime) -> bool:
    """The yes-or-no twin of :func:`check_may_post`, for showing or hiding the composer."""
    try:
        check_may_post(seat, now=now)
    except DomainError:
        return False
    return True


def access_typing(user: User, conversation_id: int, *, now: dt.datetime) -> Seat:
    """A private talk in which this person may write now; :class:`Denied` or :class:`Closed`.

    In a space nobody is shown writing: peers are not told who is there.
    """
    seat = access_conversation(user, conversation_id)
    if not seat.conversation.is_private:
        raise Denied
    check_may_post(seat, now=now)
    return seat


def access_space(user: User, slug: str) -> Space:
    """A space the person may enter, or :class:`Denied`."""
    space = Space.objects.visible_to(user).filter(slug=slug).first()
    if space is None or not user.is_active:
        raise Denied
    return space


def can_see_message(user: User, message: Message) -> bool:
    """Peers see what is published, authors their own, staff of the conversation all of it."""
    if message.author_id == user.pk:
        return True
    return user.is_staff_member or message.state == MessageState.PUBLISHED


def access_message(user: User, message_id: int) -> Message:
    """A message the person may see right now, or :class:`Denied`."""
    message = (
        Message.objects.filter(pk=message_id)
        .select_related("conversation", "conversation__space", "author")
        .first()
    )
    if message is None or not can_see_message(user, message):
        raise Denied
    access_conversation(user, message.conversation_id)
    return message


def access_own_message(user: User, message_id: int) -> Message:
    """A message the person wrote, or :class:`Denied`."""
    message = access_message(user, message_id)
    if message.author_id != user.pk:
        raise Denied
    return message


def access_help_request(user: User, help_request_id: int) -> HelpRequest:
    """The person's own help request, or :class:`Denied`."""
    request = HelpRequest.objects.filter(pk=help_request_id, person=user).first()
    if request is None:
        raise Denied
    return request
