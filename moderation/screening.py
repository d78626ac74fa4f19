"""One turn of the reader: lease, read, decide, and keep all of it in one transaction.

Kill it at any line: the messages stay leased until the lease runs out, nothing is shown, and
somebody else reads them again. A turn that lost its lease, or whose author changed the words
meanwhile, changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from chat.actions.feed import lock_conversations
from chat.actions.messages import Settlement, mark_reading, settle_messages
from chat.kernel import clock
from chat.kernel.crypto import Unreadable
from chat.kernel.doorbell import ALERTS, ring, ring_on_commit, work_topic
from chat.kernel.lease import due, lease
from chat.models import Message, WorkerBeat
from chat.models.beat import SCREENING
from chat.states import MachineReading, MessageState, Notice
from moderation import readers, watch
from moderation.actions.assessments import record_assessments
from moderation.actions.reviews import lapse_moot_reviews, open_reviews, place_again
from moderation.classifiers.base import Classifier, Reading
from moderation.context import context_of
from moderation.listing import LISTED_AFTER
from moderation.lookback import note_authors
from moderation.policy import Verdict, decide
from moderation.unread import LEFT, give_up, hand_back, leave_for_later

LEASE_SECONDS = 60
MAX_ATTEMPTS = 5
"""After so many turns that came to nothing, a person reads it."""

ALONE_AFTER = 2
"""From the third try on a message is read alone, so that a bad one stops no others."""

ATTEMPTS, WORDS = "attempts", "words"
"""Why no reader was asked at all: it kept failing, or cannot be opened. Nothing mends that."""

SELF_CHECK_SECONDS = 5
READING_SHOWN: dict[bool, MachineReading] = {
    True: MachineReading.NOT_READ,
    False: MachineReading.READ,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A message, what was seen in it, and what follows."""

    message: Message
    reading: Reading
    verdict: Verdict


def screening_step() -> int:
    """Read what is waiting, up to one batch; returns how many messages were settled.

    It may raise: nothing is shown then, the lease runs out, and the batch is tried again. Where a
    reader stands still, what it had is marked as unread and freed, and the next turn is with new
    readers.
    """
    watch.check_room()
    by = readers.readers()  # Before the lease: a process that ends in here has tried nothing.
    group = _take()
    if not group:
        _idle()
        return 0
    try:
        return _read_and_settle(group, by)
    except watch.NoRoom:
        hand_back(group)
    except watch.Hung:
        # Next each is read alone; one that was alone has shown that no machine should try it.
        give_up(group, attempts=ALONE_AFTER if len(group) > 1 else MAX_ATTEMPTS)
    return 0


def _take() -> list[Message]:
    """What this turn reads: those that are read together, or the one that is read alone.

    The rest goes back at once. Were it only held, it would count as tried whenever the one that is
    read alone ends the process, and be given up with it.
    """
    messages = Message.objects.select_related("author", "conversation__space")
    batch = _lease(messages.exclude(LEFT))
    if not batch and _may_read_what_was_left():
        batch = _lease(messages)
    alone = bool(batch) and batch[0].attempts > ALONE_AFTER
    group = batch[:1] if alone else [m for m in batch if m.attempts <= ALONE_AFTER]
    hand_back([message for message in batch if message not in group])
    return group


def _lease(messages: QuerySet[Message]) -> list[Message]:
    return lease(messages, seconds=LEASE_SECONDS, limit=settings.SCREENING_BATCH)


def _may_read_what_was_left() -> bool:
    """Whether something was read in part before, and every reader works now.

    While one is broken nothing is read a second time: it would be in vain, and use up its tries.
    """
    longest = dt.timedelta(seconds=LEASE_SECONDS)
    left = due(Message.objects.filter(LEFT), longest=longest, now=clock.now())
    return left.exists() and readers.all_can_read()


def _read_and_settle(batch: list[Message], by: Sequence[Classifier]) -> int:
    judged = [
        Judged(message, reading, _judge(message, reading))
        for message, reading in zip(batch, _readings(batch, by), strict=True)
    ]
    settled = _settle(judged, version=readers.versions(by))
    if not all(item.reading.failed for item in judged):
        _report()
    return settled


def _readings(batch: Sequence[Message], by: Sequence[Classifier]) -> list[Reading]:
    """One reading for each message; what cannot be opened or keeps failing counts as unread."""
    given_up = Reading(failed=(ATTEMPTS,))
    found: dict[int, Reading] = {}
    texts: dict[int, str] = {}
    for message in batch:
        if message.attempts > MAX_ATTEMPTS:
            found[message.pk] = given_up
            continue
        try:
            texts[message.pk] = message.body
        except Unreadable:
            found[message.pk] = Reading(failed=(WORDS,))
    if texts:
        found.update(zip(texts, readers.read(list(texts.values()), by), strict=True))
    return [found[message.pk] for message in batch]


def _judge(message: Message, reading: Reading) -> Verdict:
    verdict = decide(reading, context_of(message))
    if not message.author.is_staff_member:
        return verdict
    # People who work here name the very things we look for, in order to help. Their words are
    # read and kept with reasons, but neither held nor taken for a call for help.
    return replace(
        verdict, action="publish", open_case=False, offer_door=False, urgency="", notice="none"
    )


def _settle(judged: Sequence[Judged], *, version: str) -> int:
    """Keep verdicts and their consequences, all or nothing; returns how many were still ours."""
    with transaction.atomic():
        mine = _still_ours(judged)
        assessments = record_assessments(
            ((item.message, item.reading, item.verdict) for item in mine), version=version
        )
        at_last = _read_at_last(mine)
        moved = _move(mine)
        held = [m for m in moved if m.state == MessageState.HELD]
        open_reviews(held, assessments)
        changed = place_again(at_last, assessments)
        changed += lapse_moot_reviews([m.pk for m in moved])
        if any(assessment.open_case for assessment in assessments.values()):
            ring_on_commit(work_topic("intake"))
        if held or changed or any(_was_listed(m) for m in moved):
            ring_on_commit(ALERTS)
        # After the conversations, as looking back does, which may keep a message and then says
        # that it is done with the person: the other way round both would wait for ever.
        note_authors(item.message for item in mine)
    return len(mine)


def _was_listed(message: Message) -> bool:
    """Whether moderators saw it as unread: they need not look again for every other message."""
    since = message.due_at or message.created_at
    return not clock.is_fresh(since, within=LISTED_AFTER, now=clock.now())


def _still_ours(judged: Sequence[Judged]) -> list[Judged]:
    """Lock the rows whose lease we still hold and say which they are: done, or left for later.

    They are as they are now: somebody may have decided about one while it was read.
    """
    batch = [item.message for item in judged]
    rows = Message.objects.filter(
        pk__in=[m.pk for m in batch], lease_token__in={m.lease_token for m in batch}
    )
    locked = rows.select_for_update(no_key=True).order_by("pk")
    now = {row.pk: row for row in locked.only("revision", "state", "notice")}
    mine = [
        item
        for item in judged
        if (row := now.get(item.message.pk)) and row.revision == item.message.revision
    ]
    for item in mine:
        row = now[item.message.pk]
        item.message.state, item.message.notice = row.state, row.notice
    left = {item.message.pk for item in mine if set(item.reading.failed) - {ATTEMPTS, WORDS}}
    Message.objects.filter(pk__in={item.message.pk for item in mine} - left).update(
        due_at=None, lease_until=None, lease_token=None, attempts=0
    )
    leave_for_later(left)
    return mine


def _read_at_last(judged: Sequence[Judged]) -> list[Message]:
    """Those that wait for a person already, because no machine could read them or for more."""
    held = [item for item in judged if item.message.state == MessageState.HELD]
    return [item.message for item in held if not item.reading.failed]


def _move(judged: Sequence[Judged]) -> list[Message]:
    """Publish or hold what still waits, and mark the rest as read; returns what moved."""
    lock_conversations({item.message.conversation_id for item in judged})
    waiting = [item for item in judged if item.message.state == MessageState.PENDING]
    moved = settle_messages(
        [
            Settlement(
                message=item.message,
                publish=item.verdict.action == "publish",
                notice=notice_for(item.verdict),
                machine_reading=READING_SHOWN[bool(item.reading.failed)],
            )
            for item in waiting
        ]
    )
    settled = {message.pk for message in moved}
    others: dict[tuple[MachineReading, Notice | None], list[Message]] = defaultdict(list)
    for item in judged:
        if item.message.pk not in settled:
            shown = READING_SHOWN[bool(item.reading.failed)]
            others[shown, _told_anew(item)].append(item.message)
    for (shown, notice), messages in others.items():
        mark_reading(messages=messages, reading=shown, notice=notice)
    return moved


def _told_anew(item: Judged) -> Notice | None:
    """What the author of a post that waits for a person is told once it was read, if it changes.

    It waits on whatever was found. A door, once shown, is not taken away.
    """
    told, verdict = item.message.notice, item.verdict
    if item.reading.failed or item.message.state != MessageState.HELD or told == Notice.DOOR:
        return None
    if verdict.action == "hold" or verdict.offer_door:
        return Notice(verdict.notice)
    return None


def notice_for(verdict: Verdict) -> Notice:
    """What the author is told; published with a door is an offer, not a hold."""
    if verdict.action == "publish" and verdict.notice == "door":
        return Notice.DOOR_OFFERED
    return Notice(verdict.notice)


def _idle() -> None:
    """Nothing to read: see that we still could, and clear away what needs no decision any more."""
    now = clock.now()
    fresh = clock.fresh("at", within=dt.timedelta(seconds=SELF_CHECK_SECONDS), now=now)
    if WorkerBeat.objects.filter(fresh, name=SCREENING).exists():
        return
    lapse_moot_reviews()
    if readers.all_can_read():
        _report()


def _report() -> None:
    now = clock.now()
    was_awake = WorkerBeat.objects.is_awake(SCREENING, now=now)
    WorkerBeat.objects.report(SCREENING, now=now, detail=readers.state())
    if not was_awake:
        ring(ALERTS)  # The banner on the moderators' pages may go.
