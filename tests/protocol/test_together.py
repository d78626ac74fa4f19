"""A crowd that comes back at once is read together, and each of it judged as if alone."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Callable, Sequence

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import override_settings

from chat.actions.conversations import open_talk
from chat.kernel import clock
from chat.models import User
from chat.realtime import own_state
from chat.realtime.catching_up import Look, look_for_all
from chat.realtime.standing import NOT_SIGNED_IN, read_visitor, read_visitors
from chat.realtime.together import TOGETHER, Together
from tests.cast import Cast
from tests.protocol.inside import Inside
from tests.sessions import session_of


class Slow:
    """A reading that can be kept waiting; notes who was read together."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may_end = threading.Event()

    def __call__(self, questions: Sequence[int]) -> list[int]:
        self.groups.append(list(questions))
        self.may_end.wait(10)
        if -1 in questions:
            raise ValueError
        return [question * 10 for question in questions]


@pytest.mark.django_db(transaction=True)
async def test_whoever_asks_while_others_are_read_is_read_with_the_next() -> None:
    slow = Slow()
    together = Together(slow)
    asking = [asyncio.create_task(together.ask(n)) for n in range(3)]
    while len(slow.groups) < 1:
        await asyncio.sleep(0.01)
    asking += [asyncio.create_task(together.ask(n)) for n in range(3, 300)]
    await asyncio.sleep(0)  # All of them have asked.
    slow.may_end.set()

    assert await asyncio.gather(*asking) == [n * 10 for n in range(300)]
    assert len(slow.groups) <= 6
    assert max(map(len, slow.groups)) <= TOGETHER


@pytest.mark.django_db(transaction=True)
async def test_whoever_asks_in_the_moment_a_reading_ends_begins_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chat.realtime.together.READERS", 1)
    together = Together(lambda questions: [question * 10 for question in questions])
    async with asyncio.timeout(20):
        assert [await together.ask(n) for n in range(5)] == [0, 10, 20, 30, 40]


@pytest.mark.django_db(transaction=True)
async def test_a_reading_that_answers_too_few_leaves_nobody_waiting() -> None:
    together: Together[int, int] = Together(lambda questions: [])
    async with asyncio.timeout(20):
        found = await asyncio.gather(*map(together.ask, (1, 2)), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError, ValueError]


@pytest.mark.django_db(transaction=True)
async def test_a_question_that_cannot_be_answered_takes_nobody_along() -> None:
    slow = Slow()
    slow.may_end.set()
    together = Together(slow)
    found = await asyncio.gather(*map(together.ask, (1, -1, 2)), return_exceptions=True)
    assert [found[0], type(found[1]), found[2]] == [10, ValueError, 20]


@pytest.mark.django_db(transaction=True)
async def test_without_a_database_everybody_hears_it_at_once() -> None:
    tries = []

    def away(questions: Sequence[int]) -> list[int]:
        tries.append(questions)
        raise OperationalError

    together = Together(away)
    found = await asyncio.gather(*map(together.ask, range(50)), return_exceptions=True)
    assert {type(answer) for answer in found} == {OperationalError}
    assert len(tries) <= 3


@pytest.mark.django_db(transaction=True)
async def test_a_phone_that_left_meanwhile_is_not_missed() -> None:
    slow = Slow()
    together = Together(slow)
    asking = [asyncio.create_task(together.ask(n)) for n in range(5)]
    while not slow.groups:
        await asyncio.sleep(0.01)
    asking[1].cancel()
    slow.may_end.set()
    await asyncio.wait(asking)
    assert [task.result() for n, task in enumerate(asking) if n != 1] == [0, 20, 30, 40]


def expired(user: User) -> str:
    key = session_of(user)
    past = clock.now() - dt.timedelta(seconds=1)
    Session.objects.filter(session_key=key).update(expire_date=past)
    return key


def shut_out(user: User) -> str:
    key = session_of(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    return key


def other_password(user: User) -> str:
    key = session_of(user)
    user.set_password("another one, and long")
    user.save(update_fields=["password"])
    return key


def other_backend(user: User) -> str:
    store = SessionStore(session_of(user))
    store[BACKEND_SESSION_KEY] = "somebody.elses.Backend"
    store.save()
    return str(store.session_key)


def nobodys(user: User) -> str:
    store = SessionStore()
    store["a"] = "visitor who never signed in"
    store.create()
    return str(store.session_key)


REFUSED = [expired, shut_out, other_password, other_backend, nobodys]
STRANGE = [NOT_SIGNED_IN, "x", "never" * 5, "a\0b" * 8, "ä" * 32, "9" * 5000]


@pytest.mark.django_db
@pytest.mark.parametrize("refused", REFUSED)
def test_in_a_crowd_each_session_is_judged_as_it_is_alone(
    refused: Callable[[User], str], cast: Cast
) -> None:
    good = [session_of(cast.ben), session_of(cast.mo), session_of(cast.ben)]
    bad = refused(cast.ada)
    found = read_visitors([good[0], bad, *STRANGE, *good[1:]])

    assert [visitor.user for visitor in found if visitor.user] == [cast.ben, cast.mo, cast.ben]
    assert [visitor.session_key for visitor in found if visitor.user] == good
    assert read_visitor(bad).user is None


@pytest.mark.django_db
def test_a_session_of_an_older_key_is_still_good_in_a_crowd(cast: Cast) -> None:
    with override_settings(SECRET_KEY="the key before"):
        key = session_of(cast.ada)
    with override_settings(SECRET_KEY_FALLBACKS=["the key before"]):
        found = read_visitors([session_of(cast.ben), key])
    assert [visitor.user for visitor in found] == [cast.ben, cast.ada]


@pytest.mark.django_db
def test_a_crowd_takes_no_more_queries_than_one_phone(
    cast: Cast, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    thread = cast.thread(by=cast.ada)
    crowd = [cast.ben, cast.ada, cast.mo] * 20
    keys = [session_of(user) for user in (cast.ben, cast.ada, cast.mo)] * 20
    for user in (cast.ben, cast.ada):
        open_talk(person=user, by=user)
        cast.asks_for_help(user)
    with django_assert_num_queries(2):  # type: ignore[operator]
        read_visitors(keys)
    with django_assert_num_queries(4):  # type: ignore[operator]
        own_state.person_states(crowd)
    with django_assert_num_queries(2):  # type: ignore[operator]
        look_for_all([Look(user, thread.pk, 0) for user in crowd])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("bell")
async def test_a_crowd_comes_back_and_whoever_has_no_seat_is_refused(cast: Cast) -> None:
    thread = await sync_to_async(cast.thread)(by=cast.ada)
    talk = await sync_to_async(open_talk)(person=cast.ada, by=cast.ada)
    follow = [{"conversation": thread.pk, "after": 0}, {"conversation": talk.pk, "after": 0}]
    people = [cast.ada, cast.ben, cast.ben, cast.mo, cast.lee]
    sockets = [await Inside.open(user) for user in people]
    await asyncio.gather(*(socket.resume(*follow) for socket in sockets))
    kinds = []
    for socket in sockets:
        kinds.append(await socket.kinds(4))
        await socket.close()

    told, seen, end = "person.changed", "conversation.advanced", "session.ready"
    assert all(kind[-1] == end for kind in kinds)
    found = [sorted(kind[:-1]) for kind in kinds]
    assert found[0] == found[4] == sorted([told, seen, seen])
    assert found[1] == found[2] == found[3] == sorted([told, seen, "error"])
