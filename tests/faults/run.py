"""One run: people, phones, the storm, the calm after it, and the verdict."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.core.management import call_command

from chat.actions.conversations import join_talk, open_talk, start_thread
from chat.actions.messages import remove_message
from chat.actions.people import start_young_person
from chat.kernel.errors import DomainError
from chat.models import Message, Space, User
from chat.states import MessageState, Notice, Role
from tests.faults.checks import MARK_OF_CRISIS, is_quiet, verdict
from tests.faults.history import History
from tests.faults.house import House
from tests.faults.nemesis import Nemesis
from tests.faults.phone import FaultPhone
from tests.faults.proxy import Proxy
from tests.servers import ROOT
from tests.sessions import session_of

THREADS = 4
TALKS = 5
CALM_WITHIN = 150.0
READER_WITHIN = 120.0

Say = Callable[[str], None]


@dataclass
class Seat:
    user: User
    conversations: list[int]


def furnish(phones: int) -> tuple[list[Seat], User]:
    """People and conversations: young people in threads, some in private talks with clinicians."""
    call_command("migrate", interactive=False, verbosity=0)
    space = Space.objects.create(slug="storm", name="Storm", about="", age_bands="|16-17|")
    moderator = _staff("mo", Role.MODERATOR)
    seats = []
    for number in range(phones - TALKS):
        young, _ = start_young_person(nickname=f"Young {number}", age_band="16-17")
        seats.append(Seat(young, []))
    threads = [
        start_thread(
            by=seats[n].user, space=space, client_id=uuid.uuid4(), body=f"thread {n} opens"
        ).pk
        for n in range(THREADS)
    ]
    for number, seat in enumerate(seats):
        seat.conversations.append(threads[number % THREADS])
    for number in range(TALKS):
        young = seats[number]
        talk = open_talk(person=young.user, by=young.user)
        clinician = _staff(f"clinician-{number}", Role.CLINICIAN)
        join_talk(talk=talk, user=clinician)
        young.conversations.append(talk.pk)
        seats.append(Seat(clinician, [talk.pk]))
    return seats, moderator


def _staff(name: str, role: Role) -> User:
    return User.objects.create_staff(username=name, nickname=name.title(), role=role, password=None)


async def storm(house: House, options: argparse.Namespace, say: Say) -> dict[str, Any]:
    dice = random.Random(options.seed)
    seats, moderator = await sync_to_async(furnish)(options.phones)
    house.start_site()
    history = History(ROOT / "var" / "faults" / f"{options.seed}.jsonl")
    proxies = [await Proxy(port).start() for port in house.web_ports]
    phones = [
        FaultPhone(
            name=f"{seat.user.nickname}",
            user_id=seat.user.pk,
            cookie=await sync_to_async(session_of)(seat.user),
            conversations=seat.conversations,
            urls=[f"ws://127.0.0.1:{proxy.port}/socket" for proxy in proxies],
            history=history,
            dice=random.Random(dice.getrandbits(64)),
        )
        for seat in seats
    ]
    lives = [asyncio.create_task(phone.live()) for phone in phones]
    await _until(lambda: sync_to_async(is_quiet)(), READER_WITHIN, "the reader's start")
    size = f"{len(phones)} phones, {len(house.webs)} web, {len(house.workers)} workers"
    say(f"{size}, seed {options.seed}, {options.seconds:.0f} s")
    began = time.monotonic()

    def over() -> bool:
        return time.monotonic() - began > options.seconds

    nemesis = Nemesis(house, proxies, history, random.Random(dice.getrandbits(64)), options.seconds)
    writers = [asyncio.create_task(_chat(phone, options.rate, over)) for phone in phones]
    remover = asyncio.create_task(_remove(moderator, random.Random(options.seed), over))
    reporter = asyncio.create_task(_report(history, phones, say, over))
    await nemesis.rage(over)
    await asyncio.gather(*writers, remover, reporter)
    say("calm: waiting until everything is answered, read and on every screen")
    await _calm(phones, say)
    for phone in phones:
        phone.stopping = True
    result = await sync_to_async(verdict)(history, phones)
    for phone in phones:
        history.note(op="phone", phone=phone.name, on_line=phone.line is not None)
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    for proxy in proxies:
        await proxy.stop()
    for line in history.disorder[:10]:
        say(f"disorder: {line}")
    history.close()
    return {"seed": options.seed, "seconds": options.seconds, "phones": len(phones), **result}


async def _chat(phone: FaultPhone, rate: float, over: Callable[[], bool]) -> None:
    """Write at random moments; now and then words of crisis, and now and then ask for help."""
    number = 0
    young = phone.name.startswith("Young")
    while not over():
        await asyncio.sleep(phone.dice.expovariate(rate))
        number += 1
        body = f"{phone.name} has something to say, number {number}"
        luck = phone.dice.random()
        if young and luck < 0.01:
            await phone.ask_for_help()
        if young and luck > 0.985:
            body = f"I {MARK_OF_CRISIS} tonight, {phone.name}, number {number}"
        await phone.send(phone.dice.choice(phone.conversations), body)


async def _remove(moderator: User, dice: random.Random, over: Callable[[], bool]) -> None:
    """A moderator takes published messages off everybody's screens meanwhile."""

    def one() -> None:
        rows = Message.objects.filter(state=MessageState.PUBLISHED, conversation__kind="thread")
        newest = list(rows.order_by("-pk")[:40])
        if newest:
            message = dice.choice(newest)
            remove_message(message=message, by=moderator, notice=Notice.NOT_PUBLISHED)

    while not over():
        await asyncio.sleep(0.7)
        # A database that was just killed refuses this too; the next try will do.
        with contextlib.suppress(DomainError, Exception):
            await sync_to_async(one)()


async def _report(
    history: History, phones: list[FaultPhone], say: Say, over: Callable[[], bool]
) -> None:
    while not over():
        await asyncio.sleep(10)
        waiting = sum(len(phone.outbox) for phone in phones)
        here = sum(1 for phone in phones if phone.line is not None)
        faults = sum(history.faults.values())
        say(f"{history.count('ok')} acked, {waiting} unanswered, {here} on line, {faults} faults")


async def _calm(phones: list[FaultPhone], say: Say) -> None:
    async def answered() -> bool:
        return not any(phone.outbox for phone in phones)

    async def read() -> bool:
        return await sync_to_async(is_quiet)()

    async def seen() -> bool:
        return await sync_to_async(_everybody_is_at_the_head)(phones)

    for check, what in (
        (answered, "every answer"),
        (read, "every verdict"),
        (seen, "every screen"),
    ):
        try:
            await _until(check, CALM_WITHIN, what)
        except AssertionError as error:
            say(str(error))


def _everybody_is_at_the_head(phones: list[FaultPhone]) -> bool:
    """Screens hold what a peer is shown, so they are compared by what the next look would add."""
    from chat.access import access_conversation
    from chat.realtime import feed

    for phone in phones:
        user = User.objects.get(pk=phone.user_id)
        for conversation in phone.conversations:
            screen = phone.screens.get(conversation)
            if screen is None:
                return False
            frame = feed.catch_up(access_conversation(user, conversation), screen.head)
            if getattr(frame, "events", None) or frame.head < screen.head:
                return False
    return True


async def _until(check: Callable[[], Any], within: float, what: str) -> None:
    end = time.monotonic() + within
    while not await check():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come about within {within:.0f} s")
        await asyncio.sleep(0.5)
