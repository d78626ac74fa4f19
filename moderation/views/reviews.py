"""The moderators' pages: the list, one message with what is beside it, and the four verbs.

Views carry: rules are checked in ``moderation.access`` and in the actions they call.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from chat.kernel import clock
from chat.kernel.errors import Denied, DomainError, Invalid
from chat.models import Message, User, WorkerBeat
from chat.models.beat import SCREENING
from chat.views.gate import is_in, to_sign_in
from moderation import access, words
from moderation.actions import reviews as actions
from moderation.actions.handover import hand_to_clinician
from moderation.clauses import clauses_for
from moderation.forms import DecisionForm, HandOverForm
from moderation.listing import listing_for, next_free
from moderation.models import Review
from moderation.reading import dossier_of
from moderation.scale import HARMS, urgency_of_review
from moderation.states import AIM_MINUTES, OPEN, Decision, Harm, ReviewStatus

View = Callable[..., HttpResponse]


def for_staff(view: View) -> View:
    """Signed in and allowed to look; for everybody else there is nothing here.

    Whoever pressed Leave carries on at the front door, as everywhere.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        try:
            access.check_may_look(_viewer(request))
            if not is_in(request):
                return redirect("home")
            return view(request, *args, **kwargs)
        except Denied as denied:
            raise Http404 from denied

    return guarded


def _viewer(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise Denied
    return user


def _live(viewer: User, *, open_key: str = "") -> dict[str, Any]:
    """What the page and the fragment show of the world as it is now."""
    now = clock.now()
    return {
        "listing": listing_for(viewer, now=now),
        "open_key": open_key,
        "reader_awake": WorkerBeat.objects.is_awake(SCREENING, now=now),
        "may_decide": access.can_decide(viewer),
        "now": now,
    }


def _beside(message: Message, harm: Harm, *, viewer: User) -> dict[str, Any]:
    return {
        "dossier": dossier_of(message, harm=harm),
        "own": message.author_id == viewer.pk,
        "decisions": [
            (Decision.PUBLISH, _("Publish"), clauses_for(Decision.PUBLISH)),
            (Decision.REMOVE, _("Remove"), clauses_for(Decision.REMOVE)),
        ],
    }


def _standing(review: Review, viewer: User) -> dict[str, Any]:
    """Who has the review and what this viewer can do with it."""
    now = clock.now()
    holder = review.holder(now)
    is_open = review.status in OPEN and review.message.state in ("pending", "held")
    mine, free = is_open and holder == viewer, is_open and holder is None
    return {
        "review": review,
        # When this differs from the page's own, the page shows something that no longer holds.
        "standing_mark": f"{review.version}-{review.message.revision}-{review.message.state}-"
        f"{'mine' if mine else 'free' if free else 'taken'}",
        "harm": review.harm,
        "harm_words": HARMS[review.harm],
        "urgency": urgency_of_review(Harm(review.harm)),
        "standing": words.standing_words(review, viewer=viewer, now=now),
        "clock": words.clock_words(Harm(review.harm), review.opened_at, now),
        "late": review.answer_by <= now,
        "is_open": is_open,
        "mine": mine,
        "free": free,
    }


@require_GET
@for_staff
def queue(request: HttpRequest) -> HttpResponse:
    """The list, and an invitation to take the next one."""
    return render(request, "moderation/queue.html", _live(_viewer(request)))


@require_GET
@for_staff
def rows(request: HttpRequest) -> HttpResponse:
    """What changes by itself: banner, list, and how the open message stands."""
    viewer = _viewer(request)
    open_key = request.GET.get("open", "")
    context = _live(viewer, open_key=open_key)
    kind, _dash, number = open_key.partition("-")
    if kind == "review" and number.isdecimal():
        context |= _standing(access.access_review(viewer, int(number)), viewer)
    return render(request, "moderation/_live.html", context)


@require_GET
@for_staff
def review(request: HttpRequest, review_id: int) -> HttpResponse:
    """One message with its reasons and surroundings."""
    return _review_page(request, access.access_review(_viewer(request), review_id))


def _review_page(
    request: HttpRequest, found: Review, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    viewer = _viewer(request)
    context = _live(viewer, open_key=f"review-{found.pk}")
    context |= _standing(found, viewer)
    context |= _beside(found.message, Harm(found.harm), viewer=viewer)
    context["refusal"] = refusal
    return render(request, "moderation/review.html", context, status=status)


@require_GET
@for_staff
def unread(request: HttpRequest, message_id: int) -> HttpResponse:
    """A message that waits for a person though no machine has read it."""
    viewer = _viewer(request)
    open_review = Review.objects.filter(message=message_id, status__in=OPEN).first()
    if open_review is not None:
        return redirect("review", review_id=open_review.pk)
    message = access.access_unread(viewer, message_id)
    now = clock.now()
    since = message.due_at or message.created_at
    context = _live(viewer, open_key=f"message-{message.pk}")
    context |= _beside(message, Harm.UNREAD, viewer=viewer)
    context |= {
        "harm": Harm.UNREAD,
        "harm_words": HARMS[Harm.UNREAD],
        "urgency": urgency_of_review(Harm.UNREAD),
        "standing": _("Nobody has this one yet."),
        "clock": words.clock_words(Harm.UNREAD, since, now),
        "late": since + dt.timedelta(minutes=AIM_MINUTES[Harm.UNREAD]) <= now,
        "is_open": True,
        "free": True,
    }
    return render(request, "moderation/review.html", context)


@require_POST
@for_staff
def take_next(request: HttpRequest) -> HttpResponse:
    """Claim whatever should be decided first; if a colleague was faster, the one after it."""
    viewer = _viewer(request)
    access.check_may_decide(viewer)
    for _attempt in range(5):
        item = next_free(viewer, now=clock.now())
        if item is None:
            break
        kind, _dash, number = item.key.partition("-")
        try:
            if kind == "review":
                taken = actions.claim_review(by=viewer, review_id=int(number))
            else:
                taken = actions.claim_unread(by=viewer, message_id=int(number))
        except DomainError:
            continue
        return redirect("review", review_id=taken.pk)
    messages.info(request, _("Nothing is free right now."))
    return redirect("moderation-queue")


@require_POST
@for_staff
def claim(request: HttpRequest, review_id: int) -> HttpResponse:
    return _act(request, lambda by: actions.claim_review(by=by, review_id=review_id), review_id)


@require_POST
@for_staff
def claim_unread(request: HttpRequest, message_id: int) -> HttpResponse:
    return _act(request, lambda by: actions.claim_unread(by=by, message_id=message_id))


@require_POST
@for_staff
def release(request: HttpRequest, review_id: int) -> HttpResponse:
    return _act(request, lambda by: actions.release_review(by=by, review_id=review_id), review_id)


@require_POST
@for_staff
def decide(request: HttpRequest, review_id: int) -> HttpResponse:
    """Publish or remove; the page comes back if a rule is missing or somebody was faster."""

    def act(by: User) -> Review:
        form = DecisionForm(request.POST)
        if not form.is_valid():
            raise Invalid("decision_unknown")
        return actions.decide_review(by=by, review_id=review_id, **form.cleaned_data)

    return _act(request, act, review_id)


@require_POST
@for_staff
def hand_over(request: HttpRequest, review_id: int) -> HttpResponse:
    """Bring a clinician to the author; the message stays with whoever claimed it."""

    def act(by: User) -> Review:
        form = HandOverForm(request.POST)
        if not form.is_valid():
            raise Invalid("decision_unknown")
        handed = hand_to_clinician(by=by, review_id=review_id, **form.cleaned_data)
        messages.success(request, _("A clinician has been asked to look after the writer."))
        return handed

    return _act(request, act, review_id)


def _act(
    request: HttpRequest, act: Callable[[User], Review], review_id: int | None = None
) -> HttpResponse:
    """Do it and go on; if it is refused, show how things stand now, and why."""
    viewer = _viewer(request)
    access.check_may_decide(viewer)
    try:
        done = act(viewer)
    except Denied:
        raise
    except DomainError as error:
        return _refused(request, error, review_id)
    if done.status == ReviewStatus.DECIDED:
        messages.success(request, words.standing_words(done, viewer=viewer, now=clock.now()))
        return redirect("moderation-queue")
    return redirect("review", review_id=done.pk)


def _refused(request: HttpRequest, error: DomainError, review_id: int | None) -> HttpResponse:
    viewer = _viewer(request)
    found = getattr(error, "review", None)
    if found is None and review_id is not None:
        found = access.access_review(viewer, review_id)
    refusal = words.refusal_words(error.code, found, viewer=viewer, now=clock.now())
    if found is None:
        messages.warning(request, refusal)
        return redirect("moderation-queue")
    return _review_page(request, found, refusal=refusal, status=error.http_status)
