"""Every process of the message's way killed in the middle, and what was accepted afterwards.

"Nothing lost" is: each send has one row. "Nothing doubled": one row, one position, one case.
"Nothing left unread": every message has been read, and Ben's screen is a fresh one.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections, transaction

from chat.actions.help import request_help
from chat.actions.people import start_young_person
from chat.actions.sending import Draft, send_messages
from chat.kernel import clock
from chat.models import (
    Conversation,
    ConversationEvent,
    HelpRequest,
    Message,
    User,
    WorkerBeat,
)
from chat.states import MachineReading, MessageState
from moderation.models import Assessment
from tests.cast import Cast
from tests.flows.conftest import BUSY
from tests.flows.phone import SOON, LivePhone
from tests.servers import Site, free_port, private_redis, wait_until
from triage.models import Case, CaseSource

pytestmark = [pytest.mark.servers]

Phones = Callable[..., LivePhone]
Sites = Callable[..., Site]

MANY = 120


def a_minute_passes() -> None:
    """Leases of whoever died run out; we do not wait for the wall clock to show it."""
    ago = clock.now() - dt.timedelta(seconds=1)
    for model in (Message, HelpRequest, Assessment):
        model.objects.filter(lease_until__isnull=False).update(lease_until=ago)


def all_read() -> bool:
    waiting = Message.objects.exclude(machine_reading=MachineReading.READ)
    return not waiting.exists() and not Message.objects.filter(due_at__isnull=False).exists()


def check_nothing_lost_or_doubled(thread: int, words: list[str]) -> None:
    """The database after the storm, held to the three promises."""
    rows = list(Message.objects.filter(conversation=thread).order_by("position"))
    assert sorted(row.body for row in rows) == sorted(words)
    assert {row.state for row in rows} == {MessageState.PUBLISHED}
    read = Assessment.objects.filter(message__conversation=thread)
    assert read.count() == len(rows), "each was read once"
    seqs = list(
        ConversationEvent.objects.filter(conversation=thread).order_by("seq").values_list("seq")
    )
    assert seqs == [(n + 1,) for n in range(len(seqs))], "the feed has no gap"
    shown = ConversationEvent.objects.filter(conversation=thread, kind="message.published")
    assert shown.count() == len(rows), "each became visible once"


def check_screen_is_fresh(old: LivePhone, fresh: LivePhone, thread: int) -> None:
    """Whoever was there all the time sees what somebody sees who opens it now."""
    head = Conversation.objects.get(pk=thread).last_seq
    old.wait(lambda: old.screens[thread].head >= head, "the newest of the feed")
    newest = fresh.screen(thread)["messages"]
    assert old.screen(thread)["messages"][-len(newest) :] == newest


def post_many(author: User, thread: int, count: int) -> list[str]:
    words = [f"line {n} about the rain" for n in range(count)]
    outcomes = send_messages([Draft(author, thread, uuid.uuid4(), each) for each in words])
    assert all(isinstance(outcome, Message) for outcome in outcomes)
    return words


def test_a_reader_killed_in_the_middle_of_a_batch_leaves_no_message_behind(
    live_cast: Cast, live_site: Sites, hand_phone: Phones
) -> None:
    site = live_site(SCREENING_BATCH="50").start_web()
    thread = live_cast.thread().pk
    ben = hand_phone(site, live_cast.ben, thread)
    words = post_many(live_cast.ada, thread, MANY)
    site.start_workers("screening")
    wait_until(
        lambda: Message.objects.filter(lease_token__isnull=False).exists(),
        within=SOON,
        what="the reader's first batch",
        every=0.01,
    )
    site.kill_workers()
    half_done = Message.objects.filter(lease_token__isnull=False).count()
    assert half_done, "it was killed with a batch in its hands"
    assert not ben.shows(thread, words[-1])

    site.start_workers("screening")
    a_minute_passes()
    wait_until(all_read, within=SOON, what="every message read")
    check_nothing_lost_or_doubled(thread, ["Hello from the corner", *words])
    check_screen_is_fresh(ben, hand_phone(site, live_cast.ben, thread), thread)


def test_intake_killed_in_the_middle_gives_everybody_one_case(
    live_cast: Cast, live_site: Sites
) -> None:
    site = live_site().start_web()
    people = [start_young_person(nickname=f"Person {n}", age_band="16-17")[0] for n in range(30)]
    for person in people:
        request_help(by=person, client_id=uuid.uuid4())
    # As long as somebody is at it, no web process does the intake's work beside it.
    WorkerBeat.objects.report("intake", now=clock.now())
    site.start_workers("intake")
    wait_until(Case.objects.exists, within=SOON, what="the first case", every=0.005)
    site.kill_workers()
    assert Case.objects.count() < len(people), "it was killed before it was through"

    site.start_workers("intake")
    a_minute_passes()
    everybody = set(range(1, len(people) + 1))
    wait_until(
        lambda: set(HelpRequest.objects.values_list("place", flat=True)) == everybody,
        within=SOON,
        what="a place for everybody",
    )
    cases = list(Case.objects.values_list("person", flat=True))
    assert sorted(cases) == sorted(person.pk for person in people)
    assert CaseSource.objects.filter(kind="help_request").count() == len(people)
    assert not HelpRequest.objects.filter(due_at__isnull=False).exists()


def test_a_web_killed_while_everybody_writes_has_kept_what_it_accepted(
    live_cast: Cast, live_site: Sites, hand_phone: Phones
) -> None:
    site = live_site(**BUSY).start_web()
    site.start_workers("screening")
    thread = live_cast.thread().pk
    ada, ben = (hand_phone(site, who, thread) for who in (live_cast.ada, live_cast.ben))
    words = [
        f"{name} fed the ducks {n} times this evening" for n in range(60) for name in ("ada", "ben")
    ]
    for each in words:
        (ada if each.startswith("ada") else ben).send(thread, each)
    wait_until(lambda: ada.answers, within=SOON, what="the first answer", every=0.005)
    site.kill_web()
    accepted = ada.answers | ben.answers
    for phone in (ada, ben):
        phone.cut()
    stored = {str(key): pk for key, pk in Message.objects.values_list("client_id", "pk")}
    assert set(accepted) <= set(stored), "what was acknowledged was in the database"

    site.start_web()
    for phone in (ada, ben):
        phone.open()
        phone.wait(lambda phone=phone: not phone.outbox, "an answer to everything")
    again = {key: answer["message"]["id"] for key, answer in (ada.answers | ben.answers).items()}
    assert all(again[key] == pk for key, pk in stored.items() if key in again), "the same rows"
    wait_until(all_read, within=SOON, what="every message read")
    check_nothing_lost_or_doubled(thread, ["Hello from the corner", *words])
    check_screen_is_fresh(ben, hand_phone(site, live_cast.ben, thread), thread)


@pytest.mark.real
def test_redis_emptied_and_then_gone_costs_time_and_no_message(
    live_cast: Cast, live_site: Sites, hand_phone: Phones, tmp_path: Path
) -> None:
    port, thread = free_port(), live_cast.thread().pk
    words = []

    def goes_through(said: str) -> None:
        words.append(said)
        ada.send(thread, said)
        ben.sees(thread, said, state="published")

    with private_redis(tmp_path / "one", port=port) as url:
        site = live_site(REDIS_URL=url).start()
        ada, ben = (hand_phone(site, who, thread) for who in (live_cast.ada, live_cast.ben))
        goes_through("before")
        empty_redis(url)
        goes_through("after everything in Redis was thrown away")
    goes_through("while there is no Redis at all")
    help_row = ada.answer(ada.ask_for_help())["help"]
    wait_until(
        lambda: CaseSource.objects.filter(kind="help_request", source_id=help_row),
        within=SOON,
        what="a case without Redis",
    )
    with private_redis(tmp_path / "two", port=port):
        goes_through("the ducks like the new Redis too")
        wait_until(all_read, within=SOON, what="every message read")
        check_nothing_lost_or_doubled(thread, ["Hello from the corner", *words])
        check_screen_is_fresh(ben, hand_phone(site, live_cast.ben, thread), thread)


def empty_redis(url: str) -> None:
    """As a restart does: data gone, and every connection with it."""
    import redis

    client = redis.Redis.from_url(url)
    client.flushall()
    client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    client.close()


def test_a_database_held_up_by_another_writer_delays_and_refuses_nothing(
    site: Site, live_cast: Cast, hand_phone: Phones
) -> None:
    thread = live_cast.thread().pk
    ada = hand_phone(site, live_cast.ada, thread)
    ben = hand_phone(site, live_cast.ben, thread)
    let_go, held = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Conversation.objects.select_for_update().get(pk=thread)
                held.set()
                let_go.wait(SOON)
        finally:
            connections.close_all()

    with ThreadPoolExecutor() as pool:
        holding = pool.submit(hold)
        assert held.wait(SOON)
        sent = [ada.send(thread, f"line {n} while somebody else writes") for n in range(5)]
        let_go.wait(1.5)
        assert not ada.answers, "nothing is accepted before it is written"
        let_go.set()
        holding.result(SOON)
    for client_id in sent:
        assert ada.answer(client_id)["type"] == "message.accepted"
    for n in range(5):
        ben.sees(thread, f"line {n} while somebody else writes", state="published")
