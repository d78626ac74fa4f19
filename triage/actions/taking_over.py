"""Being with somebody whose clinician is not there any more."""

from __future__ import annotations

import uuid

from django.db import transaction

from chat.actions.sending import send_message
from chat.kernel import clock
from chat.kernel.errors import Denied
from chat.models import Conversation, User
from triage.absence import LeftAlone, left_alone
from triage.access import check_may_triage, check_on_duty
from triage.actions.cases import let_go, take_up
from triage.actions.opening import one_at_a_time
from triage.models import Case
from triage.words import take_over_line


def take_over_case(*, case_id: int, by: User) -> Case:
    """Go on in the same talk in place of a colleague who is not there; the person is told so.

    For whoever is on duty, not for leads alone: a night may have none. It is a handing back and a
    picking up at once, written down as both, so nobody is ever in between, and whatever the
    colleague still tries is refused. Raises :class:`Denied` when nobody is missing (they are back,
    somebody else was quicker, there is no such case), and :class:`NotOnDuty`.
    """
    check_may_triage(by)
    with transaction.atomic():
        now = clock.now()
        check_on_duty(by, now=now)
        left = _lock_left_alone(case_id, by)
        let_go(left.case, left.holder, by=by, now=now, detail=left.why)
        case = take_up(left.case.pk, by, now=now)
        talk = case.conversation
        if talk is not None and talk.is_open:
            line = take_over_line(by.nickname, before=left.holder.nickname)
            send_message(by=by, conversation_id=talk.pk, client_id=uuid.uuid4(), body=line)
    return case


def _lock_left_alone(case_id: int, by: User) -> LeftAlone:
    """The case with whoever should be there, nobody else at work for its person; or ``Denied``.

    The talk before the audit chain, which handing back ends in and picking up goes on from.
    """
    one_at_a_time(Case.objects.filter(pk=case_id).values("person"))
    case = Case.objects.filter(pk=case_id)
    list(case.locked().values_list("pk"))
    list(
        Conversation.objects.select_for_update(no_key=True).filter(cases=case_id).values_list("pk")
    )
    alone = left_alone(case.exclude(claimed_by=by), now=clock.now())
    if not alone:
        raise Denied
    return alone[0]
