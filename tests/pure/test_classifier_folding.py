"""Folding: the same words, however they are written, with the way back to the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.classifiers.folding import fold, plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("I’m so TIRED", "i'm so tired"),
        ("k1ll my$elf", "kill myself"),
        ("kіll mуsеlf", "kill myself"),
        ("ｋｉｌｌ myself", "kill myself"),
        ("ki\u200bll my\u00adself", "kill myself"),
        ("k i l l myself", "kill myself"),
        ("s.u.i.c.1.d.e", "suicide"),
        ("5uicide", "suicide"),
        ("pleeeease stooop", "pleease stoop"),
        ("zalgo\u0335\u0341\u0301 text", "zalgo text"),
        ("café naïve", "cafe naive"),
        ("k!ll myself", "kill myself"),
        ("su!c|de", "suicide"),
        ("i want to d i e", "i want to die"),
        ("i k m s", "i kms"),
        ("ᴋɪʟʟ ᴍʏsᴇʟғ", "kill myself"),
        ("🅺🅸🅻🅻", "kill"),
        ("🇰 🇮 🇱 🇱", "kill"),
        ("🇰🇮🇱🇱", "kill"),
        ("ꓗꓲꓡꓡ ꓟꓬꓢꓰꓡꓝ", "kill myself"),
        ("sսicide", "suicide"),
        ("ꮶill", "kill"),
    ],
)
def test_disguised_words_are_read_as_what_they_are(written: str, read: str):
    assert fold(written).text == read


@pytest.mark.parametrize(
    "text",
    [
        *("year 11 in 2026", "gr8 m8 l8r b4", "привет как дела", "call 999 or 116123", "a b c"),
        *("wow!really", "yes|no", "hi!how are you", "kill!", "a, b, c", "x y z", "t e a", "i!"),
        *("go 🇬🇧 🇫🇷🇩🇪", "🇺🇸" * 30, "ωρα", "ա բ գ"),
    ],
)
def test_ordinary_numbers_short_forms_and_other_languages_stay(text: str):
    assert fold(text).text == text


def test_a_mark_read_as_a_letter_keeps_its_place():
    text = "❗️ k!ll 🅼🆈self"
    folded = fold(text)
    start = folded.text.index("kill")
    span = folded.span(start, start + 11)

    assert text[span.start : span.end] == "k!ll 🅼🆈self"


def test_apostrophes_can_be_dropped():
    assert fold("don't I’d", apostrophes=False).text == "dont id"


def test_emoji_are_read_by_name():
    assert plain("ok 😭") == "ok loudly crying face"


@given(st.text(max_size=200))
def test_every_folded_character_has_its_place_in_the_original(text: str):
    for folded in (fold(text), fold(text, stretch=0, leet=False), fold(text, stretch=1)):
        assert len(folded.text) == len(folded.origin)
        assert list(folded.origin) == sorted(folded.origin)
        assert all(0 <= place < len(text) for place in folded.origin)


@given(st.text(max_size=100), st.integers(0, 120), st.integers(0, 120))
def test_a_span_lies_inside_the_original(text: str, start: int, length: int):
    span = fold(text).span(start, start + length)

    assert 0 <= span.start <= span.end <= max(len(text), span.start)


def test_a_span_points_at_the_disguised_word():
    text = "i will k\u200b1ll myself"
    folded = fold(text)
    start = folded.text.index("kill")
    span = folded.span(start, start + 4)

    assert text[span.start : span.end] == "k\u200b1ll"


@given(st.text(st.characters(codec=None), max_size=100))
def test_plain_never_raises_and_leaves_no_control_signs(text: str):
    assert all(c.isprintable() for c in plain(text) if c.isascii())


@given(
    st.text(alphabet="ab cdI'`.-_*013457@$9!\n\t e", max_size=20),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
)
def test_the_short_way_folds_as_the_long_one_does(
    text: str, stretch: int, apostrophes: bool, leet: bool
):
    options = {"apostrophes": apostrophes, "leet": leet}
    short = fold(text, stretch=stretch, **options)
    # A look-alike at the end forces the long way, and stands for itself alone.
    long = fold(text + "|я", stretch=stretch, **options)

    assert long.text == short.text + "|я"
    assert long.origin[:-2] == short.origin
