"""Where a message is going and by whom it was written, as the policy wants to know it."""

from __future__ import annotations

from chat.models import Message
from chat.states import ConversationKind
from moderation.policy import PolicyContext, strictness_of


def context_of(message: Message) -> PolicyContext:
    """For a message that was fetched with its author, conversation and space."""
    conversation = message.conversation
    space = conversation.space
    private = conversation.kind == ConversationKind.ONE_TO_ONE
    return PolicyContext(
        audience="one_to_one" if private else "forum",
        premoderated=bool(space and space.premoderated),
        author_age_band=message.author.age_band,
        space=strictness_of(space.age_bands if space else ""),
    )
