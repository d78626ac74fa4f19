"""The limits at the doors, and what they are when the shared count is gone."""

from __future__ import annotations

import ast
import html
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory

from chat.models import Message
from chat.views import conversations, limits, own_words, spaces
from chat.views.limits import READ, START, WITHOUT_REDIS, WRITE, too_many
from chat.words import refusal
from tests.cast import Cast
from tests.chat.test_views_arriving import HELLO

GONE = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": "redis://127.0.0.1:1/0",
}


@pytest.fixture
def without_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.CACHES = {**settings.CACHES, "default": GONE}
    monkeypatch.setattr(limits, "_away_until", 0.0)
    caches["process"].clear()
    yield
    caches["process"].clear()


def tries(rate: str, count: int, *, address: str = "10.0.0.1", name: str = "") -> list[bool]:
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    return [too_many(request, "a-door", rate=rate, name=name) for _ in range(count)]


@pytest.mark.django_db
@pytest.mark.usefixtures("without_redis")
def test_without_redis_young_people_come_in_and_back_and_staff_sign_in(cast: Cast) -> None:
    new = Client()
    assert new.post("/start", HELLO).headers["Location"] == "/phrase"
    new.cookies.clear()
    assert new.post("/come-back", {"phrase": "not six words of ours at all"}).status_code == 422
    wrong = {"username": "mo", "password": "wrong"}
    assert new.post("/staff/sign-in", wrong).status_code == 422


@pytest.mark.usefixtures("without_redis")
def test_without_redis_each_process_goes_on_counting_by_itself() -> None:
    assert tries("3/10m", 5) == [False, False, False, True, True]
    assert tries("3/10m", 1, address="10.0.0.2") == [False], "another address has its own count"
    assert tries("3/10m", 1, name="mo") == [False], "and so has a name"


@pytest.mark.usefixtures("without_redis")
def test_a_shared_count_that_failed_is_left_alone_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One that hangs would cost every page a second."""
    tries("3/10m", 5)
    assert caplog.text.count("the shared count is away") == 1


def test_with_the_shared_count_the_same_tries_are_too_many() -> None:
    assert tries("3/10m", 5) == [False, False, False, True, True]


def test_one_house_has_no_more_tries_for_having_many_addresses() -> None:
    from_one_house = [tries("3/10m", 1, address=f"2001:db8:1:2::{n}")[0] for n in range(1, 6)]
    assert from_one_house == [False, False, False, True, True]
    assert tries("3/10m", 1, address="2001:db8:1:3::1") == [False], "next door is another house"


# How fast one person may go on.


@pytest.fixture
def _nearly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps a minute, so that the third is one too many."""
    for module in (conversations, own_words, spaces):
        for rate in {"READ", "WRITE"} & set(vars(module)):
            monkeypatch.setattr(module, rate, "2/m")


def test_typing_fast_and_asking_every_five_seconds_never_meet_the_limits() -> None:
    assert per_minute(WRITE) >= 60, "a short message every second"
    assert per_minute(READ) >= 5 * 12 * 10, "five conversations on each of ten pages"


def per_minute(rate: str) -> int:
    count, _, period = rate.partition("/")
    assert period == "m"
    return int(count)


@pytest.mark.django_db
@pytest.mark.usefixtures("_nearly")
def test_whoever_sends_too_fast_over_https_is_asked_to_slow_down_wherever_they_are(
    cast: Cast,
) -> None:
    thread = cast.thread()
    here, there, other = Client(), Client(), Client()
    for client in (here, there):
        client.force_login(cast.ben)
    other.force_login(cast.ada)

    def send(client: Client) -> Any:
        words = {"client_id": str(uuid.uuid4()), "body": "hello"}
        path = f"/conversations/{thread.pk}/send"
        return client.post(path, words, content_type="application/json", REMOTE_ADDR=address())

    addresses = iter(range(1, 9))

    def address() -> str:
        return f"10.0.0.{next(addresses)}"

    assert [send(here).status_code, send(there).status_code] == [200, 200]
    refused = send(here)
    assert refused.status_code == 429
    assert refused.json() == {
        "code": "slow_down",
        "text": refusal("slow_down"),
        "permanent": False,
    }
    assert send(other).status_code == 200, "a limit is one person's"
    assert Message.objects.filter(author=cast.ben).count() == 2
    for path, body in (("change", {"body": "other"}), ("withdraw", {})):
        mine = Message.objects.filter(author=cast.ben).first()
        assert mine is not None
        answer = here.post(f"/messages/{mine.pk}/{path}", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (429, "slow_down"), path


@pytest.mark.django_db
@pytest.mark.usefixtures("_nearly")
@pytest.mark.parametrize("path", ["since/0", "before/9"])
def test_asking_too_often_is_answered_the_same_way(path: str, client: Client, cast: Cast) -> None:
    thread = cast.thread()
    client.force_login(cast.ben)
    answers = [client.get(f"/conversations/{thread.pk}/{path}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


@pytest.mark.django_db
@pytest.mark.usefixtures("_nearly")
def test_without_scripts_the_page_keeps_the_words_and_says_it_calmly(
    client: Client, cast: Cast
) -> None:
    thread = cast.thread()
    client.force_login(cast.ben)
    mine = cast.says(cast.ben, thread, "as it was")
    pages = (
        f"/conversations/{thread.pk}/send",
        f"/spaces/{cast.space.slug}",
        f"/messages/{mine.pk}/change",
    )
    for _ in range(2):
        client.post(pages[0], {"client_id": str(uuid.uuid4()), "body": "hello"})
    for page in pages:
        answer = client.post(page, {"client_id": str(uuid.uuid4()), "body": "not lost"})
        said = html.unescape(answer.content.decode())
        assert answer.status_code == 429, page
        assert "not lost" in said
        assert refusal("slow_down") in said
    answer = client.post(f"/messages/{mine.pk}/withdraw")
    assert answer.status_code == 429
    assert refusal("slow_down") in html.unescape(answer.content.decode())


@pytest.mark.django_db
@pytest.mark.usefixtures("_nearly", "without_redis")
def test_without_redis_a_person_is_still_counted_and_still_gets_through(
    client: Client, cast: Cast
) -> None:
    thread = cast.thread()
    client.force_login(cast.ben)
    path = f"/conversations/{thread.pk}/since/0"
    assert [client.get(path).status_code for _ in range(3)] == [200, 200, 429]


# What each limit does without Redis.


def doors_in_use() -> set[str]:
    """The names that the code gives to ``too_many`` and ``check_pace``."""
    ours = Path(limits.__file__).parents[2]
    apps = (ours / name for name in ("chat", "moderation", "triage"))
    files = [path for app in apps for path in app.rglob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    counted = [c for c in calls if getattr(c.func, "id", "") in {"too_many", "check_pace"}]
    return {ast.literal_eval(call.args[1]) for call in counted}


def test_every_limit_declares_what_it_does_without_redis() -> None:
    assert doors_in_use() <= set(WITHOUT_REDIS)
    assert {"help-start", "write", "read", "sign-in"} <= doors_in_use()
    never_shut = {door for door, fails in WITHOUT_REDIS.items() if fails == "open"}
    assert never_shut == {"help-start", "report"}, "asking for help, and reporting"


@pytest.mark.usefixtures("without_redis")
@pytest.mark.parametrize("door", WITHOUT_REDIS)
def test_without_redis_each_limit_does_what_it_declares(door: str) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="10.0.0.1")
    tried = [too_many(request, door, rate="2/10m") for _ in range(4)]
    shut = WITHOUT_REDIS[door] == "alone"
    assert tried == [False, False, shut, shut]


def test_a_whole_school_behind_one_address_gets_to_help() -> None:
    assert int(START.partition("/")[0]) >= 4 * 500
