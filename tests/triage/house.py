"""A house with people in it, for tests of triage: real rows, made by the real actions."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection, transaction

from chat.actions.conversations import start_thread
from chat.actions.help import request_help
from chat.actions.people import start_young_person
from chat.actions.sending import send_message
from chat.kernel import clock
from chat.models import AuditRow, Conversation, HelpRequest, Message, Space, User, WorkerBeat
from chat.states import Role
from moderation.models import Assessment
from triage.actions.cases import close_case
from triage.actions.duty import go_on_duty
from triage.intake import intake_step
from triage.models import Case
from triage.states import Outcome

__all__ = ["IntegrityError", "WorkerBeat", "clock", "dt", "go_on_duty", "transaction", "uuid"]

_numbers = itertools.count(1)

REASON = {
    "code": "ideation",
    "words": "The writer may be thinking about dying",
    "label": "ideation",
    "score": 0.9,
    "threshold": 0.5,
    "spans": [],
    "source": "patterns",
    "version": "test",
    "rule": "test",
}
INSULT = {**REASON, "code": "insult", "label": "insult", "words": "It may insult somebody"}


def young(nickname: str = "Ada", **fields: Any) -> User:
    user, _ = start_young_person(nickname=nickname, age_band="14-15")
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()
    return user


def staff(nickname: str, role: Role = Role.CLINICIAN, *, on_duty: bool = False) -> User:
    user = User.objects.create_staff(
        username=f"{nickname.lower()}-{next(_numbers)}",
        nickname=nickname,
        role=role,
        password=None,
    )
    if on_duty:
        go_on_duty(by=user)
    return user


def cleo() -> User:
    """The clinician on shift."""
    return staff("Cleo", on_duty=True)


def ask(person: User, **fields: Any) -> HelpRequest:
    return request_help(by=person, client_id=uuid.uuid4(), **fields)


def waiting_case(nickname: str = "Ada") -> Case:
    """A young person who asked for help and is on the list."""
    person = young(nickname)
    ask(person)
    intake_step()
    return Case.objects.get(person=person)


def post(author: User, body: str = "words") -> Message:
    """Something written in a space."""
    space, _ = Space.objects.get_or_create(
        slug="night", defaults={"name": "Night owls", "age_bands": "|14-15|16-17|"}
    )
    thread = start_thread(by=author, space=space, client_id=uuid.uuid4(), body=body)
    return thread.messages.get()


def reply(author: User, message: Message, body: str = "more") -> Message:
    return send_message(
        by=author, conversation_id=message.conversation_id, client_id=uuid.uuid4(), body=body
    )


def assess(
    message: Message, urgency: str = "soon", reasons: Sequence[dict[str, Any]] = (REASON,)
) -> Assessment:
    """What a reader leaves for triage when it asks for a case."""
    now = clock.now()
    return Assessment.objects.create(
        message=message,
        revision=message.revision,
        action="hold",
        harm="danger",
        reasons=list(reasons),
        open_case=True,
        offer_door=True,
        urgency=urgency,
        notice="door",
        classifier_version="test",
        policy_version="test",
        created_at=now,
        due_at=now,
    )


def close(case: Case, by: User, outcome: str = Outcome.STEADIER) -> Case:
    """Close it from a page that was drawn just now."""
    shown = case.sources.latest("pk").pk
    head = Conversation.objects.get(cases=case).last_seq
    return close_case(case_id=case.pk, by=by, outcome_code=outcome, shown=shown, head=head)


@contextmanager
def later(**time: float) -> Iterator[None]:
    """The same world some time later."""
    shift = dt.timedelta(**time)
    clock.set_source(lambda: dt.datetime.now(dt.UTC) + shift)  # noqa: TID251 — the test's clock.
    try:
        yield
    finally:
        clock.set_source(None)


def break_audit() -> None:
    """A chain that cannot grow: somebody else already follows its head.

    ``AuditRow.previous`` is unique, so the next real row is refused by the database itself.
    """
    head = AuditRow.objects.order_by("-pk").first()
    first = AuditRow.objects.order_by("pk").first()
    assert head is not None
    assert first is not None
    AuditRow.objects.create(
        pk=first.pk - 1_000_000,
        verb="x",
        subject="x",
        at=clock.now(),
        previous=head.digest,
        digest="0" * 63 + "x",
    )


def at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the jobs in as many real threads, starting together; results or exceptions in order."""
    start = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(index: int, job: Callable[[], Any]) -> None:
        try:
            start.wait()
            results[index] = job()
        except Exception as error:  # noqa: BLE001 — the test looks at it.
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
