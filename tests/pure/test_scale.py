"""One scale on both desks: how soon, what about, who saw it."""

from __future__ import annotations

import re

import pytest

from moderation.policy import URGENCIES as POLICY_URGENCIES
from moderation.scale import CHIPS, HARMS, READERS, URGENCIES, urgency_of_review
from moderation.states import TIERS, Harm
from tests.servers import ROOT
from triage.states import BANDS


def test_one_word_and_one_chip_for_each_urgency_of_either_desk() -> None:
    assert list(URGENCIES) == list(CHIPS) == [band.value for band in BANDS]
    assert list(URGENCIES) == [code for code in POLICY_URGENCIES if code]
    assert len({str(words) for words in URGENCIES.values()}) == len(URGENCIES)
    assert len(set(CHIPS.values())) == len(CHIPS)


def test_no_word_says_that_somebody_can_be_left() -> None:
    said = " ".join(str(words).lower() for words in (*URGENCIES.values(), *HARMS.values()))
    assert not re.search(r"\blow\b|\bminor\b|\brisk\b|\blater\b", said)


def test_everything_a_review_may_be_about_has_a_name_and_the_urgency_of_its_place() -> None:
    assert set(HARMS) == set(Harm)
    order = sorted(Harm, key=lambda harm: TIERS[harm])
    places = [list(URGENCIES).index(urgency_of_review(harm)) for harm in order]
    assert places == sorted(places)


@pytest.mark.parametrize("desk", ["moderation", "triage"])
def test_neither_desk_colours_an_urgency_by_itself(desk: str) -> None:
    for path in (ROOT / desk / "templates").rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        # The banner of what no machine has read yet is about no person.
        if path.name != "_banners.html":
            assert not re.search(r"badge-(danger|glow|dusk)", page), path.name


def test_readers_have_one_name_each() -> None:
    assert len({str(words) for words in READERS.values()}) == len(READERS)
