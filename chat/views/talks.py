"""Private talks: one young person and whoever is there for them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from chat.access import access_conversation
from chat.kernel.errors import Denied
from chat.models import Conversation, HelpRequest, User
from chat.realtime.feed import person_view, snapshot
from chat.states import HelpState, Notice, Role
from chat.views.gate import person, signed_in
from chat.views.standing import standing_of


@signed_in
@require_GET
def talks(request: HttpRequest) -> HttpResponse:
    """The person's talks, and where they stand if they asked for one."""
    if person(request).is_staff_member:
        return redirect("staff-home")
    standing = standing_of(person(request))
    now = standing.help
    # The talk they wait in, or are in, is behind the button that says where they stand.
    others = [t for t in standing.talks if now is None or t.conversation != now.conversation]
    context = {"talks": others, "help": now, "company": standing.company}
    return render(request, "chat/talks.html", context)


@signed_in
@require_GET
def talk(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """One talk, live."""
    user = person(request)
    seat = access_conversation(user, conversation_id)
    if not seat.conversation.is_private:
        raise Denied
    shot = snapshot(seat)
    now = standing_of(user).help
    mine = now if now and now.conversation == conversation_id else None
    others = [other for other in shot.people if other.id != user.pk]
    team_wrote = any(view.author.role != Role.YOUNG_PERSON for view in shot.messages)
    context = {
        "conversation": seat.conversation,
        "snapshot": shot,
        "others": others,
        "somebody_was_here": seat.conversation.memberships.exclude(user=user).exists(),
        "nobody_came": not others and not team_wrote,
        "taken_back": _taken_back(user, seat.conversation),
        "help": mine,
        "quoted": _quoted(user, seat.conversation),
        "me": person_view(user),
    }
    return render(request, "chat/talk.html", context)


def _taken_back(user: User, conversation: Conversation) -> bool:
    """Whether the last request for this talk is over: with nobody ever here, they ended it."""
    asked = HelpRequest.objects.filter(person=user, conversation_id=conversation.pk)
    last = asked.order_by("-pk").first()
    return last is not None and last.state == HelpState.CLOSED


def _quoted(user: User, conversation: Conversation) -> str:
    """The post of theirs that this talk is about, whether they came with it or we came to them."""
    request = (
        HelpRequest.objects.filter(
            person=user, conversation_id=conversation.pk, about_message__author=user
        )
        .select_related("about_message")
        .order_by("-pk")
        .first()
    )
    post = request.about_message if request else conversation.opening_message
    if post is None or post.author_id != user.pk or post.notice == Notice.WITHDRAWN:
        return ""
    return post.opened() or ""
