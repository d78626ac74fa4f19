"""What must be true after the storm, held against the rows and against every screen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count, Max, Min

from chat.models import Conversation, ConversationEvent, HelpRequest, Message, User
from chat.states import ConversationKind, MachineReading, MessageState
from moderation.models import Assessment
from tests.faults.history import History
from tests.faults.phone import FaultPhone
from triage.models import CaseSource

MARK_OF_CRISIS = "want to die"
"""In the words of the phones of this run that say they are in danger."""


def is_quiet() -> bool:
    """Nothing is waiting to be read any more, and nothing to be brought before a clinician."""
    waiting = Message.objects.filter(due_at__isnull=False).exists()
    return not waiting and not Assessment.objects.filter(due_at__isnull=False).exists()


def verdict(history: History, phones: list[FaultPhone]) -> dict[str, Any]:
    """The run's last line."""
    rows = {str(m.client_id): m for m in Message.objects.select_related("author", "conversation")}
    acked = [send for send in history.sends.values() if send.outcome == "ok"]
    gone = [s for s in acked if s.client_id not in rows or rows[s.client_id].pk != s.answer]
    altered = [s for s in acked if s.client_id in rows and rows[s.client_id].body != s.body]
    screens = [_screen(phone) for phone in phones]
    for phone, found in zip(phones, screens, strict=True):
        wrong = {name: count for name, count in found.items() if count}
        if wrong:
            history.note(op="screen", phone=phone.name, **wrong, heads=_heads(phone))
    return {
        "acked": len(acked),
        "failed": history.count("fail"),
        "unknown": history.count("unknown"),
        "help_acked": history.count("helped"),
        "lost": len(gone) + len(altered) + sum(found["missing"] for found in screens),
        "duplicates": _doubled(rows) + sum(found["doubled"] for found in screens),
        "order_violations": len(history.disorder)
        + sum(found["disorder"] for found in screens)
        + _holes(),
        "unread": _unread(rows),
        "removed_visible": sum(found["removed"] for found in screens),
        "crisis_without_case": _without_case(history, rows),
        "removed": sum(1 for m in rows.values() if m.state == MessageState.REMOVED),
        "published": sum(1 for m in rows.values() if m.state == MessageState.PUBLISHED),
        "connects": sum(phone.connects for phone in phones),
        "faults": sum(history.faults.values()),
        "faults_by_kind": dict(sorted(history.faults.items())),
    }


def _heads(phone: FaultPhone) -> dict[int, tuple[int, int]]:
    """For each conversation where this screen ends, and where the conversation does."""
    ends = dict(Conversation.objects.values_list("pk", "last_seq"))
    return {key: (screen.head, ends[key]) for key, screen in phone.screens.items()}


def _doubled(rows: dict[str, Message]) -> int:
    """Every body of a run is unique, so two rows with the same words are one send twice."""
    bodies = Counter(message.body for message in rows.values())
    return sum(count - 1 for count in bodies.values())


def _holes() -> int:
    """Conversations whose numbers do not run from one to the head."""
    bad = 0
    feeds = ConversationEvent.objects.values("conversation").annotate(
        many=Count("pk"), first=Min("seq"), last=Max("seq")
    )
    heads = dict(Conversation.objects.values_list("pk", "last_seq"))
    for line in feeds:
        whole = line["first"] == 1 and line["last"] == line["many"] == heads[line["conversation"]]
        bad += not whole
    return bad


def _screen(phone: FaultPhone) -> Counter[str]:
    """One phone against the rows: what it shows must be what it may see, in everybody's order."""
    found: Counter[str] = Counter()
    user = User.objects.get(pk=phone.user_id)
    for conversation, screen in phone.screens.items():
        shown = screen.screen()["messages"]
        ids = [message["id"] for message in shown]
        placed = [m["position"] for m in shown if m.get("position")]
        rows = Message.objects.filter(conversation=conversation).order_by("position", "pk")
        published = rows.filter(state=MessageState.PUBLISHED, position__isnull=False)
        if placed:
            published = published.filter(position__gte=min(placed))
        wanted = list(published.values_list("pk", flat=True))
        allowed = {
            m.pk for m in rows if m.state == MessageState.PUBLISHED or m.author_id == user.pk
        }
        if user.is_staff_member:
            allowed = {m.pk for m in rows}
        found["missing"] += len(set(wanted) - set(ids))
        found["removed"] += len(set(ids) - allowed)
        found["doubled"] += len(ids) - len(set(ids))
        both = set(ids) & set(wanted)
        if [i for i in ids if i in both] != [i for i in wanted if i in both]:
            found["disorder"] += 1
    return found


def _unread(rows: dict[str, Message]) -> int:
    """Accepted messages without a verdict at the revision that stands."""
    read = set(Assessment.objects.values_list("message", "revision"))
    return sum(
        1
        for m in rows.values()
        if (m.pk, m.revision) not in read
        or (m.state == MessageState.PENDING and m.conversation.kind == ConversationKind.THREAD)
        or m.machine_reading == MachineReading.WAITING
    )


def _without_case(history: History, rows: dict[str, Message]) -> int:
    """Words of crisis and requests for help that no clinician has before them."""
    signals = set(CaseSource.objects.filter(kind="assessment").values_list("source_id", flat=True))
    assessed = {
        message: pk
        for pk, message in Assessment.objects.filter(open_case=True).values_list("pk", "message")
    }
    cried = [m for m in rows.values() if MARK_OF_CRISIS in m.body]
    missed = sum(1 for m in cried if assessed.get(m.pk) not in signals)
    helped = set(CaseSource.objects.exclude(kind="assessment").values_list("source_id", flat=True))
    asked = {int(s.answer) for s in history.sends.values() if s.outcome == "helped"}
    known = set(HelpRequest.objects.filter(pk__in=asked).values_list("pk", flat=True))
    return missed + len(asked - (helped & known))
