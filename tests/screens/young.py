"""Pictures of the young person's pages."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from tests.screens.camera import Shot
from tests.screens.stage import Stage

A_LONG_DAY = (
    "how did everybody's day go",
    "long. I stayed in the library until they closed it",
    "two pages done, three to go",
    "I did the one I was most afraid of first",
    "that is a good trick",
    "my sister brought me toast while I was learning",
    "toast helps",
)


def thread_of(stage: Stage, slug: str, place: int = 0) -> Any:
    from chat.models import Conversation

    return Conversation.objects.filter(
        space__slug=slug, opening_message__state="published"
    ).order_by("-last_seq")[place]


def lively(stage: Stage) -> str:
    return f"/spaces/nights/{thread_of(stage, 'nights').pk}"


def where_held(stage: Stage) -> str:
    from chat.models import Message

    kept = Message.objects.filter(author=stage.user("Ada"), state="held")[0]
    return f"/spaces/nights/{kept.conversation_id}"


def talk_of(nickname: str) -> Any:
    def path(stage: Stage) -> str:
        from chat.models import Conversation

        return f"/talk/{Conversation.objects.talks_of(stage.user(nickname))[0].pk}"

    return path


def an_empty_space(stage: Stage) -> None:
    from chat.models import Space

    Space.objects.get_or_create(
        slug="pets",
        defaults={
            "name": "Animals",
            "about": "The ones who are always pleased to see you.",
            "rules": "Be kind.",
            "picture": "paw",
            "age_bands": "|14-15|16-17|",
            "position": 9,
        },
    )


def begin(page: Any, stage: Stage) -> None:
    """Come in as somebody new, as far as the six words."""
    page.goto("/start")
    page.fill("[name=nickname]", "Juniper")
    page.check("[name=age_band][value='16-17']", force=True)
    page.check("[name=agreed]", force=True)
    page.click("main form button")
    page.wait_for_selector(".phrase-words")


def press(selector: str, then: str) -> Any:
    def steps(page: Any, stage: Stage) -> None:
        page.click(selector)
        page.wait_for_selector(then)

    return steps


def wrong_words(page: Any, stage: Stage) -> None:
    page.fill("[name=phrase]", "lamp window path weather night light")
    page.click("main form button")
    page.wait_for_selector(".field-error")


def leave_and_return(page: Any, stage: Stage) -> None:
    page.evaluate(
        """() => fetch("/leave", {
          method: "POST", body: new FormData(document.querySelector("[data-leave]")),
        })"""
    )
    page.goto("/")
    page.wait_for_selector("form[action='/carry-on']")


def no_signal(page: Any, stage: Stage) -> None:
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.context.set_offline(True)
    page.goto("/spaces")
    page.wait_for_selector("h1")


def live(page: Any) -> None:
    """Until the socket is up and the page says nothing about it."""
    page.wait_for_function("() => document.querySelector('[data-connection]').hidden")


def write(page: Any, words: str) -> None:
    page.fill(".composer-input", words)
    page.click(".composer-send")


def write_offline(page: Any, stage: Stage) -> None:
    live(page)
    page.context.set_offline(True)
    write(page, "the rain on the window helps a bit")
    page.wait_for_selector("[data-connection]:not([hidden])")
    page.wait_for_selector(".message-own >> nth=-1")


def help_offline(page: Any, stage: Stage) -> None:
    live(page)
    page.context.set_offline(True)
    page.click(".top-help")
    page.wait_for_selector("[data-offline-help][open]")


def refused(page: Any, stage: Stage) -> None:
    """The server takes the words and says no, for good."""
    live(page)
    page.evaluate(
        """() => { document.querySelector('.composer-input').removeAttribute('maxlength'); }"""
    )
    write(page, "and then " * 600)
    page.wait_for_selector("[data-slot=edit]:not([hidden])")


def a_long_thread(stage: Stage) -> str:
    """More than one page of messages, in a space that no other picture is of afterwards."""
    from django.db import transaction

    from chat.actions.conversations import start_thread
    from chat.actions.sending import send_message
    from chat.models import Message, Space
    from tests.cast import settle

    people = [stage.user(name) for name in ("Otis", "Iris", "Juno", "Ben")]
    space = Space.objects.get(slug="school")
    with transaction.atomic():
        thread = start_thread(by=people[0], space=space, client_id=uuid.uuid4(), body=A_LONG_DAY[0])
        for number in range(1, 70):
            send_message(
                by=people[number % len(people)],
                conversation_id=thread.pk,
                client_id=uuid.uuid4(),
                body=A_LONG_DAY[number % len(A_LONG_DAY)],
            )
        for message in thread.messages.order_by("pk"):
            settle(message, publish=True)
        Message.objects.filter(conversation=thread).update(due_at=None)
    return f"/spaces/school/{thread.pk}"


def earlier_on_their_way(page: Any, stage: Stage) -> None:
    """The answer is held back, so that the page shows what stands for it."""
    live(page)
    page.route("**/before/*", lambda route: None)
    page.click("[data-slot=earlier]")
    page.wait_for_selector("[data-slot=loading]:not([hidden])")
    page.locator("[data-slot=scroll]").evaluate("element => { element.scrollTop = 0 }")


def waiting(page: Any, stage: Stage) -> None:
    live(page)
    write(page, "hello, is anybody still up")
    page.wait_for_selector(".message-own[data-state=pending]")


def asks_for_help(nickname: str) -> Any:
    def ask(stage: Stage) -> None:
        from chat.actions.help import request_help

        request_help(by=stage.user(nickname), client_id=uuid.uuid4())

    return ask


def gives_up(nickname: str) -> Any:
    def give(stage: Stage) -> None:
        from chat.kernel.errors import Denied
        from triage.actions.cases import give_up_place

        with suppress(Denied):  # Done for the picture before.
            give_up_place(by=stage.user(nickname))

    return give


def a_talk_nobody_came_to(stage: Stage) -> None:
    from chat.actions.conversations import close_conversation, open_talk
    from chat.actions.sending import send_message
    from chat.models import Conversation

    person = stage.user("Iris")
    if Conversation.objects.talks_of(person).exists():
        return
    talk = open_talk(person=person, by=person)
    send_message(
        by=person,
        conversation_id=talk.pk,
        client_id=uuid.uuid4(),
        body="hello. is somebody there? I don't know who else to ask",
    )
    close_conversation(conversation=talk, by=stage.user("Robin"))


def a_talk_that_went_well(stage: Stage) -> None:
    from chat.actions.conversations import close_conversation, join_talk, open_talk
    from chat.actions.sending import send_message
    from chat.models import Conversation

    person, robin = stage.user("Otis"), stage.user("Robin")
    if Conversation.objects.talks_of(person).exists():
        return
    talk = open_talk(person=person, by=person)
    join_talk(talk=talk, user=robin)
    for who, words in (
        (robin, "Hi Otis, I'm Robin. What's keeping you up tonight?"),
        (person, "everything at once. the exam, and my dad not ringing back"),
        (robin, "That's a lot for one night. Shall we take them one at a time?"),
        (person, "thank you. I think I can sleep now"),
    ):
        send_message(by=who, conversation_id=talk.pk, client_id=uuid.uuid4(), body=words)
    close_conversation(conversation=talk, by=robin)


YOUNG_BARE = [
    Shot("spaces-empty", "/spaces", who="Moss"),
    Shot("talks-empty", "/talk", who="Moss"),
    Shot("help-asking", "/help", who="Moss"),
    Shot("help-nobody-on-duty", "/help", who="Moss", before=asks_for_help("Moss")),
    Shot("help-given-up", "/help/given-up", who="Moss", before=gives_up("Moss")),
]

YOUNG = [
    Shot("home", "/"),
    Shot("home-after-leaving", "/spaces", who="Otis", steps=leave_and_return),
    Shot("start", "/start"),
    Shot("start-errors", "/start", steps=press("main form button", ".field-error")),
    Shot("phrase", "/start", steps=begin),
    Shot("phrase-gone", "/phrase", who="Ben"),
    Shot("come-back", "/come-back"),
    Shot("come-back-unknown", "/come-back", steps=wrong_words),
    Shot("about", "/how-it-works"),
    Shot("spaces", "/spaces", who="Ben"),
    Shot("space", "/spaces/nights", who="Ben"),
    Shot("space-empty", "/spaces/pets", who="Ben", before=an_empty_space),
    Shot("space-paused", "/spaces/school", who="Sal"),
    Shot("thread", lively, who="Ben", ready=".message"),
    Shot("thread-kept-back", where_held, who="Ada", ready=".message-notice:not([hidden])"),
    Shot("thread-offline", lively, who="Ben", steps=write_offline),
    Shot("thread-not-sent", lively, who="Ben", steps=refused),
    Shot("thread-paused", lively, who="Sal", ready=".message"),
    Shot("thread-no-scripts", lively, who="Ben", scripts=False),
    Shot("thread-earlier", a_long_thread, who="Ben", steps=earlier_on_their_way),
    Shot("talks", "/talk", who="Theo"),
    Shot("talk", talk_of("Theo"), who="Theo", ready=".message"),
    Shot("talk-waiting", talk_of("Juno"), who="Juno"),
    Shot("talk-ended", talk_of("Otis"), who="Otis", before=a_talk_that_went_well),
    Shot("talk-nobody-came", talk_of("Iris"), who="Iris", before=a_talk_nobody_came_to),
    Shot("help-visitor", "/help"),
    Shot("help-waiting", "/help", who="Juno"),
    Shot("help-give-up", "/help/give-up", who="Juno"),
    Shot("help-waiting-no-scripts", "/help", who="Juno", scripts=False),
    Shot("help-with-someone", "/help", who="Theo"),
    Shot("help-offline", "/spaces", who="Ben", steps=help_offline),
    Shot("me", "/me", who="Ben"),
    Shot("offline", "/spaces", who="Ben", steps=no_signal),
    Shot("not-found", "/spaces/nowhere", who="Ben"),
]

YOUNG_UNREAD = [
    Shot("thread-waiting-for-a-person", lively, who="Ben", steps=waiting),
]
