"""What must be true after the storm, held against the rows and against every screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min

from chat.models import Conversation, ConversationEvent, HelpRequest, Message, User
from chat.states import MachineReading, MessageState
from moderation.models import Assessment
from tests.faults.history import History
from tests.faults.phone import FaultPhone
from tests.protocol.phone import Phone
from triage.models import CaseSource

MARK_OF_CRISIS = "want to die"
"""In the words of the phones of this run that say they are in danger."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as the database has it, without what only a page needs: runs are long."""

    pk: int
    author: int
    client_id: str
    body: str
    revision: int
    state: str
    machine_reading: str
    is_thread: bool


def kept_messages() -> list[Kept]:
    """Every row there is."""
    rows = Message.objects.select_related("conversation").iterator(chunk_size=2000)
    return [
        Kept(
            *(m.pk, m.author_id, str(m.client_id), m.body, m.revision, m.state),
            *(m.machine_reading, not m.conversation.is_private),
        )
        for m in rows
    ]


def verdict(history: History, phones: list[FaultPhone]) -> dict[str, Any]:
    """The run's last line."""
    kept = kept_messages()
    rows = {message.client_id: message for message in kept}
    acked = [send for send in history.sends.values() if send.outcome == "ok"]
    gone = [s for s in acked if s.client_id not in rows or rows[s.client_id].pk != s.answer]
    altered = [s for s in acked if s.client_id in rows and rows[s.client_id].body != s.body]
    found = _screens(history, phones)
    return {
        "acked": len(acked),
        "failed": history.count("fail"),
        "unknown": history.count("unknown"),
        "help_acked": history.count("helped"),
        "lost": len(gone) + len(altered) + found["missing"],
        "duplicates": doubled_rows(kept) + found["doubled"],
        "order_violations": len(history.disorder) + found["disorder"] + _holes(),
        "unread": _unread(kept),
        "removed_visible": found["removed"],
        "crisis_without_case": _without_case(history, kept),
        "cried": sum(1 for s in acked if MARK_OF_CRISIS in s.body),
        "removed": sum(1 for m in kept if m.state == MessageState.REMOVED),
        "published": sum(1 for m in kept if m.state == MessageState.PUBLISHED),
        "connects": sum(phone.connects for phone in phones),
        "faults": dict(sorted(history.faults.items())),
    }


def _screens(history: History, phones: list[FaultPhone]) -> Counter[str]:
    """All phones together; what is wrong with one of them is written down."""
    together: Counter[str] = Counter()
    for phone in phones:
        found = _screen(phone)
        together += found
        wrong = {name: count for name, count in found.items() if count}
        if wrong:
            history.note(op="screen", phone=phone.name, **wrong, heads=_heads(phone))
    return together


def _heads(phone: FaultPhone) -> dict[int, tuple[int, int]]:
    """For each conversation where this screen ends, and where the conversation does."""
    ends = dict(Conversation.objects.values_list("pk", "last_seq"))
    return {key: (screen.head, ends[key]) for key, screen in phone.screens.items()}


def doubled_rows(rows: list[Kept]) -> int:
    """One send that became two rows: by its id, or (every body of a run is unique) by its words."""
    ids = {(row.author, row.client_id) for row in rows}
    words = {row.body for row in rows}
    return max(len(rows) - len(ids), len(rows) - len(words))


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
    sees_all = User.objects.get(pk=phone.user_id).is_staff_member
    for conversation in phone.conversations:
        # A phone that never got a conversation at all misses everything in it.
        shown = phone.screens.get(conversation, Phone()).screen()["messages"]
        ids = [message["id"] for message in shown]
        first = min((m["position"] for m in shown if m.get("position")), default=0)
        rows = Message.objects.filter(conversation=conversation).order_by("position", "pk")
        facts = list(rows.values_list("pk", "state", "author", "position"))
        published = MessageState.PUBLISHED
        wanted = [pk for pk, state, _, at in facts if state == published and at and at >= first]
        allowed = {
            pk
            for pk, state, author, _ in facts
            if sees_all or state == published or author == phone.user_id
        }
        found["missing"] += len(set(wanted) - set(ids))
        found["removed"] += len(set(ids) - allowed)
        found["doubled"] += _doubled_on(phone, conversation)
        places = {pk: at for pk, _, _, at in facts if at}
        came = [places[pk] for pk, _ in phone.shown.get(conversation, ()) if pk in places]
        stands = [(m["id"], m["position"]) for m in shown if m.get("position")]
        agrees = all(places.get(pk) == at for pk, at in stands)
        found["disorder"] += came != sorted(came) or not agrees
    return found


def _doubled_on(phone: FaultPhone, conversation: int) -> int:
    """What came twice as new, by its id, and words that stand on the screen more than once."""
    came = [pk for pk, _ in phone.shown.get(conversation, ())]
    screen = phone.screens.get(conversation, Phone()).screen()["messages"]
    words = [message["words"] for message in screen]
    return len(came) - len(set(came)) + len(words) - len(set(words))


def _unread(rows: list[Kept]) -> int:
    """Accepted messages without a verdict at the revision that stands."""
    read = set(Assessment.objects.values_list("message", "revision"))
    return sum(
        1
        for m in rows
        if (m.pk, m.revision) not in read
        or (m.state == MessageState.PENDING and m.is_thread)
        or m.machine_reading == MachineReading.WAITING
    )


def _without_case(history: History, rows: list[Kept]) -> int:
    """Words of crisis and requests for help that no clinician has before them."""
    signals = set(CaseSource.objects.filter(kind="assessment").values_list("source_id", flat=True))
    assessed = {
        message: pk
        for pk, message in Assessment.objects.filter(open_case=True).values_list("pk", "message")
    }
    cried = [m for m in rows if MARK_OF_CRISIS in m.body]
    missed = sum(1 for m in cried if assessed.get(m.pk) not in signals)
    helped = set(CaseSource.objects.exclude(kind="assessment").values_list("source_id", flat=True))
    asked = {int(s.answer) for s in history.sends.values() if s.outcome == "helped"}
    known = set(HelpRequest.objects.filter(pk__in=asked).values_list("pk", flat=True))
    return missed + len(asked - (helped & known))
