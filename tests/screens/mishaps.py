"""Pictures of what people meet when something goes wrong."""

from __future__ import annotations

from typing import Any

from tests.screens.camera import Shot, Steps
from tests.screens.stage import Stage
from tests.screens.young import lively, where_held

AS_IF_WITHOUT_SCRIPTS = """([form, field, words]) => {
  const found = document.querySelector(form);
  if (field) found.elements[field].value = words;
  HTMLFormElement.prototype.submit.call(found);
}"""


def sends(form: str, field: str = "", words: str = "", then: str = ".field-error") -> Steps:
    """The form goes to the server as the browser alone would send it, past the page's scripts."""

    def steps(page: Any, stage: Stage) -> None:
        page.evaluate(AS_IF_WITHOUT_SCRIPTS, [form, field, words])
        page.wait_for_selector(then)

    return steps


def without_its_token(page: Any, stage: Stage) -> None:
    page.context.clear_cookies()
    sends("main form", then="h1")(page, stage)


def sees(template: str, **context: Any) -> Steps:
    """A page that the server gives only when it fails: its template, where a page would be."""

    def steps(page: Any, stage: Stage) -> None:
        html = stage.do(_rendered, template, context)
        page.set_content(html)
        page.wait_for_selector("h1")

    return steps


def _rendered(template: str, context: dict[str, Any]) -> str:
    from django.template.loader import render_to_string

    return render_to_string(template, context)


def words_of_ada(stage: Stage) -> str:
    from chat.models import Message

    kept = Message.objects.filter(author=stage.user("Ada"), state="held")[0]
    return f"/messages/{kept.pk}/change"


MISHAPS = [
    Shot("forbidden", "/", steps=sees("403.html")),
    Shot("server-error", "/", steps=sees("500.html")),
    Shot("form-too-old", "/start", steps=without_its_token),
    Shot(
        "refused",
        "/",
        steps=sees("chat/refused.html", words="That was a lot at once. Wait a moment, then go on."),
    ),
    Shot("space-errors", "/spaces/nights", who="Ben", steps=sends("form:has(#begin)", "body", " ")),
    Shot(
        "not-sent",
        lively,
        who="Ben",
        steps=sends("form:has(.composer-input)", "body", "and then " * 600),
    ),
    Shot("change-words", words_of_ada, who="Ada"),
    Shot(
        "change-words-errors", words_of_ada, who="Ada", steps=sends("main form.stack", "body", " ")
    ),
    Shot("thread-kept-back-no-scripts", where_held, who="Ada", scripts=False),
    Shot("machine-shadow", "/moderation/machine/shadow", who="Mo"),
]
