"""Who may look at what waits for a person, and who may decide it.

Moderators and shift leads decide, clinicians may look, everybody else finds nothing here. Private
talks never wait here: only messages of the spaces do.
"""

from __future__ import annotations

from chat.kernel.errors import Conflict, Denied
from chat.models import Message, User
from chat.states import ConversationKind, MessageState, Role
from moderation.models import Review

MAY_LOOK = frozenset({Role.MODERATOR, Role.SHIFT_LEAD, Role.CLINICIAN})
MAY_DECIDE = frozenset({Role.MODERATOR, Role.SHIFT_LEAD})


class OwnPost(Conflict):
    """Nobody decides about their own words."""

    code = "own_post"


def can_look(user: User) -> bool:
    return user.is_active and user.role in MAY_LOOK


def can_decide(user: User) -> bool:
    return user.is_active and user.role in MAY_DECIDE


def check_may_look(user: User) -> None:
    if not can_look(user):
        raise Denied


def check_may_decide(user: User) -> None:
    if not can_decide(user):
        raise Denied


def check_not_own(user: User, message: Message) -> None:
    """Raise :class:`OwnPost` if it is the person's own message."""
    if message.author_id == user.pk:
        raise OwnPost


def access_review(user: User, review_id: int) -> Review:
    """A review the person may look at, or :class:`Denied`."""
    check_may_look(user)
    review = Review.objects.for_reading().filter(pk=review_id).first()
    if review is None:
        raise Denied
    return review


def access_review_to_decide(user: User, review_id: int) -> Review:
    """A review the person may claim and decide; raises :class:`Denied` or :class:`OwnPost`."""
    check_may_decide(user)
    review = access_review(user, review_id)
    check_not_own(user, review.message)
    return review


def access_unread(user: User, message_id: int) -> Message:
    """A message of a space that waits for a person to settle it, or :class:`Denied`."""
    check_may_look(user)
    message = (
        Message.objects.filter(
            pk=message_id,
            state__in=(MessageState.PENDING, MessageState.HELD),
            conversation__kind=ConversationKind.THREAD,
        )
        .select_related("author", "conversation__space")
        .first()
    )
    if message is None:
        raise Denied
    return message


def access_unread_to_decide(user: User, message_id: int) -> Message:
    """As :func:`access_unread`, for somebody about to claim it; also raises :class:`OwnPost`."""
    check_may_decide(user)
    message = access_unread(user, message_id)
    check_not_own(user, message)
    return message
