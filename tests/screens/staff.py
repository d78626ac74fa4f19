"""Pictures of the team's pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.screens.camera import Shot
from tests.screens.stage import Stage


def wrong_password(page: Any, stage: Stage) -> None:
    page.fill("[name=username]", "mo")
    page.fill("[name=password]", "not the password")
    page.click("form button")
    page.wait_for_selector(".notice, .field-error")


def _first_review(stage: Stage, **which: Any) -> Any:
    from moderation.models import Review

    return Review.objects.filter(**which).order_by("pk")[0]


def review_of(nickname: str) -> Callable[[Stage], str]:
    def path(stage: Stage) -> str:
        return f"/moderation/{_first_review(stage, message__author__nickname=nickname).pk}"

    return path


def claimed_by(who: str, author: str) -> Callable[[Stage], None]:
    def claim(stage: Stage) -> None:
        from moderation.actions.reviews import claim_review

        review = _first_review(stage, message__author__nickname=author)
        if review.claimed_by_id is None:
            claim_review(review_id=review.pk, by=stage.user(who))

    return claim


def open_words(page: Any, stage: Stage) -> None:
    page.keyboard.press("x")
    page.wait_for_selector("[data-words][open]")


def open_publish(page: Any, stage: Stage) -> None:
    page.keyboard.press("p")
    page.wait_for_selector("[data-decision=publish][open]")


def keys(page: Any, stage: Stage) -> None:
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")


def line_is_lost(page: Any, stage: Stage) -> None:
    """The network goes, and the page says how old its list is."""
    page.wait_for_function("() => document.querySelector('[data-connection]').hidden")
    page.context.set_offline(True)
    page.wait_for_selector("[data-connection]:not([hidden])")


def on_duty(who: str) -> Callable[[Stage], None]:
    def go(stage: Stage) -> None:
        from triage.actions.duty import go_on_duty

        go_on_duty(by=stage.user(who))

    return go


def left_alone(stage: Stage) -> None:
    """The simulated colleague has not been heard of for twenty minutes."""
    stage.keep_company(minutes_ago=20)


def case_of(nickname: str) -> Callable[[Stage], str]:
    def path(stage: Stage) -> str:
        from triage.models import Case

        return f"/triage/cases/{Case.objects.filter(person=stage.user(nickname)).latest('pk').pk}"

    return path


def picked_up(who: str, nickname: str) -> Callable[[Stage], None]:
    def pick_up(stage: Stage) -> None:
        from triage.actions.cases import claim_case
        from triage.models import Case

        on_duty(who)(stage)
        case = Case.objects.filter(person=stage.user(nickname)).latest("pk")
        if case.is_waiting:
            claim_case(case_id=case.pk, by=stage.user(who))

    return pick_up


def closed(who: str, nickname: str) -> Callable[[Stage], None]:
    def close(stage: Stage) -> None:
        from triage.access import access_case
        from triage.actions.cases import close_case
        from triage.models import Case

        case = Case.objects.filter(person=stage.user(nickname)).latest("pk")
        if case.is_open:
            by = stage.user(who)
            drawn = access_case(by, case.pk)
            assert drawn.conversation is not None
            close_case(
                case_id=case.pk,
                by=by,
                outcome_code="steadier",
                shown=drawn.newest_sign,
                head=drawn.conversation.last_seq,
            )

    return close


def show_words(page: Any, stage: Stage) -> None:
    page.click("[data-unfold=words] button")
    page.wait_for_selector("figure .quote")


def close_with_nothing(page: Any, stage: Stage) -> None:
    page.click("[data-close] summary")
    page.click("[data-close] form button")
    page.wait_for_selector(".field-error")


STAFF_BARE: list[Shot] = [
    Shot("reviews-empty", "/moderation/", who="Mo"),
    Shot("triage-empty", "/triage/", who="Cleo"),
]

STAFF: list[Shot] = [
    Shot("sign-in", "/staff/sign-in"),
    Shot("sign-in-wrong", "/staff/sign-in", steps=wrong_password),
    Shot("reviews", "/moderation/", who="Mo"),
    Shot("reviews-offline", "/moderation/", who="Mo", steps=line_is_lost),
    Shot("reviews-keys", "/moderation/", who="Mo", steps=keys, devices=("desk",)),
    Shot("review-folded", review_of("Ada"), who="Mo"),
    Shot("review-open", review_of("Ada"), who="Mo", steps=open_words),
    Shot(
        "review-deciding",
        review_of("Kit"),
        who="Mo",
        before=claimed_by("Mo", "Kit"),
        steps=open_publish,
    ),
    Shot("review-taken", review_of("Kit"), who="Lee", before=claimed_by("Mo", "Kit")),
    Shot("machine", "/moderation/machine", who="Mo"),
    Shot("triage-off-duty", "/triage/", who="Dan"),
    Shot("triage", "/triage/", who="Cleo", before=on_duty("Cleo")),
    Shot("triage-left-alone", "/triage/", who="Cleo", before=left_alone),
    Shot("triage-offline", "/triage/", who="Cleo", steps=line_is_lost),
    Shot("case-waiting", case_of("Ada"), who="Cleo", before=on_duty("Cleo")),
    Shot("case", case_of("Ada"), who="Cleo", before=picked_up("Cleo", "Ada"), steps=show_words),
    Shot("case-closing", case_of("Ada"), who="Cleo", steps=close_with_nothing),
    Shot("case-with-colleague", case_of("Ada"), who="Lee"),
    Shot("talk-with-someone", "/help", who="Ada"),
    Shot("case-closed", case_of("Ada"), who="Cleo", before=closed("Cleo", "Ada")),
]

STAFF_UNREAD: list[Shot] = [
    Shot("reviews-unread", "/moderation/", who="Mo"),
    Shot("triage-unread", "/triage/", who="Cleo"),
]
