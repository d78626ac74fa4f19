"""Simulated people who ask for help, and the simulated colleague who is there for them.

Ada and Ben are yours to be, so nobody here speaks for them or picks them up; whoever else you pick
up yourself answers you.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from chat.actions.help import request_help
from chat.actions.sending import send_message
from chat.kernel.errors import DomainError
from chat.models import Message, User
from chat.realtime import presence
from config.demo.people import SIMULATED_COLLEAGUE, TALKERS, WITH_PHRASE, find_young_person
from config.demo.script import Line, lines, script
from triage.access import access_case
from triage.actions.cases import claim_case, close_case
from triage.actions.duty import go_on_duty
from triage.models import Case, DutyShift
from triage.states import Outcome

ASK_SECONDS = (300.0, 540.0)
"""From one simulated request for help to the next."""

PICK_UP_AFTER = dt.timedelta(seconds=100)
"""How long the colleague leaves a simulated person to you first."""

TURN_SECONDS = (9.0, 24.0)
REQUESTS_AT_MOST = 150
"""In one process; a night of them."""


@dataclass(slots=True)
class Talk:
    """One talk between a simulated young person and the colleague."""

    case: Case
    rest: list[Line]
    next_turn: dt.datetime


@dataclass(slots=True)
class HelpDesk:
    """Who is in the middle of which talk."""

    talks: dict[int, Talk] = field(default_factory=dict)
    answers: dict[int, tuple[int, dt.datetime]] = field(default_factory=dict)
    asked: int = 0
    next_ask: dt.datetime | None = None

    def step(self, now: dt.datetime, chance: random.Random) -> int:
        """Whatever is due by now; returns how many things were said or done."""
        colleague = User.objects.filter(username=SIMULATED_COLLEAGUE).first()
        if colleague is None:
            return 0
        if not DutyShift.objects.is_on_duty(colleague, now=now):
            go_on_duty(by=colleague)
        presence.renew([colleague.pk])
        self._resume(colleague, now)
        done = self._ask(now, chance)
        done += self._pick_up(colleague, now, chance)
        done += self._take_turns(colleague, now, chance)
        return done + self._answer_others(colleague, now, chance)

    def without_a_case(self, people: Iterable[User]) -> list[User]:
        """Those nobody has to look after just now."""
        with_case = set(Case.objects.open().values_list("person_id", flat=True))
        return [person for person in people if person.pk not in with_case]

    def _ask(self, now: dt.datetime, chance: random.Random) -> int:
        due = self.next_ask is not None and now >= self.next_ask
        if self.next_ask is None or due:
            self.next_ask = now + pause(chance, ASK_SECONDS)
        if not due or self.asked >= REQUESTS_AT_MOST or Case.objects.waiting().count() > 5:
            return 0
        found = (find_young_person(nickname) for nickname in TALKERS)
        free = self.without_a_case(user for user in found if user is not None)
        if not free:
            return 0
        request_help(by=chance.choice(free), client_id=uuid.uuid4())
        self.asked += 1
        return 1

    def _pick_up(self, colleague: User, now: dt.datetime, chance: random.Random) -> int:
        if self.talks:
            return 0
        case = (
            Case.objects.waiting()
            .filter(
                person__is_simulated=True,
                person__nickname__in=TALKERS,
                waiting_since__lt=now - PICK_UP_AFTER,
            )
            .first()
        )
        if case is None:
            return 0
        try:
            case = claim_case(case_id=case.pk, by=colleague)
        except DomainError:
            return 0  # You were faster.
        said = lines(chance.choice(script()["talks"])["lines"])
        self.talks[case.pk] = Talk(case, said, now + pause(chance, TURN_SECONDS))
        return 1

    def _resume(self, colleague: User, now: dt.datetime) -> None:
        """Go on with what an earlier process had begun, so that nobody is left alone in a talk."""
        for case in Case.objects.held_by(colleague).select_related("person", "conversation"):
            if case.pk in self.talks:
                continue
            seeded = case.person.nickname == script()["talk"]["person"]
            said = script()["talk"]["more"] if seeded else script()["talks"][0]["lines"][-2:]
            self.talks[case.pk] = Talk(case, lines(said), now + dt.timedelta(seconds=5))

    def _take_turns(self, colleague: User, now: dt.datetime, chance: random.Random) -> int:
        done = 0
        for talk in list(self.talks.values()):
            if now < talk.next_turn:
                continue
            talk.next_turn = now + pause(chance, TURN_SECONDS)
            try:
                self._turn(talk, colleague)
            except DomainError:
                self.talks.pop(talk.case.pk, None)  # Handed back or closed by somebody else.
            done += 1
        return done

    def _turn(self, talk: Talk, colleague: User) -> None:
        case = talk.case
        if not talk.rest:
            end(case, colleague)
            del self.talks[case.pk]
            return
        one = talk.rest.pop(0)
        speaks_for_us = one.who in ("C", colleague.nickname)
        speak(case, colleague if speaks_for_us else case.person, one.words)

    def _answer_others(self, colleague: User, now: dt.datetime, chance: random.Random) -> int:
        """Let whoever is in a talk with you answer, a while after you wrote."""
        mine = (
            Case.objects.open()
            .filter(claimed_at__isnull=False, person__is_simulated=True, conversation__isnull=False)
            .exclude(claimed_by=colleague)
            .exclude(person__nickname__in=WITH_PHRASE)
            .select_related("person", "conversation")
        )
        return sum(self._answer(case, now, chance) for case in mine)

    def _answer(self, case: Case, now: dt.datetime, chance: random.Random) -> int:
        said = Message.objects.filter(conversation=case.conversation).order_by("pk")
        last = said.last()
        if last is None or last.author_id == case.person_id:
            return 0
        heard, due = self.answers.get(case.pk, (0, now))
        if heard != last.pk:
            self.answers[case.pk] = (last.pk, now + pause(chance, TURN_SECONDS))
            return 0
        words = script()["answers"]["lines"]
        turn = said.filter(author=case.person, created_at__gte=case.claimed_at).count()
        if now < due or turn >= len(words):
            return 0
        try:
            speak(case, case.person, words[turn])
        except DomainError:
            return 0
        return 1


def end(case: Case, colleague: User) -> None:
    """Close it as from a page that was drawn just now."""
    drawn = access_case(colleague, case.pk)
    close_case(
        case_id=case.pk,
        by=colleague,
        outcome_code=Outcome.STEADIER,
        shown=drawn.newest_sign,
        head=drawn.conversation.last_seq if drawn.conversation else 0,
    )


def pause(chance: random.Random, seconds: tuple[float, float]) -> dt.timedelta:
    return dt.timedelta(seconds=chance.uniform(*seconds))


def speak(case: Case, who: User, words: str) -> None:
    """Write in the case's talk; raises ``DomainError``."""
    if case.conversation_id is not None:
        send_message(
            by=who, conversation_id=case.conversation_id, client_id=uuid.uuid4(), body=words
        )
