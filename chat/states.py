"""The states of the floor and the moves between them. Pure: no Django here."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    YOUNG_PERSON = "young_person"
    MODERATOR = "moderator"
    CLINICIAN = "clinician"
    SHIFT_LEAD = "shift_lead"


STAFF_ROLES = frozenset({Role.MODERATOR, Role.CLINICIAN, Role.SHIFT_LEAD})


class AgeBand(StrEnum):
    """Bands are kept apart in the spaces; we ask for no date of birth."""

    A11_13 = "11-13"
    A14_15 = "14-15"
    A16_17 = "16-17"
    A18_25 = "18-25"


class ConversationKind(StrEnum):
    THREAD = "thread"
    ONE_TO_ONE = "one_to_one"


class ConversationState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class MessageState(StrEnum):
    """Who can see a message: only ``PUBLISHED`` is for peers."""

    PENDING = "pending"
    PUBLISHED = "published"
    HELD = "held"
    REMOVED = "removed"


MESSAGE_MOVES: dict[MessageState, frozenset[MessageState]] = {
    MessageState.PENDING: frozenset(
        {MessageState.PUBLISHED, MessageState.HELD, MessageState.REMOVED}
    ),
    # HELD → PENDING: the author changed the words, so they are read again.
    MessageState.HELD: frozenset(
        {MessageState.PUBLISHED, MessageState.REMOVED, MessageState.PENDING}
    ),
    MessageState.PUBLISHED: frozenset(
        {MessageState.HELD, MessageState.REMOVED, MessageState.PENDING}
    ),
    # A removal may be overturned.
    MessageState.REMOVED: frozenset({MessageState.PUBLISHED}),
}


class MachineReading(StrEnum):
    """Whether a machine has read a message yet. Says nothing about what it found."""

    WAITING = "waiting"
    READ = "read"
    NOT_READ = "not_read"


class Notice(StrEnum):
    """What the author of a message is told about it; the sentences are in ``chat.words``."""

    NONE = "none"
    HELD_FOR_PERSON = "held_for_person"
    DOOR = "door"
    DOOR_OFFERED = "door_offered"
    CONTACT_DETAILS = "contact_details"
    UNREAD = "unread"
    NOT_PUBLISHED = "not_published"
    FOR_A_PERSON = "for_a_person"
    METHODS = "methods"
    UNKIND = "unkind"
    HATE = "hate"
    THREAT = "threat"
    PRIVATE_DETAILS = "private_details"
    DRAWN_AWAY = "drawn_away"
    ANOTHER_PLACE = "another_place"
    WITHDRAWN = "withdrawn"


class EventKind(StrEnum):
    """What changed in a conversation, for those who may see it."""

    MESSAGE_WAITING = "message.waiting"
    MESSAGE_PUBLISHED = "message.published"
    MESSAGE_HELD = "message.held"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_REMOVED = "message.removed"
    MESSAGE_MARKED = "message.marked"
    PERSON_JOINED = "person.joined"
    PERSON_LEFT = "person.left"
    CONVERSATION_CLOSED = "conversation.closed"
    CONVERSATION_REOPENED = "conversation.reopened"


class HelpState(StrEnum):
    WAITING = "waiting"
    WITH_SOMEONE = "with_someone"
    CLOSED = "closed"


HELP_MOVES: dict[HelpState, frozenset[HelpState]] = {
    HelpState.WAITING: frozenset({HelpState.WITH_SOMEONE, HelpState.CLOSED}),
    HelpState.WITH_SOMEONE: frozenset({HelpState.WAITING, HelpState.CLOSED}),
    HelpState.CLOSED: frozenset(),
}
