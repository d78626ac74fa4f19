"""Clocks that are wrong: the server's set back or forward by hours, a phone's off by a day, summer.

Order comes from numbers that only grow. A time that lies ahead was written by a clock that has been
set back since: it neither holds anything up nor counts as fresh.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from chat.access import access_conversation
from chat.kernel import clock
from chat.kernel.lease import lease
from chat.models import Conversation, ConversationEvent, Message, User, WorkerBeat
from chat.models.beat import PLACES, SCREENING
from chat.realtime import feed, own_state
from chat.states import MachineReading, MessageState, Notice
from chat.templatetags import lantern
from moderation import readers
from moderation.actions.reviews import Taken, claim_review
from moderation.listing import listing_for
from moderation.lookback import lines_of
from moderation.models import LabelTally, Review
from moderation.screening import screening_step
from moderation.tallies import quarter_of, tally_step
from moderation.unread import unread_step
from moderation.words import time_words
from tests.cast import Cast
from tests.chat.test_views_arriving import HELLO
from tests.conftest import Hands
from tests.moderation.room import CALM, RUDE, WITH_NUMBER, PhraseReader
from triage.actions.cases import claim_case, take_next
from triage.board import board_for
from triage.escalation import escalation_step
from triage.intake import intake_step
from triage.models import Case
from triage.places import recent_waits, tell_places

pytestmark = pytest.mark.django_db

HOURS = [{"hours": 5}, {"hours": -5}, {"days": 1}, {"days": -1}, {"minutes": 5}, {"minutes": -5}]


@pytest.fixture(autouse=True)
def _phrase_reader() -> Iterator[None]:
    readers.use_readers([PhraseReader()])
    yield
    readers.use_readers([])


def bodies(who: User, where: Conversation) -> list[str]:
    """What is on a screen that opens now, from the first to the last."""
    return [message.body for message in feed.snapshot(access_conversation(who, where.pk)).messages]


# The server's clock is set while people write.


@pytest.mark.parametrize("first", HOURS)
@pytest.mark.parametrize("then", HOURS)
def test_messages_stand_in_the_order_in_which_they_came(
    first: dict[str, float], then: dict[str, float], cast: Cast, hands: Hands
) -> None:
    thread = cast.thread(words="one")
    hands.forward(**first)
    cast.says(cast.ben, thread, "two")
    hands.forward(**then)
    cast.says(cast.ada, thread, "three")
    hands.forward(**first)
    assert bodies(cast.ben, thread) == bodies(cast.mo, thread) == ["one", "two", "three"]
    events = ConversationEvent.objects.filter(conversation=thread).order_by("seq")
    assert list(events.values_list("seq", flat=True)) == list(range(1, len(events) + 1))
    since = feed.catch_up(access_conversation(cast.ben, thread.pk), 0)
    assert [event.seq for event in since.events] == sorted(event.seq for event in since.events)


@pytest.mark.parametrize("step", HOURS)
def test_what_waits_to_be_read_stands_where_it_was_written(
    step: dict[str, float], cast: Cast, hands: Hands
) -> None:
    thread = cast.thread(words="one")
    hands.forward(**step)
    cast.held(cast.ben, thread, "two, kept back")
    hands.forward(**step)
    cast.says(cast.ada, thread, "three")
    assert bodies(cast.ben, thread) == ["one", "two, kept back", "three"]


@pytest.mark.parametrize("step", HOURS)
def test_a_message_from_before_is_read_at_once_and_once(
    step: dict[str, float], cast: Cast, hands: Hands
) -> None:
    message = cast.says(cast.ada, cast.thread(), CALM, read=False)
    hands.forward(**step)
    screening_step()
    assert Message.objects.get(pk=message.pk).state == MessageState.PUBLISHED
    assert message.assessments.count() == 1
    assert screening_step() == 0


def test_a_reader_that_died_before_a_clock_was_set_back_is_not_taken_for_awake(
    cast: Cast, hands: Hands
) -> None:
    thread = cast.thread()
    hands.back(hours=3)
    assert not WorkerBeat.objects.is_awake(SCREENING, now=clock.now())
    message = cast.says(cast.ada, thread, CALM, read=False)
    assert message.notice == Notice.UNREAD, "the author is told at once that a person will read it"
    private = cast.says(cast.ada, cast.asks_for_help(cast.ada).conversation, CALM)
    assert private.machine_reading == MachineReading.NOT_READ


def test_a_living_reader_says_so_again_at_once(cast: Cast, hands: Hands) -> None:
    cast.thread()
    screening_step()
    hands.back(hours=3)
    screening_step()
    assert WorkerBeat.objects.is_awake(SCREENING, now=clock.now())


def test_a_dead_readers_messages_come_before_people(cast: Cast, hands: Hands) -> None:
    message = cast.says(cast.ada, cast.thread(), CALM, read=False)
    lease(Message.objects.filter(pk=message.pk), seconds=60, limit=1)
    hands.back(hours=3)
    assert unread_step() == 1
    assert Message.objects.get(pk=message.pk).notice == Notice.UNREAD
    assert [item.key for item in listing_for(cast.mo, now=clock.now()).items] == [
        f"message-{message.pk}"
    ]


def test_a_moderators_claim_is_not_held_for_hours(cast: Cast, hands: Hands) -> None:
    cast.says(cast.ada, cast.thread(), RUDE, read=False)
    screening_step()
    review = claim_review(by=cast.mo, review_id=Review.objects.get().pk)
    hands.forward(minutes=-5)
    with pytest.raises(Taken):
        claim_review(by=cast.lee, review_id=review.pk)
    hands.back(hours=3)
    assert Review.objects.get().holder(clock.now()) is None
    assert claim_review(by=cast.lee, review_id=review.pk).claimed_by == cast.lee


def test_words_from_before_still_count_when_we_look_back(cast: Cast, hands: Hands) -> None:
    message = cast.says(cast.ada, cast.thread(), WITH_NUMBER, read=False)
    screening_step()
    now = hands.back(hours=3)
    (line,) = lines_of([cast.ada.pk], now=now)[cast.ada.pk]
    assert (line.message_id, line.at) == (message.pk, now)


def test_counting_what_fires_goes_on(cast: Cast, hands: Hands) -> None:
    cast.says(cast.ada, cast.thread(), CALM, read=False)
    screening_step()
    hands.forward(hours=5)
    while tally_step():
        pass
    now = hands.back(hours=4)
    while tally_step():
        pass
    last = LabelTally.objects.order_by("-quarter").values_list("quarter", flat=True)[0]
    assert quarter_of(now) - dt.timedelta(minutes=30) <= last < quarter_of(now)


# Somebody waits while the clock is set.


@pytest.mark.parametrize("back", [{"minutes": 5}, {"hours": 3}, {"days": 1}])
def test_whoever_asked_before_a_clock_was_set_back_is_on_the_list_at_once(
    back: dict[str, float], cast: Cast, hands: Hands
) -> None:
    cast.asks_for_help(cast.ada)
    now = hands.back(**back)
    board = board_for(cast.cleo, now=now)
    assert [row.person for row in board.rows] == [cast.ada], "with the worker dead as well"
    assert (board.longest, board.late) == ("under a minute", 0)
    intake_step()
    case = Case.objects.get()
    assert case.waiting_since == now
    hands.forward(minutes=6)
    assert escalation_step() == 1, "and somebody is called when nobody comes"


def test_a_wait_begun_by_a_fast_clock_has_its_aim_from_when_it_was_set_right(
    cast: Cast, hands: Hands
) -> None:
    cast.asks_for_help(cast.ada)
    intake_step()
    hands.back(hours=5)
    assert escalation_step() == 0
    (row,) = board_for(cast.cleo, now=clock.now()).rows
    assert (row.waiting_words, row.aim_words, row.is_late) == ("under a minute", "5 min", False)
    hands.forward(minutes=6)
    assert escalation_step() == 1
    (row,) = board_for(cast.cleo, now=clock.now()).rows
    assert (row.waiting_words, row.late_words, row.is_late) == ("6 min", "1 min", True)


def test_those_who_asked_under_a_fast_clock_keep_their_places(cast: Cast, hands: Hands) -> None:
    for who in (cast.ada, cast.sal):
        cast.asks_for_help(who)
        intake_step()
        hands.forward(minutes=1)
    hands.back(hours=5)
    escalation_step()
    hands.forward(minutes=1)
    cast.asks_for_help(cast.eve)
    intake_step()
    taken = [take_next(by=cast.cleo).person for _ in range(3)]
    assert taken == [cast.ada, cast.sal, cast.eve]


def test_a_clock_set_forward_calls_somebody_early_and_never_late(cast: Cast, hands: Hands) -> None:
    cast.asks_for_help(cast.ada)
    intake_step()
    hands.forward(hours=5)
    assert escalation_step() == 1
    hands.back(hours=5)
    assert escalation_step() == 0
    case = Case.objects.get()
    assert case.overdue_at is not None, "whoever was called stays called"
    claim_case(case_id=case.pk, by=cast.cleo)


def test_no_wait_we_learn_from_is_below_nothing(cast: Cast, hands: Hands) -> None:
    for who in (cast.ada, cast.ben, cast.sal, cast.eve):
        cast.asks_for_help(who)
    intake_step()
    now = hands.back(hours=3)
    for _ in range(4):
        take_next(by=cast.cleo)
    assert recent_waits(now=now) == [0.0] * 4


def test_a_place_counted_by_a_fast_clock_is_counted_again(cast: Cast, hands: Hands) -> None:
    cast.asks_for_help(cast.ada)
    intake_step()
    now = hands.back(hours=3)
    assert WorkerBeat.objects.old_count(now=now) is not None, "until it was, it is called old"
    tell_places()
    assert WorkerBeat.objects.get(name=PLACES).at == now
    assert WorkerBeat.objects.old_count(now=now) is None


def test_the_six_words_are_not_shown_for_hours(client: Client, db: None, hands: Hands) -> None:
    assert client.post("/start", HELLO).headers["Location"] == "/phrase"
    hands.back(hours=3)
    assert "data-phrase>" not in client.get("/phrase").content.decode()


# A phone's clock is off by a day.


@pytest.mark.parametrize("field", ["at", "created_at", "sent_at", "position", "seq"])
def test_a_phone_cannot_say_when_or_where_its_words_belong(
    field: str, client: Client, cast: Cast
) -> None:
    thread = cast.thread()
    client.force_login(cast.ben)
    draft = {"client_id": str(uuid.uuid4()), "body": "from tomorrow"}
    ahead = (clock.now() + dt.timedelta(days=1)).isoformat()
    said = json.dumps({**draft, field: ahead})
    answer = client.post(f"/conversations/{thread.pk}/send", said, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "frame_unknown")
    assert not Message.objects.filter(author=cast.ben).exists()


# The day on which the hour from one to two comes twice, and the one on which it does not come.

TWICE = dt.datetime(2026, 10, 25, 0, 40, tzinfo=dt.UTC)
NEVER = dt.datetime(2026, 3, 29, 0, 40, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("asked", "shown", "shown_later"),
    [(TWICE, "01:40", "01:10"), (NEVER, "00:40", "02:10")],
)
def test_a_wait_over_the_change_to_winter_or_summer_is_as_long_as_it_is(
    asked: dt.datetime, shown: str, shown_later: str, cast: Cast, hands: Hands
) -> None:
    hands.now = asked
    WorkerBeat.objects.report(SCREENING, now=asked)
    cast.asks_for_help(cast.ada)
    intake_step()
    assert time_words(clock.now()) == shown
    hands.forward(minutes=30)
    assert time_words(clock.now()) == shown_later
    escalation_step()
    (row,) = board_for(cast.lee, now=clock.now()).rows
    assert (row.waiting_words, row.late_words) == ("30 min", "25 min")
    html = lantern.wait_words(own_state.person_state(cast.ada).help)
    assert f"at {shown}," in html, "the time told is the clock's on the wall"


def test_the_two_hours_with_the_same_name_keep_their_order(cast: Cast, hands: Hands) -> None:
    hands.now = TWICE
    thread = cast.thread(words="one")
    for words in ("two", "three"):
        hands.forward(minutes=60)
        cast.says(cast.ben, thread, words)
    assert bodies(cast.ada, thread) == ["one", "two", "three"]
    times = [m.at for m in feed.snapshot(access_conversation(cast.ada, thread.pk)).messages]
    assert times == sorted(times)
    local = [timezone.localtime(dt.datetime.fromisoformat(at)).strftime("%H:%M") for at in times]
    assert local == ["01:40", "01:40", "02:40"]
