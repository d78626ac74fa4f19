"""The rows of the floor: people, spaces, conversations, messages, the feed."""

from chat.models.audit import AuditRow
from chat.models.beat import WorkerBeat
from chat.models.conversation import Conversation, Membership
from chat.models.event import ConversationEvent
from chat.models.help_request import AskedAgain, HelpRequest
from chat.models.leasable import Leasable
from chat.models.message import Message, SendRefusal
from chat.models.space import Space
from chat.models.user import User

__all__ = [
    "AskedAgain",
    "AuditRow",
    "Conversation",
    "ConversationEvent",
    "HelpRequest",
    "Leasable",
    "Membership",
    "Message",
    "SendRefusal",
    "Space",
    "User",
    "WorkerBeat",
]
