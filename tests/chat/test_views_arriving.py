"""Coming in, keeping one's words, coming back and leaving, as a phone without scripts does it."""

from __future__ import annotations

import base64
import re
import uuid

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.test import Client

from chat.kernel import crypto
from chat.kernel.crypto import blind_index
from chat.models import HelpRequest, User
from chat.views import arrive, six_words
from chat.views.limits import SIGN_IN_NAME
from tests.cast import PASSWORD, Cast
from tests.conftest import Hands

pytestmark = pytest.mark.django_db

HELLO = {"nickname": "Moth", "age_band": "16-17", "agreed": "on"}


def words_on(page: str) -> str:
    block = page.split("data-phrase>")[1].split("</ol>")[0]
    return " ".join(re.findall(r"<li>(\w+)</li>", block))


def come_in(client: Client) -> str:
    """A new person on this phone; returns their six words."""
    assert client.post("/start", HELLO).headers["Location"] == "/phrase"
    return words_on(client.get("/phrase").content.decode())


def test_a_nickname_and_an_age_are_all_it_takes(client: Client) -> None:
    words = come_in(client)
    person = User.objects.get(nickname="Moth")
    assert len(words.split()) == 6
    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.get("/spaces").status_code == 200


def test_the_words_are_shown_once_and_then_held_nowhere(client: Client) -> None:
    words = come_in(client)
    assert client.cookies[six_words.COOKIE].value == ""
    assert six_words.MARK not in client.session
    page = client.get("/phrase").content.decode()
    assert "data-phrase" not in page
    assert not [word for word in words.split() if f"<li>{word}</li>" in page]


def test_a_copy_of_the_phones_cookie_shows_nothing_a_second_time(client: Client) -> None:
    client.post("/start", HELLO)
    copied = client.cookies[six_words.COOKIE].value
    assert words_on(client.get("/phrase").content.decode())
    client.cookies[six_words.COOKIE] = copied
    assert "data-phrase" not in client.get("/phrase").content.decode()


def test_the_words_go_to_the_one_page_that_shows_them_and_no_script_reads_them(
    client: Client,
) -> None:
    for address in ("/start", "/help"):
        carried = Client().post(address, HELLO).cookies[six_words.COOKIE]
        assert carried["path"] == "/phrase"
        assert carried["httponly"]
        assert carried["samesite"] == "Lax"
        assert carried["max-age"] == 15 * 60


def test_whoever_says_that_they_have_them_is_not_shown_them_again(client: Client) -> None:
    client.post("/start", HELLO)
    answer = client.post("/phrase")
    assert answer.cookies[six_words.COOKIE].value == ""
    assert "data-phrase" not in client.get("/phrase").content.decode()


def test_my_space_says_that_they_wait_until_they_were_shown(client: Client) -> None:
    client.post("/help", HELLO)
    assert "Show my six words" in client.get("/me").content.decode()
    client.get("/phrase")
    assert "Show my six words" not in client.get("/me").content.decode()


def test_words_that_nobody_looked_at_are_not_shown_after_fifteen_minutes(
    client: Client, hands: Hands
) -> None:
    client.post("/start", HELLO)
    hands.forward(minutes=14)
    assert "Show my six words" in client.get("/me").content.decode()
    hands.forward(minutes=2)
    assert "Show my six words" not in client.get("/me").content.decode()
    assert "data-phrase" not in client.get("/phrase").content.decode()


def test_the_words_of_one_person_do_not_open_for_another(client: Client) -> None:
    client.post("/start", HELLO)
    other = Client()
    other.post("/start", {**HELLO, "nickname": "Wren"})
    other.cookies[six_words.COOKIE] = client.cookies[six_words.COOKIE].value
    for broken in (other, Client()):
        assert "data-phrase" not in broken.get("/phrase").content.decode()
    client.cookies[six_words.COOKIE] = "not base64 at all!"
    assert "data-phrase" not in client.get("/phrase").content.decode()


def test_the_database_never_has_the_words_open_or_sealed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first second: they are not even there while they wait to be shown."""
    sealed: list[bytes] = []

    def seal(text: str, *, place: str) -> bytes:
        sealed.append(text.encode())
        sealed.append(crypto_seal(text, place=place))
        return sealed[-1]

    crypto_seal = crypto.seal
    monkeypatch.setattr(crypto, "seal", seal)
    client.post("/start", HELLO)
    session = client.session
    assert set(session[six_words.MARK]) == {"once", "until"}
    stored = [Session.objects.get().get_decoded(), vars(User.objects.get())]
    kept = str(stored)
    text, shut = sealed
    assert text.decode() not in kept
    assert base64.b64encode(shut).decode().rstrip("=") not in kept
    assert base64.urlsafe_b64encode(shut).decode().rstrip("=") not in kept
    # One alone may be there by chance: "young" is on the list of words, and the name of a role.
    found = {word for word in text.decode().split() if len(word) > 4 and word in kept}
    assert len(found) < 2


def test_the_words_bring_the_person_back_on_another_phone(client: Client) -> None:
    words = come_in(client)
    other = Client()
    answer = other.post("/come-back", {"phrase": f"  {words.upper().replace(' ', ', ')} "})
    assert answer.headers["Location"] == "/spaces"
    assert other.session["_auth_user_id"] == client.session["_auth_user_id"]


def test_words_given_out_before_the_list_was_cleared_still_open_the_account(client: Client) -> None:
    words = "razor pill lamp window path weather"
    person = User.objects.create_young_person(
        nickname="Moth",
        age_band="16-17",
        recovery_index=blind_index(words, purpose="recovery"),
        recovery_hash=make_password(words),
    )
    assert client.post("/come-back", {"phrase": words}).headers["Location"] == "/spaces"
    assert client.session["_auth_user_id"] == str(person.pk)


def test_wrong_words_are_met_kindly_and_open_nothing(client: Client) -> None:
    answer = client.post("/come-back", {"phrase": "six words that are not there"})
    assert answer.status_code == 422
    assert "You can get help now either way" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_class_comes_back_behind_one_address_on_the_first_try_or_the_third(cast: Cast) -> None:
    class_of_thirty = [Client() for _ in range(30)]
    for phone in class_of_thirty:
        for _ in range(2):
            phone.post("/come-back", {"phrase": "the wrong way round"}, REMOTE_ADDR="10.9.9.7")
        words = {"phrase": cast.phrases["Ada"]}
        answer = phone.post("/come-back", words, REMOTE_ADDR="10.9.9.7")
        assert answer.headers["Location"] == "/spaces"


def test_a_stranger_on_the_wards_network_does_not_keep_its_clinicians_out(
    client: Client, cast: Cast
) -> None:
    for n in range(60):
        guess = {"username": f"somebody{n}", "password": "a guess"}
        Client().post("/staff/sign-in", guess, REMOTE_ADDR="10.9.9.9")
    words = {"username": "cleo", "password": PASSWORD}
    answer = client.post("/staff/sign-in", words, REMOTE_ADDR="10.9.9.9")
    assert answer.headers["Location"] == "/staff"


def test_guessing_words_is_slowed_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrive, "COME_BACK", "3/10m")
    for _ in range(3):
        client.post("/come-back", {"phrase": "a guess"})
    page = client.post("/come-back", {"phrase": "a guess"}).content.decode()
    assert "wait a few minutes" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"nickname": ""}, "Pick 2 to 30 letters"),
        ({"nickname": "Lantern helper"}, "mistaken for someone who works here"),
        ({"age_band": "44"}, "pick one of the ages"),
        ({"agreed": ""}, "who reads what"),
    ],
)
def test_what_does_not_fit_is_said_beside_it(
    client: Client, change: dict[str, str], sentence: str
) -> None:
    given = {**HELLO, **change}
    answer = client.post("/start", {key: value for key, value in given.items() if value})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not User.objects.exists()


def test_coming_in_changes_the_session(client: Client, cast: Cast) -> None:
    client.get("/start")
    client.session.save()
    before = client.session.session_key
    come_in(client)
    assert client.session.session_key != before


def test_leaving_shuts_the_pages_but_keeps_the_place_in_line(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    request = cast.asks_for_help(cast.ada)
    answer = client.post("/leave")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "Lantern" not in answer.content.decode()
    for page in ("/spaces", "/talk", f"/talk/{request.conversation_id}", "/me"):
        assert client.get(page).headers["Location"] == "/"
    assert "Ada" not in client.get("/").content.decode()
    client.post("/carry-on")
    assert client.get("/talk").status_code == 200
    request.refresh_from_db()
    assert request.state == "waiting"


def test_a_page_of_somebody_who_left_has_no_line(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    for address, brings in (("/carry-on", True), ("/leave", False), ("/carry-on", True)):
        client.post(address)
        page = client.get("/help").content.decode()
        assert bool(re.search('"socket-ticket" content="[^"]+"', page)) is brings


def test_staff_who_left_from_a_space_carry_on_at_the_door(client: Client, cast: Cast) -> None:
    for user, address in ((cast.mo, "/moderation/"), (cast.cleo, "/triage/")):
        client.force_login(user)
        client.post("/leave")
        assert client.get(address).headers["Location"] == "/"
        client.post("/carry-on")
        assert client.get(address).status_code == 200


def test_staff_who_left_and_sign_in_again_are_in(client: Client, cast: Cast) -> None:
    client.force_login(cast.mo)
    client.post("/leave")
    client.post("/staff/sign-in", {"username": cast.mo.username, "password": PASSWORD})
    assert client.get("/moderation/").status_code == 200


def test_somebody_who_left_reads_nothing_over_https_either(client: Client, cast: Cast) -> None:
    thread = cast.thread()
    client.force_login(cast.ada)
    client.post("/leave")
    assert client.get(f"/conversations/{thread.pk}/since/0").status_code == 401


def test_going_for_good_ends_the_session_and_clears_the_phone(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    answer = client.post("/sign-out")
    assert '"storage"' in answer.headers["Clear-Site-Data"]
    assert client.get("/spaces").headers["Location"] == "/"


@pytest.mark.parametrize("door", ["/leave", "/carry-on", "/sign-out", "/staff/sign-out"])
def test_nothing_changes_by_following_a_link(client: Client, cast: Cast, door: str) -> None:
    client.force_login(cast.ada)
    assert client.get(door).status_code == 405


def test_forms_need_the_token_of_the_page(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.ada)
    answer = strict.post("/help", {"client_id": str(uuid.uuid4())})
    assert answer.status_code == 403
    assert "open for a long time" in answer.content.decode()
    assert not HelpRequest.objects.exists()


def test_no_page_about_people_is_kept_by_anybody(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    for page in ("/", "/spaces", "/talk", "/me", "/help"):
        assert client.get(page).headers["Cache-Control"] == "no-store"


def test_staff_sign_in_and_land_at_their_work(client: Client, cast: Cast) -> None:
    for name, home in (("mo", "/moderation/"), ("cleo", "/triage/"), ("lee", "/triage/")):
        client.post("/staff/sign-in", {"username": name, "password": PASSWORD})
        assert client.get("/staff").headers["Location"] == home
        assert 0 < client.session.get_expiry_age() <= 10 * 60 * 60
        client.post("/staff/sign-out")


def test_a_wrong_password_and_an_unknown_name_hear_the_same(client: Client, cast: Cast) -> None:
    pages = [
        client.post("/staff/sign-in", {"username": name, "password": "not this one"})
        for name in ("mo", "nobody")
    ]
    seen = [re.sub(r'value="[^"]*"', "", page.content.decode()) for page in pages]
    assert [page.status_code for page in pages] == [422, 422]
    assert seen[0] == seen[1]


def test_guessing_a_password_is_slowed_down(client: Client, cast: Cast) -> None:
    for _ in range(int(SIGN_IN_NAME.split("/")[0])):
        client.post("/staff/sign-in", {"username": "mo", "password": "a guess"})
    client.post("/staff/sign-in", {"username": "mo", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_sign_in_leads_nowhere_but_here(client: Client, cast: Cast) -> None:
    given = {"username": "mo", "password": PASSWORD}
    answer = client.post("/staff/sign-in?next=https://elsewhere.example/", given)
    assert answer.headers["Location"] == "/staff"


def test_a_young_person_finds_no_staff_page(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    assert client.get("/staff").status_code == 404
