"""Opening a case, and adding to one that is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from chat.actions.help import move_help
from chat.kernel import clock
from chat.models import HelpRequest, User
from chat.states import HelpState
from triage.actions.timeline import note_event, tell_everybody
from triage.models import Case, CaseSource
from triage.priority import History, Priority, Sign, rank
from triage.sources import Source
from triage.states import BANDS, Band, CaseEventKind, CaseStatus, SourceKind


def open_case(*, source: Source, by: User | None = None) -> Case:
    """The person's open case, now with this source in it.

    A source counts once, and again only when it went on: its case then hears what is new, and
    where that case was closed meanwhile somebody is called again. A source can bring the place
    forward and never back. ``by`` is ``None`` for the worker.
    """
    try:
        return _open_case(source, by)
    except IntegrityError:
        # Another worker opened the person's case between our look and our insert: it is there now.
        return _open_case(source, by)


def one_at_a_time(person_ids: Iterable[int] | QuerySet[Any]) -> None:
    """Before case or talk is locked, let whoever else is at work for this person end.

    A clinician who claims locks the talk and the case in one order or the other, by whether the
    case was listed. Closing, handing back and giving up lock them too: PostgreSQL would end one of
    them as a deadlock.
    """
    list(User.objects.select_for_update(no_key=True).filter(pk__in=person_ids).values_list("pk"))


def was_answered(source: Source) -> bool:
    """Whether this is a request for help that ended before a case was made of it.

    Somebody came for another sign of the same person and has closed since: a case now would call
    for them again. Ask once nobody else is at work for the person (``one_at_a_time``).
    """
    if source.kind != SourceKind.HELP_REQUEST:
        return False
    closed = HelpRequest.objects.filter(pk=source.source_id, state=HelpState.CLOSED)
    listed = CaseSource.objects.filter(kind=source.kind, source_id=source.source_id)
    return closed.exists() and not listed.exists()


def take_in_request(source: Source, by: User) -> None:
    """Onto the list, in a transaction of its own, what no worker got round to.

    A worker at the same request has that row first and the case then, as we have it the other way
    about: so whoever is at work for the person ends before.
    """
    with transaction.atomic():
        one_at_a_time([source.person.pk])
        if not was_answered(source):
            open_case(source=source, by=by)


def _open_case(source: Source, by: User | None) -> Case:
    with transaction.atomic():
        now = clock.now()
        # Locked before we look whether the source is known: another worker may be adding it.
        case = Case.objects.open().locked().filter(person=source.person).first()
        same = CaseSource.objects.filter(kind=source.kind, source_id=source.source_id)
        earlier = same.select_related("case__person").order_by("pk").last()
        # Not whether it is later: a clock may have been set back since.
        if earlier is not None and earlier.at == source.at:
            return earlier.case
        if case is not None and earlier is not None and earlier.case_id == case.pk:
            source = replace(source, signs=_news(case, source))
            if not source.signs:
                CaseSource.objects.filter(pk=earlier.pk).update(at=source.at)
                return case  # The page says all of it already, and may close.
            earlier.delete()  # By the number of the newest row a page knows whether it shows all.
        if case is None:
            case = _new_case(source, by, now=now)
        else:
            _extend_case(case, source, by, now=now)
        CaseSource.objects.create(
            case=case,
            kind=source.kind,
            source_id=source.source_id,
            message_id=source.message_id,
            at=source.at,
        )
        tell_everybody()
    return case


def _news(case: Case, source: Source) -> tuple[Sign, ...]:
    """What a source that went on says beyond, or sooner than, what its case says already."""
    told = stored_signs(case)
    return tuple(
        sign
        for sign in source.signs
        if not any(
            one.words == sign.words and BANDS.index(one.band) <= BANDS.index(sign.band)
            for one in told
        )
    )


def _new_case(source: Source, by: User | None, *, now: dt.datetime) -> Case:
    """The wait counts from the sign itself, not from when we got round to reading it."""
    since = min(source.at, now)  # A clock set back since must not make them wait longer.
    waited = (now - since).total_seconds() / 60
    priority = rank(
        source.signs,
        asked_for_help=source.asked,
        history=_history(source.person, now=now),
        waited_minutes=waited,
    )
    case = Case.objects.create(
        person=source.person,
        band=priority.band,
        rank=priority.rank,
        reasons=reason_rows(priority.reasons, [], at=source.at),
        opened_at=since,
        waiting_since=since,
        answer_by=since + dt.timedelta(minutes=priority.answer_by_minutes),
    )
    note_event(case, CaseEventKind.OPENED, by=by, now=now, detail=source.kind)
    return case


def _extend_case(case: Case, source: Source, by: User | None, *, now: dt.datetime) -> None:
    before = case.band
    apply_priority(case, signs=source.signs, asked=source.asked, at=source.at, now=now)
    if source.kind == SourceKind.HELP_REQUEST and case.status == CaseStatus.WITH_CLINICIAN:
        _answer_request(case, source, by)
    note_event(case, CaseEventKind.MORE, by=by, now=now, detail=source.kind)
    if case.band != before:
        note_event(case, CaseEventKind.RAISED, by=by, now=now, detail=case.band)


def _answer_request(case: Case, source: Source, by: User | None) -> None:
    """They asked while somebody is with them: they are not waiting for anybody."""
    request = HelpRequest.objects.filter(pk=source.source_id, state=HelpState.WAITING).first()
    if request is not None:
        move_help(request=request, to=HelpState.WITH_SOMEONE, by=by, conversation=case.conversation)


def apply_priority(
    case: Case, *, signs: Sequence[Sign], asked: bool = False, at: dt.datetime, now: dt.datetime
) -> Priority:
    """Work out the place again with new signs, and save it. The caller holds the row's lock."""
    priority = rank(
        [*signs, *stored_signs(case)],
        asked_for_help=asked,
        history=History(handed_back=case.handed_back_at is not None),
        waited_minutes=(now - case.waiting_since).total_seconds() / 60 if case.is_waiting else 0.0,
    )
    aim = now + dt.timedelta(minutes=priority.answer_by_minutes)
    case.reasons = reason_rows(priority.reasons, case.reasons, at=at, fresh=signs)
    case.answer_by = min(case.answer_by, aim)
    case.rank = min(case.rank, priority.rank)
    case.band = priority.band
    case.save(update_fields=["reasons", "answer_by", "rank", "band"])
    return priority


def stored_signs(case: Case) -> list[Sign]:
    """The reasons a case already has, as signs again."""
    return [Sign(r["words"], r["source"], Band(r["band"])) for r in case.reasons]


def reason_rows(
    reasons: Sequence[Sign],
    earlier: Sequence[dict[str, Any]],
    *,
    at: dt.datetime,
    fresh: Sequence[Sign] = (),
) -> list[dict[str, Any]]:
    """The reasons as they are stored: once each, with when last and how often they were seen."""
    seen = {(row["words"], row["source"], row["band"]): row for row in earlier}
    rows = []
    for sign in reasons:
        row = seen.get((sign.words, sign.source, sign.band))
        if row is None:
            row = {"words": sign.words, "source": sign.source, "band": sign.band, "times": 1}
            row["at"] = at.isoformat(timespec="seconds")
        elif sign in fresh:
            again = {"times": row["times"] + 1, "at": at.isoformat(timespec="seconds")}
            row = {**row, **again}
        rows.append(row)
    return rows


def _history(person: User, *, now: dt.datetime) -> History:
    talked = Case.objects.with_a_talk().filter(person=person, closed_at__isnull=False)
    closed = talked.order_by("-closed_at")
    last = closed.first()
    if last is None or last.closed_at is None:
        return History()
    return History(hours_since_talk=(now - last.closed_at).total_seconds() / 3600)
