"""A nickname is shown above every message: it says nothing that a message could not say unread."""

from __future__ import annotations

from itertools import product

import pytest
from django.test import Client

from chat.actions.nicknames import GENTLE, SMALL_THINGS, clean_nickname, is_gentle
from chat.kernel.errors import Invalid
from chat.models import User
from chat.states import Role
from chat.words import refusal
from config.demo.people import YOUNG_PEOPLE
from tests.cast import Cast
from tests.chat.test_views_arriving import HELLO

pytestmark = pytest.mark.django_db


def refused_with(nickname: str) -> str:
    with pytest.raises(Invalid) as refused:
        clean_nickname(nickname)
    return refused.value.code


@pytest.mark.parametrize(
    "nickname",
    [
        *("snap lukas.h2010", "07700 900123", "insta lukas_h.10", "lukas2010", "l.ukas", "x_x"),
        *("Ben ０７７００", "٠٧٧٠٠ Ben", "0-7-7-0-0"),
    ],
)
def test_a_nickname_carries_no_number_and_no_handle(nickname: str) -> None:
    assert refused_with(nickname) == "nickname_contact"


@pytest.mark.parametrize(
    "nickname",
    [
        *("Lantern helper", "L\u0430ntern Team", "Lаntеrn", "L\u0251ntern", "Lántérn", "Iantern"),
        *("L a n t e r n", "Lan-tern", "Our Team Cleo", "Our-Team", "our teаm", "M0derator"),
        *(
            "School Counsellor",
            "Therapist Tom",
            "doctor fern",
            "D\u03bfct\u03bfr",
            "ADMlN",
            "St\u0430ff",
        ),
    ],
)
def test_nobody_is_called_what_could_be_us_in_any_alphabet(nickname: str) -> None:
    assert refused_with(nickname) == "nickname_reserved"


@pytest.mark.parametrize(
    "nickname", ["Cleo", "cleo", "C l e o", "Cl\u0435o", "Cléo", "C1e0", "CIeo"]
)
def test_nobody_is_called_as_a_colleague_is(cast: Cast, nickname: str) -> None:
    assert refused_with(nickname) == "nickname_reserved"


def test_the_name_of_somebody_who_left_us_is_free_again(cast: Cast) -> None:
    User.objects.filter(pk=cast.cleo.pk).update(is_active=False)
    assert clean_nickname("Cleo") == "Cleo"


def test_young_people_may_share_a_name_and_a_part_of_a_colleagues(cast: Cast) -> None:
    User.objects.create_staff(username="al", nickname="Al", role=Role.CLINICIAN, password=None)
    for nickname in ("Ada", "Cleopatra", "Alma", "Dandelion"):
        assert clean_nickname(nickname) == nickname


@pytest.mark.parametrize(
    "nickname",
    [
        *(*YOUNG_PEOPLE, "Zoë", "Łukasz", "O'Neil", "Jean-Luc", "J.R", "J.R. Fern", "Mia 09"),
        *("Алиса", "Ωmega", "محمد", "小明", "Sunny 365", "Max 2.0"),
    ],
)
def test_ordinary_names_of_any_alphabet_are_welcome(nickname: str) -> None:
    assert clean_nickname(nickname) == nickname


def test_every_name_that_we_give_is_one_that_we_take() -> None:
    for first, second in product(GENTLE.split(), SMALL_THINGS.split()):
        given = f"{first} {second}"
        assert clean_nickname(given) == given
        assert is_gentle(given)
    assert not is_gentle("Gentle Ben")


def test_whoever_brings_a_handle_is_told_kindly_and_may_try_again(client: Client) -> None:
    answer = client.post("/start", {**HELLO, "nickname": "snap lukas.h2010"})
    assert answer.status_code == 422
    assert refusal("nickname_contact") in answer.content.decode()
    assert client.post("/start", HELLO).headers["Location"] == "/phrase"
