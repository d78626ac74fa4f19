"""The spaces, their threads, and one thread."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from chat.access import access_conversation, access_space
from chat.actions.conversations import start_thread
from chat.forms import MessageForm
from chat.kernel import clock
from chat.kernel.errors import Denied, DomainError
from chat.models import Conversation, Space
from chat.realtime.feed import snapshot
from chat.states import MessageState
from chat.views.answers import say_why, status_of
from chat.views.gate import person, signed_in
from chat.views.limits import WRITE, check_pace

THREADS_ON_A_PAGE = 30


@signed_in
@require_GET
def spaces(request: HttpRequest) -> HttpResponse:
    """The rooms this person may enter."""
    rooms = Space.objects.visible_to(person(request))
    return render(request, "chat/spaces.html", {"spaces": rooms})


@signed_in
@require_http_methods(["GET", "POST"])
def space(request: HttpRequest, slug: str) -> HttpResponse:
    """One room: its threads, and a place to begin a new one."""
    user = person(request)
    room = access_space(user, slug)
    form = MessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        begun = _begin(request, room, form)
        if begun is not None:
            return redirect("thread", slug, begun.pk)
    replies = Count("messages", filter=Q(messages__state=MessageState.PUBLISHED), distinct=True)
    threads = Conversation.objects.threads_for(user, room).annotate(published=replies)
    context = {
        "space": room,
        "form": form,
        "page": Paginator(threads, THREADS_ON_A_PAGE).get_page(request.GET.get("page")),
        "suspended": user.is_suspended(clock.now()),
    }
    return render(request, "chat/space.html", context, status=status_of(form))


def _begin(request: HttpRequest, room: Space, form: MessageForm) -> Conversation | None:
    try:
        check_pace(request, "write", rate=WRITE)
        return start_thread(
            by=person(request),
            space=room,
            client_id=form.cleaned_data["client_id"],
            body=form.cleaned_data["body"],
        )
    except Denied:
        raise
    except DomainError as error:
        say_why(form, error)
        return None


@signed_in
@require_GET
def thread(request: HttpRequest, slug: str, conversation_id: int) -> HttpResponse:
    """One thread, live."""
    user = person(request)
    room = access_space(user, slug)
    seat = access_conversation(user, conversation_id)
    known = Conversation.objects.threads_for(user, room).filter(pk=seat.conversation.pk).first()
    if known is None:
        raise Denied
    context = {
        "space": room,
        "conversation": known,
        "snapshot": snapshot(seat),
        "suspended": user.is_suspended(clock.now()),
    }
    return render(request, "chat/thread.html", context)
