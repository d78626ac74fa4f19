"""What draws a feed is read by a statement of our own: it finds what the ORM's own way finds."""

from __future__ import annotations

from chat.actions.conversations import join_talk, open_talk
from chat.actions.messages import remove_message, withdraw_message
from chat.models import ConversationEvent
from chat.realtime.drawable import TO_THE_END, read_drawable
from chat.states import Notice
from tests.cast import Cast


def columns(row: object) -> dict[str, object]:
    fields = type(row)._meta.concrete_fields  # type: ignore[attr-defined]
    return {field.attname: getattr(row, field.attname) for field in fields}


def by_the_orm(conversation: int) -> list[ConversationEvent]:
    events = ConversationEvent.objects.filter(conversation=conversation)
    joined = events.select_related("message__author", "message__conversation", "person")
    return list(joined.order_by("seq"))


def test_events_messages_authors_and_people_are_those_of_the_orm(cast: Cast) -> None:
    thread = cast.thread(words='first, “with” ünï\\c"ode {😀} and %s')
    removed, taken_back = (cast.says(cast.ben, thread, words) for words in ("one", "two"))
    cast.held(cast.ada, thread, "three")
    remove_message(message=removed, by=cast.mo, notice=Notice.NOT_PUBLISHED)
    withdraw_message(by=cast.ben, message_id=taken_back.pk)
    talk = open_talk(person=cast.ada, by=cast.ada)
    join_talk(talk=talk, user=cast.cleo)
    cast.says(cast.cleo, talk, "hello")

    spans = {thread.pk: (0, TO_THE_END), talk.pk: (0, TO_THE_END)}
    found = read_drawable(spans)

    wanted = by_the_orm(thread.pk) + by_the_orm(talk.pk)
    assert [columns(event) for event in found] == [columns(event) for event in wanted]
    assert any(event.person for event in found)
    for event, other in zip(found, wanted, strict=True):
        assert event.person == other.person
        message, same = event.message, other.message
        assert (message is None) == (same is None)
        if message is None or same is None:
            continue
        assert columns(message) == columns(same)
        assert message.body == same.body
        assert message.author.nickname == same.author.nickname
        assert message.author.role == same.author.role
        assert message.conversation.is_private == same.conversation.is_private


def test_each_conversation_has_its_own_span_and_a_limit_cuts_the_end(cast: Cast) -> None:
    one, other = cast.thread(), cast.thread(by=cast.ben)
    for number in range(4):
        cast.says(cast.ada, one, f"line {number}")
        cast.says(cast.ben, other, f"line {number}")

    found = read_drawable({other.pk: (3, 5), one.pk: (1, TO_THE_END), 2**40: (0, TO_THE_END)})

    numbers = [(event.conversation_id, event.seq) for event in found]
    last = ConversationEvent.objects.filter(conversation=one).count()
    assert numbers == [*((one.pk, n) for n in range(2, last + 1)), (other.pk, 4), (other.pk, 5)]
    cut = read_drawable({one.pk: (1, TO_THE_END)}, limit=3)
    assert [event.seq for event in cut] == [2, 3, 4]
    assert read_drawable({}) == []
