"""Every address, for every role: what it answers is written down, and a new one must be added.

The ids asked for belong to nobody, so an answer says who may ask at all, and never that somebody's
own row is theirs: that is for the tests of each app.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from moderation.actions.reviews import open_reviews
from moderation.models import Review
from tests.cast import Cast
from tests.repo.matrix import MATRIX
from triage.intake import intake_step
from triage.models import Case

# Who gets which answer does not depend on the database.
pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

ROLES = ("", "ada", "mo", "cleo", "lee")
"""Nobody, a young person, a moderator, a clinician on shift, a shift lead."""

ABSENT = {"slug": "nowhere", "kind": "help_request"}
NO_SUCH_ID = 99_999_999
UNSAFE = ("post", "put", "patch", "delete")


def routes() -> Iterator[URLPattern]:
    """Every address of the site, from the resolver itself."""
    folders = [get_resolver().url_patterns]
    while folders:
        for one in folders.pop():
            if isinstance(one, URLPattern):
                yield one
            else:
                folders.append(one.url_patterns)


def parameters(route: URLPattern) -> list[str]:
    return list(route.pattern.converters)


def address(route: URLPattern, **known: object) -> str:
    values = {name: known.get(name, ABSENT.get(name, NO_SUCH_ID)) for name in parameters(route)}
    return reverse(str(route.name), kwargs=values)


def browsing(cast: Cast, role: str, **options: Any) -> Client:
    client = Client(**options)
    begin_again(client, cast, role)
    return client


def begin_again(client: Client, cast: Cast, role: str) -> None:
    """As a browser that was never here: some addresses end the session, or begin another.

    The same client, because a new one looks through all static files before its first answer.
    """
    client.cookies.clear()
    if role:
        client.force_login(getattr(cast, role))


def kind_of(answer: Any) -> str:
    """What an answer comes to, in one word."""
    if answer.status_code in (301, 302):
        where = answer["Location"].partition("?")[0]  # Whatever page they are to come back to.
        return {"/": "home", "/staff": "staff", "/staff/sign-in": "sign-in"}.get(where, "on")
    kinds = {200: "page", 401: "who", 403: "no", 404: "none", 405: "verb", 422: "form"}
    return kinds.get(answer.status_code, str(answer.status_code))


def test_every_address_is_named_once_and_in_the_matrix() -> None:
    names = [route.name for route in routes()]
    assert None not in names
    assert sorted(names) == sorted(set(names))
    assert set(MATRIX) == set(names), "a new address needs its row in tests/repo/matrix.py"


@pytest.mark.parametrize("verb", ["get", "post"])
@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_matrix_says(cast: Cast, role: str, verb: str) -> None:
    column = ROLES.index(role)
    expected = {
        name: dict(zip(("get", "post"), row, strict=True))[verb].split()[column]
        for name, row in MATRIX.items()
    }
    client, found = browsing(cast, role), {}
    for route in routes():
        found[route.name] = kind_of(getattr(client, verb)(address(route)))
        begin_again(client, cast, role)
    assert found == expected


@pytest.mark.parametrize("verb", UNSAFE)
@pytest.mark.parametrize("role", ROLES)
def test_nothing_unsafe_goes_through_without_the_token_of_our_own_page(
    cast: Cast, role: str, verb: str
) -> None:
    client = browsing(cast, role, enforce_csrf_checks=True)
    answers = {route.name: getattr(client, verb)(address(route)).status_code for route in routes()}
    assert {name for name, status in answers.items() if status != 403} == set()


def rows() -> dict[str, list[dict[str, object]]]:
    """Everything in every table but the sessions, which a look may renew."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models(include_auto_created=True)
        if model is not Session
    }


def lived_in(cast: Cast) -> dict[str, object]:
    """Rows for every kind of id there is; a talk for those addresses that are of talks."""
    thread = cast.thread()
    held = cast.held(cast.ada, thread, "kept back for a person")
    with transaction.atomic():
        open_reviews([held], {})
    talk = cast.asks_for_help(cast.ada).conversation
    intake_step()
    return {
        "slug": cast.space.slug,
        "thread": thread.pk,
        "talk": talk.pk,
        "message_id": held.pk,
        "review_id": Review.objects.get().pk,
        "case_id": Case.objects.get().pk,
        "seq": 0,
        "position": 9,
    }


@pytest.mark.parametrize("role", ROLES)
def test_looking_changes_nothing(cast: Cast, role: str) -> None:
    known = lived_in(cast)
    client = browsing(cast, role)
    before, shown = rows(), 0
    for route in routes():
        for place in ("thread", "talk"):
            answer = client.get(address(route, **known, conversation_id=known[place]))
            assert answer.status_code < 500, route.name
            shown += answer.status_code == 200
    after = rows()
    assert [label for label in before if before[label] != after[label]] == []
    assert shown >= 10, "it saw something"
