"""Fills an empty database with a demo, as if its people had lived it.

Everything goes through the actions that real people use, and every message through the real
reader, at the times it would have happened: nothing here writes a state of its own.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings

from chat.actions.conversations import start_thread
from chat.actions.help import request_help
from chat.actions.people import start_young_person
from chat.actions.sending import send_message
from chat.kernel import clock
from chat.models import AuditRow, Conversation, Space, User, WorkerBeat
from chat.models.beat import SCREENING
from config.demo.people import (
    COLLEAGUES,
    PASSWORD,
    SIMULATED_COLLEAGUE,
    WITH_PHRASE,
    YOUNG_PEOPLE,
    find_young_person,
)
from config.demo.script import Line, line, lines, script
from moderation.screening import screening_step
from triage.actions.cases import claim_case
from triage.actions.duty import go_on_duty
from triage.intake import intake_step
from triage.models import Case

IDS = uuid.UUID("5c1f3c64-5a0e-4f0c-9a53-6e2f9a4b7a10")
"""Names the ids of what is said, so that seeding again finds it instead of saying it twice."""

GAPS_SECONDS = (95, 160, 240, 70, 310, 130, 190)
"""From one line of a thread to the next, in turn."""

PAUSED_AGO = dt.timedelta(minutes=185)
PAUSED_FOR = dt.timedelta(days=3)
ASKED_AGO = dt.timedelta(minutes=4)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens at one time."""

    at: dt.datetime
    do: Callable[[], object]


@contextmanager
def time_travel() -> Iterator[Callable[[dt.datetime], None]]:
    """Put the clock where we say; afterwards it is the real one again."""
    here = [clock.now()]

    def go(to: dt.datetime) -> None:
        here[0] = to

    clock.set_source(lambda: here[0])
    try:
        yield go
    finally:
        clock.set_source(None)


def seed(*, now: dt.datetime, tell: Tell) -> None:
    """Make what is missing of the demo; does nothing where it is complete."""
    if is_seeded():
        return
    with time_travel() as go:
        go(now - dt.timedelta(days=9))
        tell("Inviting the people of the demo ...")
        _make_colleagues()
        _make_young_people()
        spaces = _make_spaces()
        acts = sorted(_acts(spaces, now), key=lambda act: act.at)
        tell(f"Letting them live through {len(acts)} moments, each message read as always ...")
        for act in acts:
            go(act.at)
            WorkerBeat.objects.report(SCREENING, now=act.at)
            act.do()
            go(act.at + dt.timedelta(seconds=2))
            _let_workers_work()


def is_seeded() -> bool:
    """Whether the last thing that seeding does has been done."""
    return AuditRow.objects.filter(verb="demo.seeded").exists()


def phrases() -> dict[str, str]:
    """The recovery phrases shown with the sign-ins; kept beside the demo's database only."""
    kept = settings.VAR_DIR / "demo-phrases.json"
    return dict(json.loads(kept.read_text())) if kept.exists() else {}


def _keep_phrase(nickname: str, phrase: str) -> None:
    kept = settings.VAR_DIR / "demo-phrases.json"
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    known = phrases() | {nickname: phrase}
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(known))


def _make_colleagues() -> None:
    for one in COLLEAGUES:
        if not User.objects.filter(username=one.username).exists():
            User.objects.create_staff(
                username=one.username, nickname=one.nickname, role=one.role, password=PASSWORD
            )


def _make_young_people() -> None:
    for nickname, band in YOUNG_PEOPLE.items():
        if find_young_person(nickname) is None:
            _, phrase = start_young_person(nickname=nickname, age_band=band, is_simulated=True)
            if nickname in WITH_PHRASE:
                _keep_phrase(nickname, phrase)


def _make_spaces() -> dict[str, Space]:
    spaces = {}
    for position, row in enumerate(script()["spaces"]):
        spaces[row["slug"]], _ = Space.objects.get_or_create(
            slug=row["slug"],
            defaults={
                "name": row["name"],
                "about": row["about"],
                "rules": row["rules"].strip(),
                "picture": row["picture"],
                "age_bands": f"|{'|'.join(row['bands'])}|",
                "position": position,
            },
        )
    return spaces


def person(nickname: str) -> User:
    """Somebody of the demo by nickname, young or of the team."""
    found = find_young_person(nickname)
    return found if found is not None else User.objects.get(username=nickname.lower())


def _let_workers_work() -> None:
    while screening_step():
        pass
    while intake_step():
        pass


def _id(*parts: object) -> uuid.UUID:
    return uuid.uuid5(IDS, ":".join(str(part) for part in parts))


def _acts(spaces: dict[str, Space], now: dt.datetime) -> Iterator[Act]:
    for number, thread in enumerate(script()["threads"]):
        yield from _thread(number, spaces[thread["space"]], thread, now)
    for number, row in enumerate(script()["kept"]):
        at = now - dt.timedelta(minutes=row["ago"])
        said = line(row["line"])
        yield Act(at, partial(_say_in_space, spaces[row["space"]], said, _id("kept", number)))
    yield Act(now - PAUSED_AGO, partial(_pause, "Sal", until=now - PAUSED_AGO + PAUSED_FOR))
    yield Act(now - ASKED_AGO, partial(_ask_for_help, "Juno"))
    yield from _talk(now)
    yield Act(now, partial(AuditRow.objects.record, verb="demo.seeded", by=None, subject="demo"))


def _thread(number: int, space: Space, thread: dict[str, Any], now: dt.datetime) -> Iterator[Act]:
    at = now - dt.timedelta(minutes=thread["began"])
    said = lines(thread["lines"])
    opening = _id("thread", number, 0)
    yield Act(at, partial(_open_thread, space, said[0], opening))
    for turn, one in enumerate(said[1:], start=1):
        at += dt.timedelta(seconds=GAPS_SECONDS[(number + turn) % len(GAPS_SECONDS)])
        yield Act(at, partial(_say_in_thread, opening, one, _id("thread", number, turn)))


def _talk(now: dt.datetime) -> Iterator[Act]:
    """A talk with somebody of the team: asked for, picked up, and under way."""
    talk = script()["talk"]
    asked = now - dt.timedelta(minutes=talk["ago"])
    who = talk["person"]
    yield Act(asked - dt.timedelta(hours=1), partial(_go_on_duty, SIMULATED_COLLEAGUE))
    yield Act(asked, partial(_ask_for_help, who))
    yield Act(asked + dt.timedelta(minutes=2), partial(_pick_up, who))
    for turn, one in enumerate(lines(talk["lines"])):
        at = asked + dt.timedelta(seconds=130 + 75 * turn)
        yield Act(at, partial(_say_in_talk, who, one, _id("talk", turn)))


def _open_thread(space: Space, said: Line, client_id: uuid.UUID) -> None:
    start_thread(by=person(said.who), space=space, client_id=client_id, body=said.words)


def _say(conversation: Conversation, said: Line, client_id: uuid.UUID) -> None:
    send_message(
        by=person(said.who),
        conversation_id=conversation.pk,
        client_id=client_id,
        body=said.words,
    )


def _say_in_thread(opening: uuid.UUID, said: Line, client_id: uuid.UUID) -> None:
    _say(Conversation.objects.get(opening_message__client_id=opening), said, client_id)


def _say_in_space(space: Space, said: Line, client_id: uuid.UUID) -> None:
    newest = Conversation.objects.filter(space=space).order_by("pk").reverse()[0]
    _say(newest, said, client_id)


def _say_in_talk(nickname: str, said: Line, client_id: uuid.UUID) -> None:
    talk = Case.objects.open().get(person=person(nickname)).conversation
    if talk is None:
        raise RuntimeError("the demo's talk has no conversation")
    _say(talk, said, client_id)


def _ask_for_help(nickname: str) -> None:
    request_help(by=person(nickname), client_id=_id("help", nickname))


def _go_on_duty(username: str) -> None:
    go_on_duty(by=User.objects.get(username=username))


def _pick_up(nickname: str) -> None:
    case = Case.objects.open().get(person=person(nickname))
    if case.is_waiting:
        claim_case(case_id=case.pk, by=User.objects.get(username=SIMULATED_COLLEAGUE))


def _pause(nickname: str, *, until: dt.datetime) -> None:
    User.objects.filter(pk=person(nickname).pk).update(suspended_until=until)
