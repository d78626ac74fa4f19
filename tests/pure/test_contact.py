"""Contact and identity details, however they are written."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.classifiers.base import Signal
from moderation.classifiers.contact import ContactReader
from moderation.classifiers.folding import fold
from moderation.classifiers.telephone import numbers_in
from tests.growth import is_quick

READER = ContactReader()


def read(text: str) -> list[Signal]:
    return list(READER.read([text])[0])


def rules(text: str) -> set[str]:
    return {signal.rule for signal in read(text)}


@pytest.mark.parametrize(
    "text",
    [
        "call me on 07700 900123",
        "+44 7700 900 123",
        "0 7 7 0 0 9 0 0 1 2 3",
        "07.700.900.123",
        "its oh seven seven double oh nine oh oh one two three",
        "zero7700 nine hundred no wait 07700 900 one two three",
        "07700 9oo123",
        "O77OO 9OO I23",
        "07700 then 900123",
        "oh seven seven double zero 9 hundred 123",
        "07700 1 2 3 4 5 6",
        "0 7 8 9 1 2 3 4 5 6 7",
        "07891 234567",
        "678 910 1112",
        "٠٧٧٠٠٩٠٠١٢٣",
        "０７７００ ９００１２３",
    ],
)
def test_phone_numbers_are_found_split_spelled_and_in_other_digits(text: str):
    assert "phone_number" in rules(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("mail me at sam@example.com", "email"),
        ("sam (at) example (dot) com", "email"),
        ("its sam99 at gmail dot com", "email_spelled"),
        ("https://example.com/room", "link"),
        ("www.example.com", "link"),
        ("https://kooth.com@example.com", "link"),
        ("www.childline.org.uk.example.com", "link"),
        ("https://www.childline.org.uk/daisyx99", "link"),
        ("https://kooth.com/daisy_x", "link"),
        ("kooth.com/daisyx99", "link_short"),
        ("kooth.com.example.com", "link_short"),
        ("kooth.com.example", "link_short"),
        ("kooth.com@example", "link_short"),
        ("notkooth.com", "link_short"),
        ("my-kooth.com", "link_short"),
        ("kooth.com or else daisy.com", "link_short"),
        ("twitch.tv/daisyx", "link_short"),
        ("about.me/daisy", "link_short"),
        ("its daisy.com", "link_short"),
        ("daisy.gg", "link_short"),
        ("im @daisy_x on there", "handle"),
        ("my insta is daisy.x", "handle_given"),
        ("snap: daisyx99", "handle_on_app"),
        ("my snap is daisy", "handle_given"),
        ("my insta is private.daisy", "handle_given"),
        ("my snap is broken_x", "handle_given"),
        ("my snap is not hard to find, its daisyx99", "handle_given"),
        ("snap: the one with daisy_x", "handle_on_app"),
        ("sam at example dot com", "email_in_words"),
        ("t.me/abc", "link_to_app"),
        ("discord dot gg slash abcdef", "link_to_app"),
        ("snap: abc.def", "handle_on_app"),
        ("insta daisy_x", "handle_beside_app"),
        ("daisy_x on insta", "handle_beside_app"),
        ("snap is daisyx99", "handle_said"),
        ("insta is daisy_x ok", "handle_said"),
        ("sc daisyx99", "handle_said"),
        ("tele its daisy_x", "handle_said"),
        ("im on roblox as daisy_x", "handle_as"),
        ("st marys catholic school in leeds", "school_by_name"),
        ("year 9 at oakfield academy", "school_by_name"),
        ("i study at st marys", "school_by_name"),
        ("i live on green lane", "street"),
        ("i live on main oak road", "street"),
        ("i live on the same street as the big tesco", "street"),
        ("i live 5 mins from green lane", "street"),
        ("im at 12 the close", "address"),
        ("2 main street", "address"),
        ("12 old mill lane", "address"),
        ("ls14ap", "postcode_in_one"),
        ("add me on snap", "move_to_app"),
        ("whats your discord", "ask_app"),
        ("can we talk on whatsapp instead", "move_elsewhere"),
        ("where do u live", "where_live"),
        ("my full name is daisy smith", "own_name"),
        ("my real name's daisy", "own_name"),
        ("my surname is okonkwo", "own_name"),
        ("my surname is spelt okonkwo", "own_name"),
        ("my snap is actually daisy", "handle_given"),
        ("my facebook is under my nans name", "handle_given"),
        ("i go to oakfield high school", "school"),
        ("my school is oakfield academy", "school"),
        ("my school is called oakfield high school", "school"),
        ("my school is the oakfield academy", "school_by_name"),
        ("i live at 12 green lane road", "address"),
        ("my postcode is SW1A 1AA", "postcode"),
    ],
)
def test_other_ways_to_find_somebody_are_found(text: str, rule: str):
    assert rule in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "ring Childline on 0800 1111",
        "Samaritans are on 116 123",
        "text SHOUT to 85258",
        "call 999",
        "childline 0800 1111, 24/7",
        "childline 08001111 24/7",
        "samaritans 116 123 24/7",
        "0800 1111 9am to midnight",
        "116 123, 0800 1111, 85258, 24/7, 365 days",
        "im 15, 0800 1111 24/7",
        "try www.childline.org.uk, its good",
        "https://www.childline.org.uk/get-support/1-2-1-counsellor-chat/",
        "theres kooth.com too",
        "i was on kooth.com. it helped",
        "(https://www.kooth.com/)",
        "i hate going to school",
        "i got 1000000000 points",
        "in 2024 2025 and 2026",
        "my friend at the bus stop",
        "one two three four",
        "breathe with me 1 2 3 4 5 6 7 8 9 10",
        "1, 2, 3, 4, 5, 6, 7, 8, 9",
        "0 1 2 3 4 5 6 7 8 9",
        "one two three four five six seven eight nine",
        "i watch it on youtube",
        "we won 07 3",
        "see you at 10:30 on 12/11/2026, it costs 9.99",
        "im 15 and got 78 out of 100 then 64 then 71",
        "a hundred and one then two hundred and three",
        "i was on insta all night",
        "insta is down again",
        "thanks.me too",
        "idk.app crashed",
        "hi.me",
        "good night.chat tomorrow",
        "my real name is a secret",
        "my full name is too long for the form",
        "my last name is so common",
        "my surname is hard to spell",
        "i hate that my real name is on the register",
        "my real names on the register",
        "my name is on the list",
        "my real name is actually embarrassing",
        "my snap is actually broken",
        "snap is boring.i left it",
        "tele is on at 10",
        "insta is full of gcse9 stuff",
        "my sc and your disc",
        "my snap is broken",
        "my insta is private.",
        "my discord is down, anybody else",
        "my tiktok is so boring lately",
        "my tag is not funny",
        "my insta is off for now",
        "my snap is on my old phone",
        "insta - not for me",
        "insta stories are boring. snap streaks too",
        "we saw a reel on insta, so good",
        "i got 100 likes on insta",
        "year 9 at school is hard",
        "im at the new school now",
        "my school is the best school ever",
        "my school is literally the worst school",
        "my school is really strict, high school is hard",
        "my school is not helping",
        "i hate how my school is like every school",
        "st patricks day was fun",
        "i live on noodles",
        "i live on the main road",
        "we live on a really busy road",
        "its 10 minutes down the road",
        "i ran 5 miles along the road",
        "he lives 3 doors down the street",
        "40 mins each way",
        "12 of them down the road",
        "i live in a small flat",
        "i live on my own street cred",
        "wait at the bus stop then run",
        "he looked at the dot com bubble",
        "tell me/us about it",
        "my ps5 and a b4n4na and co2 levels",
        "h2o and mp3 and gcse9",
        "07700 then it cuts off",
        "",
    ],
)
def test_helplines_and_ordinary_words_are_let_through(text: str):
    assert rules(text) == set()


@pytest.mark.parametrize(
    "number",
    [
        "07700 900123",
        "O77OO 9OO I23",
        "07700 then 900123",
        "oh seven seven double zero 9 hundred 123",
    ],
)
def test_the_place_of_a_number_is_known(number: str):
    text = f"hi :) {number} then ok"
    span = read(text)[0].spans[0]

    assert text[span.start : span.end] == number


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("07700 900123, 15, leeds", ["07700 900123"]),
        ("im 15, 07700 900123", ["07700 900123"]),
        ("im 15. 07700 900123", ["07700 900123"]),
        ("07700900123, 07700900456", ["07700900123", "07700900456"]),
        ("07700900123 07700900456", ["07700900123", "07700900456"]),
        ("im 15 07700 900123", ["07700 900123"]),
        ("15/07700 90 01 23/leeds", ["07700 90 01 23"]),
        ("077 0090 0123 - 15", ["077 0090 0123"]),
        ("15 07 700 900 123", ["07 700 900 123"]),
        ("0 7 7 0 0 9 0 0 1 2 3 15", ["0 7 7 0 0 9 0 0 1 2 3"]),
        ("15, oh seven seven double oh nine oh oh one two three", None),
        ("oh 07700 900123", ["07700 900123"]),
        ("15 +44 7700 900123 16", ["+44 7700 900123"]),
        ("14, 0113 496 0123", ["0113 496 0123"]),
        ("14 085 123 4567", ["085 123 4567"]),
        ("14, 415 555 2671", ["415 555 2671"]),
        ("1 2 3 4 5 6 7 8 9, 07700 900123", ["07700 900123"]),
        ("childline 0800 1111, 07700 900123", ["07700 900123"]),
        ("116 123 07700 900123", ["07700 900123"]),
        ("07700 900123, childline 0800 1111", ["07700 900123"]),
        ("07700 116123", ["07700 116123"]),
        ("07700 999 112", ["07700 999 112"]),
    ],
)
def test_a_number_is_found_beside_other_numbers(text: str, numbers: list[str] | None):
    (found,) = [signal for signal in read(text) if signal.rule == "phone_number"]

    assert [text[s.start : s.end] for s in found.spans] == (numbers or [text.split(", ")[1]])


@pytest.mark.parametrize(
    "text",
    [
        "born 17/12/2011, 15, leeds",
        "07/12/2026 10:30, 08/12/2026 11:30",
        "its 10:30, 11:45, 07:15, 07:45, 08:15",
        "0900-1700, 0900-1300, 1000 1600",
        "0715 0730 0745 0800 0815",
        "07 11 23 31 42 45, 07 12 13 34 41 49",
        "3-1, 2-0, 07-12, 10-11, 0-0",
        "£7.99, £12.50, £100, £1,250.00",
        "1,000,000,000 views, 15, 16",
        "2023, 2024, 2025, 2026, 2027",
        "15, 16, 17, 5.7, 60, 0.5, 120",
        "0 1 2 3 4 5 6 7 8 9 10 11",
        "0 1 2 3 4 5 6 7 8 9, 9 8 7 6 5 4 3 2 1 0",
        "3.14159 26535 89793, 07 3",
    ],
)
def test_numbers_that_stand_together_and_are_no_telephone_number_are_let_through(text: str):
    assert rules(text) == set()


@pytest.mark.parametrize("unit", ["0 ", "07,", "+4 ", "0113 496 ", "07700 90012 x ", "999 "])
def test_looking_for_numbers_is_not_slow_on_a_hostile_text(unit: str):
    folded = fold((unit * 100_000)[:100_000], stretch=0, apostrophes=False, leet=False)

    assert is_quick(
        lambda text: list(numbers_in(replace(folded, text=text), frozenset())), folded.text
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hi 🙂 insta dáisy_x ok", "insta dáisy_x"),
        ("I live on Green Lane, you?", "I live on Green Lane"),
        ("its LS14AP ok", "LS14AP"),
    ],
)
def test_the_place_of_a_name_is_known_in_the_original(text: str, found: str):
    span = read(text)[0].spans[0]

    assert text[span.start : span.end] == found


@settings(max_examples=60)
@given(st.text(st.characters(codec=None), max_size=120))
def test_any_text_is_read_and_spans_stay_inside(text: str):
    for signal in read(text):
        assert all(0 <= span.start < span.end <= len(text) for span in signal.spans)


@pytest.mark.parametrize(
    "unit", ["a.b@", "a", "add me ", "1 ", "my snap is ", "www.", "12 aaa ", "my tag is not "]
)
def test_no_detector_is_slow_on_a_hostile_text(unit: str):
    text = (unit * 100_000)[:100_000]
    for name, _, regexp in READER._detectors:
        assert is_quick(regexp.search, text), name
