"""Old snapshot + frames = fresh snapshot, for every reader, over random histories."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.access import Audience, Seat, access_conversation, seats_for
from chat.actions.conversations import (
    close_conversation,
    join_talk,
    leave_talk,
    open_talk,
    start_thread,
)
from chat.actions.messages import (
    Settlement,
    edit_message,
    hold_message,
    mark_reading,
    publish_message,
    remove_message,
    settle_messages,
    withdraw_message,
)
from chat.actions.people import start_young_person
from chat.actions.sending import send_message
from chat.kernel import clock
from chat.kernel.errors import DomainError
from chat.models import Conversation, Message, Space, User, WorkerBeat
from chat.realtime import feed, protocol
from chat.realtime.catching_up import Look, look_for_all
from chat.states import MachineReading, MessageState, Notice, Role
from tests.protocol.phone import Phone

STEPS = [
    *("send", "publish", "hold", "edit", "withdraw", "release", "remove"),
    *("hide", "restore", "mark", "look", "join", "leave", "close"),
]

history = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 2), st.integers(0, 30)), max_size=40
)


class World:
    """One conversation, its people, and a phone for each that stays behind between looks."""

    def __init__(self, *, private: bool) -> None:
        self.ada, _ = start_young_person(nickname="Ada", age_band="14-15")
        self.ben, _ = start_young_person(nickname="Ben", age_band="14-15")
        self.mo = self._staff("mo", Role.MODERATOR)
        self.lee = self._staff("lee", Role.SHIFT_LEAD)
        WorkerBeat.objects.report("screening", now=clock.now())
        if private:
            self.conversation = open_talk(person=self.ada, by=self.ada)
            self.writers = [self.ada, self.mo]
            self.readers = [self.ada, self.lee]
        else:
            self.space = Space.objects.create(
                slug=uuid.uuid4().hex[:20], name="A space", about="", age_bands="|14-15|"
            )
            self.conversation = start_thread(
                by=self.ada, space=self.space, client_id=uuid.uuid4(), body="the first words"
            )
            self.writers = [self.ada, self.ben]
            self.readers = [self.ada, self.ben, self.mo]
        crowd = [start_young_person(nickname=name, age_band="14-15")[0] for name in ("Cai", "Dee")]
        self.together = [*self.readers, *crowd, self.ada]
        """Who comes back at once: some wrote nothing here, in a talk some have no seat."""

        self.phones = {reader.pk: Phone() for reader in self.readers}
        for reader in self.readers:
            self.phones[reader.pk].take(feed.snapshot(self.seat(reader)))

    def _staff(self, name: str, role: Role) -> User:
        username = f"{name}-{uuid.uuid4().hex[:8]}"
        return User.objects.create_staff(
            username=username, nickname=name.title(), role=role, password=None
        )

    def seat(self, reader: User) -> Seat:
        return access_conversation(reader, self.conversation.pk)

    def message(self, pick: int, *states: MessageState) -> Message | None:
        rows = Message.objects.filter(conversation=self.conversation, state__in=states)
        found = list(rows.select_related("conversation", "author").order_by("pk"))
        return found[pick % len(found)] if found else None

    def do(self, step: str, who: int, pick: int) -> None:
        # A refusal is part of a history; it must change nothing on any screen.
        with contextlib.suppress(DomainError):
            getattr(self, f"do_{step}")(self.writers[who % len(self.writers)], pick)

    def do_send(self, author: User, pick: int) -> None:
        send_message(
            by=author,
            conversation_id=self.conversation.pk,
            client_id=uuid.uuid4(),
            body=f"words number {pick}",
        )

    def _settle(self, pick: int, *, publish: bool) -> None:
        message = self.message(pick, MessageState.PENDING)
        if message:
            notice = Notice.NONE if publish else Notice.DOOR
            with transaction.atomic():
                settle_messages([Settlement(message, publish, notice)])

    def do_publish(self, author: User, pick: int) -> None:
        self._settle(pick, publish=True)

    def do_hold(self, author: User, pick: int) -> None:
        self._settle(pick, publish=False)

    def _with(self, pick: int, act: Callable[[Message], object], *states: MessageState) -> None:
        message = self.message(pick, *states)
        if message:
            act(message)

    def do_edit(self, author: User, pick: int) -> None:
        self._with(
            pick,
            lambda m: edit_message(by=m.author, message_id=m.pk, body=f"other words {pick}"),
            *MessageState,
        )

    def do_withdraw(self, author: User, pick: int) -> None:
        self._with(pick, lambda m: withdraw_message(by=m.author, message_id=m.pk), *MessageState)

    def do_release(self, author: User, pick: int) -> None:
        self._with(pick, lambda m: publish_message(message=m, by=self.mo), MessageState.HELD)

    def do_restore(self, author: User, pick: int) -> None:
        self._with(pick, lambda m: publish_message(message=m, by=self.mo), MessageState.REMOVED)

    def do_remove(self, author: User, pick: int) -> None:
        self._with(
            pick,
            lambda m: remove_message(message=m, by=self.mo, notice=Notice.NOT_PUBLISHED),
            *MessageState,
        )

    def do_hide(self, author: User, pick: int) -> None:
        self._with(
            pick,
            lambda m: hold_message(message=m, by=self.mo, notice=Notice.HELD_FOR_PERSON),
            MessageState.PUBLISHED,
        )

    def do_mark(self, author: User, pick: int) -> None:
        self._with(
            pick,
            lambda m: mark_reading(messages=[m], reading=MachineReading.NOT_READ),
            *MessageState,
        )

    def do_join(self, author: User, pick: int) -> None:
        if self.conversation.is_private:
            join_talk(talk=self.conversation, user=self.mo)

    def do_leave(self, author: User, pick: int) -> None:
        if self.conversation.is_private:
            leave_talk(talk=self.conversation, user=self.mo)

    def do_close(self, author: User, pick: int) -> None:
        if self.conversation.is_private and pick == 0:
            close_conversation(conversation=self.conversation, by=self.mo)

    def do_look(self, author: User, pick: int) -> None:
        for reader in self.readers:
            self.catch_up(reader)

    def catch_up(self, reader: User) -> None:
        phone = self.phones[reader.pk]
        assert phone.take(feed.catch_up(self.seat(reader), phone.head))

    def check(self) -> None:
        for reader in self.readers:
            self.catch_up(reader)
            fresh = Phone()
            fresh.take(feed.snapshot(self.seat(reader)))
            assert self.phones[reader.pk].screen() == fresh.screen()
            assert self.phones[reader.pk].head == fresh.head

    def come_back_together(self, head: int) -> None:
        """Whoever shares a reading, or a frame, is given to the letter what is theirs alone."""
        for after in (None, head // 2):
            looks = [Look(reader, self.conversation.pk, after) for reader in self.together]
            for look, found in zip(looks, look_for_all(looks), strict=True):
                seat = seats_for(look.user, [look.conversation_id]).get(look.conversation_id)
                own = feed.catch_up(seat, after) if seat else None
                assert (found and found.frame.text) == (own and protocol.encode(own))
                assert (found and found.head) == (own and own.head)

    def replay_from_the_start(self) -> None:
        """The whole feed applied to an empty screen, twice, is the fresh screen too."""
        for reader in self.readers:
            phone = Phone()
            phone.take(feed.snapshot(self.seat(reader)))
            phone.messages, phone.head = {}, 0
            frame = feed.catch_up(self.seat(reader), 0)
            phone.take(frame)
            phone.head = 0
            phone.take(frame)
            fresh = Phone()
            fresh.take(feed.snapshot(self.seat(reader)))
            assert phone.screen()["messages"] == fresh.screen()["messages"]


def run(steps: list[tuple[str, int, int]], *, private: bool) -> None:
    with transaction.atomic():
        world = World(private=private)
        for step, who, pick in steps:
            world.do(step, who, pick)
        world.check()
        world.come_back_together(world.seat(world.ada).conversation.last_seq)
        world.replay_from_the_start()
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(history)
def test_in_a_thread_old_snapshot_and_frames_make_the_fresh_snapshot(
    steps: list[tuple[str, int, int]],
) -> None:
    run(steps, private=False)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history)
def test_in_a_private_talk_old_snapshot_and_frames_make_the_fresh_snapshot(
    steps: list[tuple[str, int, int]],
) -> None:
    run(steps, private=True)


@pytest.mark.django_db
def test_peers_are_sent_nothing_about_a_message_they_never_saw() -> None:
    world = World(private=False)
    seat = world.seat(world.ben)
    before = feed.snapshot(seat).head
    send_message(
        by=world.ada,
        conversation_id=world.conversation.pk,
        client_id=uuid.uuid4(),
        body="held words",
    )
    message = Message.objects.latest("pk")
    with transaction.atomic():
        settle_messages([Settlement(message, False, Notice.DOOR)])

    frame = feed.catch_up(world.seat(world.ben), before)

    assert seat.audience is Audience.PEER
    assert frame.head == before + 2
    assert frame.events == []


@pytest.mark.django_db
def test_a_phone_far_behind_is_given_the_whole_conversation_again() -> None:
    world = World(private=False)
    Conversation.objects.filter(pk=world.conversation.pk).update(last_seq=feed.REPLAY_LIMIT + 100)

    frame = feed.catch_up(world.seat(world.ben), 0)

    assert isinstance(frame, feed.p.ConversationSnapshot)
