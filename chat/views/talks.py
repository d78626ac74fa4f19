"""Private talks: one young person and whoever is there for them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from chat.access import access_conversation
from chat.kernel.errors import Denied
from chat.models import Conversation, HelpRequest, User
from chat.realtime.feed import person_state, person_view, snapshot
from chat.states import Notice
from chat.views.gate import person, signed_in


@signed_in
@require_GET
def talks(request: HttpRequest) -> HttpResponse:
    """The person's talks, and where they stand if they asked for one."""
    if person(request).is_staff_member:
        return redirect("staff-home")
    state = person_state(person(request))
    waiting = state.help if state.help and state.help.state == "waiting" else None
    # The talk they wait in is behind the button that says where they stand.
    others = [t for t in state.talks if waiting is None or t.conversation != waiting.conversation]
    return render(request, "chat/talks.html", {"talks": others, "help": waiting})


@signed_in
@require_GET
def talk(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """One talk, live."""
    user = person(request)
    seat = access_conversation(user, conversation_id)
    if not seat.conversation.is_private:
        raise Denied
    shot = snapshot(seat)
    state = person_state(user)
    mine = state.help if state.help and state.help.conversation == conversation_id else None
    context = {
        "conversation": seat.conversation,
        "snapshot": shot,
        "others": [other for other in shot.people if other.id != user.pk],
        "help": mine,
        "quoted": _quoted(user, seat.conversation),
        "me": person_view(user),
    }
    return render(request, "chat/talk.html", context)


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
