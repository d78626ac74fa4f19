"""One run: people, phones, the storm, the calm after it, and the verdict."""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import Error as DatabaseError

from chat.kernel.db import run_db
from chat.kernel.errors import DomainError
from chat.models import User
from tests.faults.calm import calm, unread, until_none
from tests.faults.checks import MARK_OF_CRISIS, verdict
from tests.faults.history import History
from tests.faults.house import House
from tests.faults.nemesis import Nemesis
from tests.faults.pace import Pace
from tests.faults.people import Seat, furnish, remove_one
from tests.faults.phone import FaultPhone
from tests.faults.proxy import Proxy
from tests.sessions import session_of

REPORT_EVERY = 10.0
REMOVE_EVERY = 0.7

Say = Callable[[str], None]
Over = Callable[[], bool]


async def storm(house: House, options: argparse.Namespace, say: Say) -> dict[str, Any]:
    dice = random.Random(options.seed)
    seats, moderator = await run_db(furnish, options.phones, options.talks)
    stores = await _between_site_and_stores(house)
    house.start_site()
    history = History(Path(options.history))
    proxies = [await Proxy(port).start() for port in house.web_ports]
    phones = [await _phone(seat, proxies, history, dice) for seat in seats]
    lives = [asyncio.create_task(phone.live()) for phone in phones]
    await until_none(lambda: run_db(unread))  # The readers have started when all this is read.
    size = f"{len(phones)} phones, {len(house.webs)} web, {len(house.workers)} workers"
    say(f"{size}, seed {options.seed}, {options.seconds:.0f} s")
    nemesis = Nemesis(
        house,
        proxies,
        history,
        random.Random(dice.getrandbits(64)),
        options.seconds,
        stores=stores,
        rest=options.rest,
    )
    pace = Pace(options.rate, options.backlog)
    began = time.monotonic()
    await _rage(nemesis, phones, pace, moderator, options, say)
    stormed = time.monotonic() - began
    say(f"calm after {stormed:.0f} s: until everything is answered, read and on every screen")
    minder = asyncio.create_task(_mind(house, history))
    await calm(phones, say)
    minder.cancel()
    for phone in phones:
        phone.stopping = True
    result = await run_db(verdict, history, phones)
    await _end(phones, lives, [*proxies, *stores], history, say)
    acked = result["acked"]
    return {
        "seed": options.seed,
        "seconds": round(stormed, 1),
        "phones": len(phones),
        **result,
        "acked_per_second": round(acked / stormed, 1),
        "calm_seconds": round(time.monotonic() - began - stormed, 1),
        "caught_mid_batch": nemesis.caught,
        "ended_by_themselves": history.ended,
        "unfollowed": history.unnamed,
    }


async def _between_site_and_stores(house: House) -> list[Proxy]:
    """Proxies that web and workers take for PostgreSQL and Redis; the checker has its own way."""
    database, bell = [await Proxy(port).start() for port in house.store_ports]
    house.by_way_of(database=database.port, bell=bell.port)
    return [database, bell]


async def _phone(
    seat: Seat, proxies: list[Proxy], history: History, dice: random.Random
) -> FaultPhone:
    return FaultPhone(
        name=seat.user.nickname,
        user_id=seat.user.pk,
        cookie=await run_db(session_of, seat.user),
        conversations=seat.conversations,
        urls=[f"ws://127.0.0.1:{proxy.port}/socket" for proxy in proxies],
        history=history,
        dice=random.Random(dice.getrandbits(64)),
    )


async def _rage(
    nemesis: Nemesis,
    phones: list[FaultPhone],
    pace: Pace,
    moderator: User,
    options: argparse.Namespace,
    say: Say,
) -> None:
    """The storm: as long as asked for, and until the nemesis has done every kind once."""
    ended = asyncio.Event()
    over = ended.is_set
    others = [
        *(_chat(phone, pace, over) for phone in phones),
        _remove(moderator, random.Random(options.seed), over),
        _report(nemesis.history, phones, pace, say, over),
        pace.keep(over),
    ]
    tasks = [asyncio.create_task(job) for job in others]
    minder = asyncio.create_task(_mind(nemesis.house, nemesis.history))
    end = time.monotonic() + options.seconds
    await nemesis.rage(lambda: time.monotonic() > end)
    ended.set()
    await asyncio.gather(*tasks)
    minder.cancel()


async def _end(
    phones: list[FaultPhone],
    lives: list[asyncio.Task[None]],
    proxies: list[Proxy],
    history: History,
    say: Say,
) -> None:
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


async def _chat(phone: FaultPhone, pace: Pace, over: Over) -> None:
    """Write at random moments; now and then words of crisis, and now and then ask for help."""
    number = 0
    young = phone.name.startswith("Young")
    while not over():
        await pace.pause(phone, over)
        if over():
            return
        number += 1
        body = f"{phone.name} has something to say, number {number}"
        luck = phone.dice.random()
        if young and luck < 0.01:
            await phone.ask_for_help()
        if young and luck > 0.985:
            body = f"I {MARK_OF_CRISIS} tonight, {phone.name}, number {number}"
        await phone.send(phone.dice.choice(phone.conversations), body)


async def _remove(moderator: User, dice: random.Random, over: Over) -> None:
    """A moderator takes published messages off everybody's screens meanwhile."""
    while not over():
        await asyncio.sleep(REMOVE_EVERY)
        try:
            await run_db(remove_one, moderator, dice)
        except (DomainError, DatabaseError):
            continue  # A database that was just killed refuses this too; the next try will do.


async def _report(
    history: History, phones: list[FaultPhone], pace: Pace, say: Say, over: Over
) -> None:
    while not over():
        await asyncio.sleep(REPORT_EVERY)
        waiting = sum(len(phone.outbox) for phone in phones)
        here = sum(1 for phone in phones if phone.line is not None)
        say(
            f"{history.count('ok')} acked, {waiting} unanswered, {pace.unread} unread, "
            f"{here} on line, {sum(history.faults.values())} faults"
        )


async def _mind(house: House, history: History) -> None:
    """Start again what ended by itself, and remember that it did."""
    while True:
        await asyncio.sleep(1)
        for name in house.start_what_is_gone():
            history.note(op="ended", service=name)
            history.ended += 1
