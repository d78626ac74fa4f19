"""What clinicians leave for each other, and reading what a young person wrote."""

from __future__ import annotations

import uuid
from typing import Final

from django.db import transaction

from chat.kernel import clock
from chat.kernel.errors import Denied, Invalid
from chat.models import AuditRow, Message, User
from chat.states import Notice
from moderation.models import Assessment
from moderation.states import TIERS, Harm
from moderation.words import THEMES
from triage.access import access_case, access_words, check_may_read_words, is_with
from triage.actions.timeline import note_event
from triage.models import Case, CaseNote
from triage.states import CaseEventKind

LONGEST_NOTE = 2000
"""Code points."""

EARLIER: Final = 5
"""Earlier cases that are shown to whoever comes next: enough to know somebody, and no dossier."""


def write_note(*, case_id: int, by: User, body: str) -> CaseNote:
    """A sealed line for whoever comes next; raises :class:`Invalid` when empty or too long."""
    text = body.strip()
    if not text:
        raise Invalid("note_empty")
    if len(text) > LONGEST_NOTE or "\x00" in text:
        raise Invalid("message_too_long")
    with transaction.atomic():
        case = access_case(by, case_id)
        note = CaseNote(case=case, author=by, client_id=uuid.uuid4(), at=clock.now())
        note.body = text
        note.save()
        AuditRow.objects.record(verb="case.noted", by=by, subject=f"case:{case.pk}")
    return note


def read_words(*, case_id: int, by: User) -> list[Message]:
    """The messages a case is about, for reading; that somebody read them is written down.

    Those this person may not read yet (said in a private talk, before they are with whoever said
    it) are left out. Raises :class:`Denied`, or :class:`NotOnDuty` when the case is somebody else's
    to be.
    """
    with transaction.atomic():
        case = access_case(by, case_id)
        check_may_read_words(by, case, now=clock.now())
        found = [_readable(by, case, message_id) for message_id in quoted_ids(case)]
        messages = [message for message in found if message is not None]
        if messages:
            _write_down(case, by)
    return messages


def read_earlier(*, case_id: int, by: User) -> list[Case]:
    """How the newest earlier cases of this person ended, with what colleagues noted there.

    For whoever is with the person now, and for nobody else; that they read it is written down.
    Raises :class:`Denied`.
    """
    with transaction.atomic():
        case = access_case(by, case_id)
        if not is_with(by, case):
            raise Denied
        earlier = Case.objects.before(case).select_related("closed_by")
        found = list(earlier.prefetch_related("notes__author")[:EARLIER])
        if found:
            AuditRow.objects.record(verb="case.earlier_read", by=by, subject=f"case:{case.pk}")
    return found


def _write_down(case: Case, by: User) -> None:
    """Every reading goes into the audit chain; the timeline has one line for each reader."""
    kind = CaseEventKind.WORDS_READ
    if case.events.filter(kind=kind, by=by).exists():
        AuditRow.objects.record(verb=f"case.{kind}", by=by, subject=f"case:{case.pk}")
    else:
        note_event(case, kind, by=by, now=clock.now())


def quoted_ids(case: Case) -> list[int]:
    """The messages that brought the case about, newest first, each once."""
    ids = case.sources.filter(message_id__isnull=False).order_by("-at", "-pk")
    return list(dict.fromkeys(i for i in ids.values_list("message_id", flat=True) if i))


def post_of(case: Case) -> Message | None:
    """The newest post of theirs, in a space, that the case is about; not one they took back."""
    posts = Message.objects.filter(
        pk__in=quoted_ids(case), author=case.person_id, conversation__space__isnull=False
    )
    return (
        posts.exclude(notice=Notice.WITHDRAWN)
        .select_related("conversation")
        .order_by("-pk")
        .first()
    )


def theme_of(case: Case) -> str:
    """What their words may be about, by the hardest reading of them; empty where nobody read."""
    read = Assessment.objects.filter(message_id__in=quoted_ids(case)).values_list("harm", flat=True)
    harms = sorted((Harm(harm) for harm in read), key=lambda harm: TIERS[harm])
    return str(THEMES[harms[0]]) if harms else ""


def _readable(user: User, case: Case, message_id: int) -> Message | None:
    """The message, or ``None`` where it is not this person's to read."""
    try:
        return access_words(user, case, message_id)
    except Denied:
        return None
