"""Whatever people write is shown as text: in real Chromium, on every page that shows it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from chat.actions.conversations import start_thread
from chat.actions.help import request_help
from chat.actions.messages import Settlement, settle_messages
from chat.models import User
from moderation.models import Review
from tests.cast import Cast
from tests.conftest import act
from tests.flows.phone import SOON
from tests.servers import Site, wait_until
from triage.actions.cases import claim_case
from triage.actions.notes import write_note
from triage.models import Case

pytestmark = [pytest.mark.browser, pytest.mark.servers]

CORPUS = (
    "<script>window.caught=1</script>",
    "<img src=x onerror=window.caught=1>",
    "<svg/onload=window.caught=1>",
    '"><body onpageshow=window.caught=1>',
    "</script><script>window.caught=1</script>",
    "</textarea><iframe srcdoc='<script>parent.caught=1</script>'>",
    '<a href="javascript:window.caught=1">come here</a>',
    "javascript:window.caught=1",
    "{{ 7|add:7 }}{% load i18n %}${window.caught=1}",
    "<!--<img src='--><img src=x onerror=window.caught=1>//'>",
    "<math><mtext></p><style><img src=x onerror=window.caught=1>",
    "&lt;script&gt;window.caught=1&lt;/script&gt;",
    "\u202e<script>window.caught=1</script>\u2066",
)
HELD = "you are a pathetic stupid idiot <img src=x onerror=window.caught=1>"
NAME = "<img src=x onerror=caught=1>"
"""More than the form lets through; here it is in the database all the same."""


def a_house_full_of_markup(cast: Cast) -> dict[str, int]:
    """Markup as nickname, as thread, as message seen, held and private, and as a note."""
    User.objects.filter(pk=cast.ada.pk).update(nickname=NAME)
    threads = [
        start_thread(by=cast.ada, space=cast.space, client_id=uuid.uuid4(), body=words)
        for words in CORPUS
    ]
    openings = [thread.opening_message for thread in threads if thread.opening_message]
    with transaction.atomic():
        settle_messages([Settlement(message, publish=True) for message in openings])
    for words in CORPUS:
        cast.says(cast.ada, threads[0], words)
    unkind = cast.says(cast.ada, threads[0], HELD, read=False)
    request_help(by=cast.ada, client_id=uuid.uuid4(), about_message_id=unkind.pk)
    return {"thread": threads[0].pk}


def talk_full_of_markup(cast: Cast) -> int:
    case = Case.objects.get(person=cast.ada)
    claim_case(case_id=case.pk, by=cast.cleo)
    case.refresh_from_db()
    assert case.conversation is not None
    for words in CORPUS:
        cast.says(cast.ada, case.conversation, words)
    write_note(case_id=case.pk, by=cast.cleo, body=" ".join(CORPUS))
    return case.pk


def check_is_text(page: Any, path: str, *, shows: str = CORPUS[0]) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert shows in page.inner_text("body"), f"{path} does not show the words"
    assert page.evaluate("() => window.caught") is None, f"a script ran at {path}"
    made = page.evaluate(
        "() => document.querySelectorAll('main iframe, main img[src=x], main a[href^=javascript]')"
        ".length"
    )
    assert made == 0, f"markup became elements at {path}"


def test_markup_in_words_titles_names_and_notes_is_shown_as_text(
    site: Site, live_cast: Cast, phone: Callable[..., Any], desk: Callable[..., Any]
) -> None:
    made = act(a_house_full_of_markup, live_cast)
    wait_until(lambda: act(Case.objects.exists), within=SOON, what="the case")
    ben, mo, cleo = (
        phone(site, live_cast.ben),
        desk(site, live_cast.mo),
        desk(site, live_cast.cleo),
    )
    for page in (ben, mo, cleo):
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    space = f"/spaces/{live_cast.space.slug}"
    check_is_text(ben, space)
    check_is_text(ben, f"{space}/{made['thread']}")
    arrives = "<b onclick=caught=1>live</b><script>window.caught=1</script>"
    ben.fill("textarea[name=body]", arrives)
    ben.click(".composer-send")
    ben.wait_for_selector(".message-own .message-body")
    assert ben.inner_text(".message-own .message-body") == arrives
    assert ben.evaluate("() => window.caught") is None

    wait_until(lambda: act(Review.objects.exists), within=SOON, what="a review")
    review = act(Review.objects.latest, "pk")
    check_is_text(mo, "/moderation/", shows=NAME)
    check_is_text(mo, f"/moderation/{review.pk}", shows=NAME)
    if mo.query_selector("[data-words]:not([open])"):
        mo.keyboard.press("x")
    assert HELD in mo.inner_text("main")
    assert mo.evaluate("() => window.caught") is None
    case = act(talk_full_of_markup, live_cast)
    check_is_text(cleo, "/triage/", shows=NAME)
    check_is_text(cleo, f"/triage/cases/{case}")
