"""The simulated people: at the pace of people, within bounds, and never in your place."""

from __future__ import annotations

import datetime as dt
import random
from itertools import pairwise

import pytest

from chat.kernel import clock
from chat.models import Message, User, WorkerBeat
from chat.models.beat import SCREENING
from chat.states import MessageState
from config.demo import seed as seeding
from config.demo import simulation
from config.demo.people import SIMULATED_COLLEAGUE, TALKERS
from config.demo.simulation import LINE_SECONDS, Simulation
from tests.cast import settle
from tests.conftest import Hands
from triage.actions.cases import claim_case
from triage.actions.duty import go_on_duty
from triage.intake import intake_step
from triage.models import Case

pytestmark = pytest.mark.embedded


@pytest.fixture
def life(db: None, hands: Hands, settings: object, tmp_path: object) -> Simulation:
    """Everybody of the demo, in empty spaces."""
    settings.VAR_DIR = tmp_path  # type: ignore[attr-defined]
    seeding._make_colleagues()
    seeding._make_young_people()
    seeding._make_spaces()
    return Simulation(chance=random.Random(7))


def live(
    life: Simulation, hands: Hands, *, seconds: int, every: int = 1, read: bool = True
) -> list[dt.datetime]:
    """Let so much time go by, a look ``every`` so many seconds; returns when something was said."""
    said: list[dt.datetime] = []
    before = Message.objects.filter(conversation__space__isnull=False).count()
    for _ in range(0, seconds, every):
        now = hands.forward(seconds=every)
        life.step(now)
        after = Message.objects.filter(conversation__space__isnull=False).count()
        said += [now] * (after - before)
        before = after
        if read:
            for message in Message.objects.filter(state=MessageState.PENDING):
                settle(message, publish=True)
            WorkerBeat.objects.report(SCREENING, now=now)
            intake_step()
    return said


def test_somebody_says_something_every_ten_to_twenty_five_seconds(
    life: Simulation, hands: Hands
) -> None:
    said = live(life, hands, seconds=300)
    gaps = [(b - a).total_seconds() for a, b in pairwise(said)]
    assert len(said) >= 10
    assert min(gaps) >= LINE_SECONDS[0] - 1
    assert max(gaps) <= 2 * LINE_SECONDS[1] + 2


def test_only_the_talkers_talk_and_nobody_speaks_for_you(life: Simulation, hands: Hands) -> None:
    live(life, hands, seconds=400, every=2)
    speakers = set(
        Message.objects.filter(conversation__space__isnull=False).values_list(
            "author__nickname", flat=True
        )
    )
    assert speakers
    assert speakers <= set(TALKERS)


def test_past_the_bound_it_all_but_stops(
    life: Simulation, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "BUSY_UNTIL", 5)
    monkeypatch.setattr(simulation, "QUIET_UNTIL", 8)
    live(life, hands, seconds=900, every=3)
    assert Message.objects.filter(conversation__space__isnull=False).count() <= 9


def test_a_simulated_request_for_help_is_answered_and_ended_by_the_colleague(
    life: Simulation, hands: Hands
) -> None:
    live(life, hands, seconds=1300, every=4)
    closed = Case.objects.filter(status="closed")
    assert closed.exists()
    assert {case.closed_by.username for case in closed if case.closed_by} == {SIMULATED_COLLEAGUE}
    talk = closed[0].conversation
    assert talk is not None
    assert not talk.is_open
    writers = set(talk.messages.values_list("author__nickname", flat=True))
    assert "Robin" in writers
    assert len(writers) == 2


def test_whoever_you_pick_up_answers_you_and_ada_does_not(life: Simulation, hands: Hands) -> None:
    cleo = User.objects.get(username="cleo")
    go_on_duty(by=cleo)
    talks = {}
    for nickname in ("Juno", "Ada"):
        seeding._ask_for_help(nickname)
        intake_step()
        case = claim_case(case_id=Case.objects.waiting().get(person__nickname=nickname).pk, by=cleo)
        talks[nickname] = case.conversation
        seeding._say(
            case.conversation,  # type: ignore[arg-type]
            seeding.Line("Cleo", "Hi, I'm here now."),
            seeding._id("test", nickname),
        )
    live(life, hands, seconds=60, read=False)
    answers = {
        nickname: talk.messages.filter(author__nickname=nickname).count()  # type: ignore[union-attr]
        for nickname, talk in talks.items()
    }
    assert answers == {"Juno": 1, "Ada": 0}


def test_nobody_adds_to_a_pile_that_no_moderator_reads(
    life: Simulation, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "SLIP_EVERY", 1)
    monkeypatch.setattr(simulation, "WAITING_REVIEWS", 0)
    live(life, hands, seconds=400, every=2)
    slips = {row["line"] for row in seeding.script()["slips"]}
    assert not slips & {message.body for message in Message.objects.all()}
    assert clock.now() > hands.now - dt.timedelta(seconds=1)
