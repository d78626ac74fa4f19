"""Nobody in crisis is told to keep a word that wounds, as one of the six that bring them back."""

from __future__ import annotations

import math

from mnemonic import Mnemonic

from chat.actions.people import PHRASE_WORDS
from chat.phrase_words import NOT_TO_KEEP, WORDS

NEVER = """
razor blade pill pistol rifle gun knife bomb shoot weapon poverty hurt injury abuse useless
fat ugly skinny diet dose drug alcohol alone despair victim stupid
"""


def test_no_phrase_names_a_way_to_be_hurt_or_calls_somebody_something() -> None:
    wounding = sorted(set(NEVER.split()) & set(WORDS))
    assert not wounding, f"do not ask anybody in crisis to keep these words: {wounding}"


def test_every_word_left_out_is_one_of_the_standard_list() -> None:
    """A word that is not there, or no longer, would only look as if it were kept away."""
    assert set(Mnemonic("english").wordlist) >= NOT_TO_KEEP


def test_what_is_left_is_out_of_reach_of_guessing() -> None:
    assert len(WORDS) == len(set(WORDS))
    assert PHRASE_WORDS * math.log2(len(WORDS)) >= 64
