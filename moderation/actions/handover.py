"""One press brings the duty clinician to whoever wrote a message, whatever a machine made of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from chat.actions.messages import hold_message, mark_reading
from chat.kernel import clock
from chat.kernel.doorbell import ALERTS, ring_on_commit, work_topic
from chat.models import AuditRow, Message, User
from chat.states import MachineReading, MessageState, Notice
from moderation.access import access_review_to_decide
from moderation.actions.assessments import ASKED, BY_A_PERSON
from moderation.actions.reviews import Taken
from moderation.models import Assessment, Review
from moderation.models.review import UNDECIDED_STATES, place_in_list
from moderation.policy import POLICY_VERSION, URGENCIES
from moderation.states import Harm, ReviewStatus

URGENCY = "urgent"

REASON: dict[str, Any] = {
    "code": ASKED,
    "words": "A moderator asks a clinician to look after the writer",
    "label": "",
    "score": 0.0,
    "threshold": 0.0,
    "spans": [],
    "source": BY_A_PERSON,
    "version": "",
    "rule": "",
}


def hand_to_clinician(*, by: User, review_id: int, revision: int) -> Review:
    """Open a case for the author of a claimed message and give them the door to a person.

    The message stays with the moderator, who still decides about it. It can always be asked: a
    case that a machine opened may be closed by now, and down here nobody knows. Where one is open
    it hears once that they asked. Asking twice in one breath changes nothing.

    Raises ``Taken`` without a claim, or when the words changed since the page was shown.
    """
    review = access_review_to_decide(by, review_id)
    with transaction.atomic():
        message = Message.objects.select_for_update(no_key=True).get(pk=review.message_id)
        mine = Review.objects.filter(pk=review.pk, status=ReviewStatus.CLAIMED, claimed_by=by)
        if message.revision != revision:
            raise Taken(review, "words_changed")
        if message.state not in UNDECIDED_STATES or not mine.exists():
            raise Taken(review)
        # Locked, or it may be taken up just now, without what the moderator says.
        rows = Assessment.objects.select_for_update(no_key=True)
        found = rows.filter(message=message, revision=revision).first()
        if found is None or not _is_on_its_way(found):
            found = _ask(message, found)
            _open_the_door(message)
            mine.update(assessment=found, **place_in_list(Harm.DANGER, review.opened_at))
            AuditRow.objects.record(
                verb="review.handed_over", by=by, subject=f"message:{message.pk}"
            )
            ring_on_commit(work_topic("intake"))
            ring_on_commit(ALERTS)
    return Review.objects.for_reading().get(pk=review.pk)


def _is_on_its_way(found: Assessment) -> bool:
    """Whether a moderator asked already and nobody has taken that up yet."""
    asked = any(reason.get("code") == ASKED for reason in found.reasons)
    return asked and found.due_at is not None


def _ask(message: Message, found: Assessment | None) -> Assessment:
    """The row that whoever looks after people takes up; what a machine found stays beside it.

    It counts from now, or somebody asked for hours after a reading would be late from the first
    minute. What still waits to be taken up has waited since it was read.
    """
    now = clock.now()
    read = found.reasons if found else []
    asked: dict[str, Any] = {
        "open_case": True,
        "offer_door": True,
        "urgency": _sooner(found),
        "notice": Notice.DOOR,
        "reasons": [REASON, *(reason for reason in read if reason.get("code") != ASKED)],
    }
    if found is None or found.due_at is None:
        asked |= {"created_at": now, "due_at": now}
    # Whoever is at it knows less than this, and must not say that it is done.
    asked |= {"lease_until": None, "lease_token": None, "attempts": 0}
    kept, _created = Assessment.objects.update_or_create(
        message=message,
        revision=message.revision,
        defaults=asked,
        create_defaults={
            **asked,
            "action": "hold",
            "harm": Harm.DANGER,
            "classifier_version": BY_A_PERSON,
            "policy_version": POLICY_VERSION,
        },
    )
    return kept


def _sooner(found: Assessment | None) -> str:
    """As soon as a moderator's word asks for, or a machine's where that is sooner."""
    if found is None or not found.open_case:
        return URGENCY
    return min(URGENCY, found.urgency, key=[str(urgency) for urgency in URGENCIES].index)


def _open_the_door(message: Message) -> None:
    if message.state == MessageState.PENDING:
        hold_message(message=message, by=None, notice=Notice.DOOR)
    elif message.notice != Notice.DOOR:
        reading = MachineReading(message.machine_reading)
        mark_reading(messages=[message], reading=reading, notice=Notice.DOOR)
