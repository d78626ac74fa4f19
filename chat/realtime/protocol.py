"""Every frame that crosses a socket, typed. ``docs/protocol.md`` is generated from this file.

Client frames are imperative, server frames past or noun. Unknown fields and unknown types are
refused; nothing a client sends can set a type, an author, a role, a seq, a time or a state.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from chat.kernel.errors import Invalid

MAX_FRAME_BYTES = 16 * 1024
MAX_DEPTH = 8
"""Lists and objects in each other; no frame of ours has more than three."""

MAX_FOLLOWS = 50
HEARTBEAT_SECONDS = 20
TYPING_SECONDS = 6
"""How long somebody is shown as writing after they last said so: two of their tellings."""

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Revision = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Body = Annotated[str, Meta(max_length=MAX_FRAME_BYTES)]
"""Whatever fits a frame: whoever writes too much is told so in words, by the rule for messages."""

Ticket = Annotated[str, Meta(max_length=400)]


class ClientFrame(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """What a phone may say."""


class Follow(Struct, frozen=True, forbid_unknown_fields=True):
    """A conversation to follow, and the head the phone has (absent: it has nothing yet)."""

    conversation: Id
    after: Seq | None = None


class SessionResume(ClientFrame, frozen=True, tag="session.resume"):
    """First frame: proves that our own page opened the socket, and says what the phone has."""

    ticket: Ticket
    follow: Annotated[list[Follow], Meta(max_length=MAX_FOLLOWS)] = []


class ConversationFollow(ClientFrame, frozen=True, tag="conversation.follow"):
    """Send what happened after ``after``, then everything new.

    Following a private talk without belonging to it is written down.
    """

    conversation: Id
    after: Seq | None = None


class ConversationUnfollow(ClientFrame, frozen=True, tag="conversation.unfollow"):
    """Stop sending a conversation."""

    conversation: Id


class MessageSend(ClientFrame, frozen=True, tag="message.send"):
    """Write a message. The same ``client_id`` on every retry, so it can never be doubled."""

    client_id: UUID
    conversation: Id
    body: Body


class MessageEdit(ClientFrame, frozen=True, tag="message.edit"):
    """Change one's own words; they are read again before peers see them.

    With the ``revision`` that was changed, one that a newer change overtook is refused.
    """

    message: Id
    body: Body
    revision: Revision | None = None


class MessageWithdraw(ClientFrame, frozen=True, tag="message.withdraw"):
    """Take one's own message back."""

    message: Id


class HelpRequest(ClientFrame, frozen=True, tag="help.request"):
    """I need help now. One id is one ask: said again it is the same ask, asked anew a new one."""

    client_id: UUID
    about_message: Id | None = None


class TypingTell(ClientFrame, frozen=True, tag="typing.tell"):
    """I am writing, in a private talk. At most one in three seconds; kept and logged nowhere."""

    conversation: Id


class Ping(ClientFrame, frozen=True, tag="ping"):
    """Are you there? Answered with ``heads``."""


AnyClientFrame = (
    SessionResume
    | ConversationFollow
    | ConversationUnfollow
    | MessageSend
    | MessageEdit
    | MessageWithdraw
    | HelpRequest
    | TypingTell
    | Ping
)


class ServerFrame(Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """What we say to a phone."""


class Person(Struct, frozen=True, omit_defaults=True):
    """Somebody as others may see them: a nickname, and a role if they work here."""

    id: int
    nickname: str
    role: str


class MessageView(Struct, frozen=True, omit_defaults=True):
    """A message as this reader may see it now. ``at`` is UTC in ISO 8601."""

    id: int
    author: Person
    body: str
    at: str
    state: str
    revision: int = 1
    position: int | None = None
    client_id: str = ""
    notice: str = ""
    machine_reading: str = ""


class Event(Struct, frozen=True, omit_defaults=True):
    """One change. With ``message_id`` and no ``message``: it is not, or no longer, for you."""

    seq: int
    kind: str
    message_id: int | None = None
    message: MessageView | None = None
    person: Person | None = None


class SessionReady(ServerFrame, frozen=True, tag="session.ready"):
    """The socket is open and every follow has been answered."""

    person: Person
    heartbeat_seconds: int = HEARTBEAT_SECONDS


class ConversationSnapshot(ServerFrame, frozen=True, tag="conversation.snapshot"):
    """A conversation from scratch: replace what is on the screen. ``earlier``: there is more."""

    conversation: int
    kind: str
    state: str
    head: int
    messages: list[MessageView]
    people: list[Person]
    may_post: bool = False
    earlier: bool = False


class ConversationAdvanced(ServerFrame, frozen=True, tag="conversation.advanced"):
    """What happened in ``(after, head]``; not every number in between is for every reader.

    A phone whose head is below ``after`` has a gap and follows again before it shows this one.
    """

    conversation: int
    after: int
    head: int
    events: list[Event]


class MessageAccepted(ServerFrame, frozen=True, tag="message.accepted"):
    """It is in the database. ``reading`` says who reads it first: ``machine`` or ``person``."""

    client_id: str
    conversation: int
    message: MessageView
    reading: str


class HelpAccepted(ServerFrame, frozen=True, tag="help.accepted"):
    """The person has a place; ``conversation`` is where they can already write."""

    client_id: str
    help: int
    conversation: int


class HelpView(Struct, frozen=True, omit_defaults=True):
    """Where somebody stands who asked for help; the wait is a range in whole minutes.

    ``counted_at`` (UTC in ISO 8601) is there only where nobody has worked it out for a while.
    """

    id: int
    state: str
    conversation: int
    place: int | None = None
    wait_from_minutes: int | None = None
    wait_to_minutes: int | None = None
    nobody_on_duty: bool = False
    counted_at: str = ""


class TalkView(Struct, frozen=True, omit_defaults=True):
    """A private talk of this person, and who else is in it."""

    conversation: int
    state: str
    people: list[Person]


class PersonChanged(ServerFrame, frozen=True, tag="person.changed"):
    """The person's own state, whole: replace what is known."""

    talks: list[TalkView]
    help: HelpView | None = None


class PersonTyping(ServerFrame, frozen=True, tag="person.typing"):
    """Somebody else in a private talk is writing; true for ``seconds`` unless it comes again."""

    conversation: int
    person: int
    seconds: int


class QueueChanged(ServerFrame, frozen=True, tag="queue.changed"):
    """For staff: a list they work from changed; fetch it again."""


class Heads(ServerFrame, frozen=True, tag="heads"):
    """Heartbeat: the newest seq of each followed conversation, by id as text."""

    heads: dict[str, int]


class Error(ServerFrame, frozen=True, tag="error"):
    """A refusal. ``code`` is stable, ``text`` is for people, ``ref`` names the send it answers."""

    code: str
    text: str
    ref: str = ""
    permanent: bool = True


AnyServerFrame = (
    SessionReady
    | ConversationSnapshot
    | ConversationAdvanced
    | MessageAccepted
    | HelpAccepted
    | PersonChanged
    | PersonTyping
    | QueueChanged
    | Heads
    | Error
)

Part = msgspec.Raw
"""An event as it stands in a frame, encoded once for many frames."""

Read = TypeVar("Read")
_decoder: msgspec.json.Decoder[AnyClientFrame] = msgspec.json.Decoder(AnyClientFrame)
_encoder = msgspec.json.Encoder()


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise Invalid("frame_not_json")
    return dict(pairs)


def _refuse_constant(name: str) -> Any:
    raise Invalid("frame_not_json")


_strict_json = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant
)


def decode(text: str) -> AnyClientFrame:
    """One frame from a phone, or :class:`Invalid` with a stable code."""
    return read_strictly(text, _decoder)


def read_strictly(text: str, decoder: msgspec.json.Decoder[Read]) -> Read:
    """What a phone says, by socket or by HTTPS, or :class:`Invalid` with a stable code.

    Refuses what JSON parsers disagree about: duplicate keys, NaN, lone surrogates, NUL, and
    nesting.
    """
    may_be_large = len(text) * 4 > MAX_FRAME_BYTES  # No character takes more than four bytes.
    if may_be_large and len(text.encode("utf-8", "surrogatepass")) > MAX_FRAME_BYTES:
        raise Invalid("frame_too_large")
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise Invalid("frame_not_json")
    try:
        raw = text.encode()
        found = decoder.decode(raw)
        if not _is_plain(text, raw):
            _strict_json.decode(text)
    except msgspec.ValidationError as error:
        raise Invalid("frame_unknown") from error
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError) as error:
        raise Invalid("frame_not_json") from error
    return found


def _is_plain(text: str, raw: bytes) -> bool:
    """One object, no escapes, and as many colons as names: then no name is there twice.

    As nearly everything that phones say. Python's own reader would take longer to find nothing
    than all the rest of the reading.
    """
    if "\\" in text or text.count("{") != 1:
        return False
    found = msgspec.json.decode(raw)
    return isinstance(found, dict) and text.count(":") == len(found)


_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""Possessive: an open string runs to the end of the text at once, and is tried only once."""


def _depth(text: str) -> int:
    """How deep lists and objects stand in each other; what people write in words does not count."""
    deepest = depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        sign = found[0]
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def ref_of(text: str) -> str:
    """The ``client_id`` of a frame that was refused, if it can be made out; else empty."""
    try:
        value = json.loads(text[:MAX_FRAME_BYTES])
        ref = value.get("client_id") if isinstance(value, dict) else ""
    except (ValueError, RecursionError):
        return ""
    return ref if isinstance(ref, str) and len(ref) <= 36 and ref.isascii() else ""


def encode(frame: ServerFrame) -> str:
    """The frame as the text that goes down the socket."""
    return _encoder.encode(frame).decode()


def part_of(event: Event) -> Part:
    """One event, to be put into any number of frames."""
    return Part(_encoder.encode(event))


def advanced(conversation: int, *, after: int, head: int, parts: list[Part]) -> str:
    """A ``ConversationAdvanced`` as text, of events that are encoded already."""
    events: Any = parts
    return encode(ConversationAdvanced(conversation, after, head, events))
