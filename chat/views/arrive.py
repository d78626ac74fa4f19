"""Coming in, keeping one's words, coming back, and leaving."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chat.actions.people import find_by_phrase, look_again_at, start_young_person
from chat.forms import ComeBackForm, StartForm
from chat.models import Space, User
from chat.realtime.standing import AWAY
from chat.views import six_words
from chat.views.gate import end_session, is_in, person, signed_in
from chat.views.limits import COME_BACK, START, too_many
from chat.words import refusal

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The front door; people who are in go straight through."""
    if is_in(request):
        return redirect("staff-home" if person(request).is_staff_member else "spaces")
    return render(request, "chat/home.html", {"away": request.user.is_authenticated})


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """A nickname, an age band, and who reads what."""
    if is_in(request):
        return redirect("home")
    form = StartForm(request.POST or None)
    if request.method == "POST":
        if too_many(request, "start", rate=START):
            form.add_error(None, refusal("too_many_tries"))
        elif form.is_valid():
            answer = redirect("phrase")
            arrive(request, answer, form.cleaned_data["nickname"], form.cleaned_data["age_band"])
            return answer
    return render(request, "chat/start.html", {"form": form}, status=422 if form.errors else 200)


def arrive(request: HttpRequest, answer: HttpResponse, nickname: str, age_band: str) -> User:
    """Make the account, sign the phone in under a new session, and let ``answer`` carry the words.

    ``answer`` is what this request will be answered with.
    """
    user, words = start_young_person(nickname=nickname, age_band=age_band)
    login(request, user, backend=BACKEND)
    six_words.hand_over(request, answer, user, words)
    return user


@signed_in
@require_http_methods(["GET", "POST"])
def phrase(request: HttpRequest) -> HttpResponse:
    """The recovery words, the first time this page is shown; then never again."""
    answer = redirect("spaces") if request.method == "POST" else _shown_once(request)
    six_words.forget(request, answer)
    return answer


def _shown_once(request: HttpRequest) -> HttpResponse:
    user = person(request)
    context = {
        "words": six_words.take(request, user),
        "spaces": Space.objects.visible_to(user),
    }
    return render(request, "chat/phrase.html", context)


@require_http_methods(["GET", "POST"])
def come_back(request: HttpRequest) -> HttpResponse:
    """Into the account that belongs to six words."""
    form = ComeBackForm(request.POST or None)
    if request.method == "POST":
        if too_many(request, "come-back", rate=COME_BACK):
            form.add_error(None, refusal("too_many_tries"))
        elif form.is_valid():
            user = find_by_phrase(form.cleaned_data["phrase"])
            if user is not None:
                login(request, user, backend=BACKEND)
                request.session.pop(AWAY, None)
                return redirect("spaces")
            form.add_error("phrase", refusal("phrase_unknown"))
    status = 422 if form.errors else 200
    return render(request, "chat/come_back.html", {"form": form}, status=status)


@require_POST
def carry_on(request: HttpRequest) -> HttpResponse:
    """Back in after Leave, on the same phone."""
    request.session.pop(AWAY, None)
    return redirect("home")


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Quick exit: shut their pages and sockets, empty the cache, and show something dull.

    The person stays known to this phone, so that a place in the waiting list is not lost; their
    pages open again only from the front door. The redirect is in the page, not in the answer: the
    content security policy forbids a form to end on another site.
    """
    if request.user.is_authenticated:
        request.session[AWAY] = True
        request.session.save()  # Before the ring, or the sockets would be found in order.
        look_again_at(person(request))
    response = render(request, "chat/away.html", {"exit_url": settings.QUICK_EXIT_URL})
    response["Clear-Site-Data"] = '"cache"'
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Leave this phone for good: the session ends and nothing of ours stays on it."""
    end_session(request)
    response = redirect("home")
    six_words.forget(request, response)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@require_GET
def about(request: HttpRequest) -> HttpResponse:
    """How this works, and who reads what."""
    return render(request, "chat/about.html")


@signed_in
@require_GET
def my_space(request: HttpRequest) -> HttpResponse:
    """What we know about the person: very little, and all of it here."""
    if person(request).is_staff_member:
        return redirect("staff-home")
    return render(request, "chat/my_space.html", {"phrase_waits": six_words.wait(request)})
