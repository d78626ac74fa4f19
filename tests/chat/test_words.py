"""What we say is true wherever it is said, and never a dead end."""

from __future__ import annotations

import re

import pytest

from chat import words

NEXT_STEP = re.compile(
    r"\b(try|reload|pick|tick|check|retype|write|send|start|fill|look|wait|could you|Help now)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("code", sorted(words.REFUSALS))
def test_every_refusal_names_a_next_step(code: str) -> None:
    assert NEXT_STEP.search(words.refusal(code)), words.refusal(code)


def test_nobody_is_promised_what_a_plain_form_cannot_keep() -> None:
    said = [str(one) for one in (*words.REFUSALS.values(), *words.ROLES.values())]
    assert [one for one in said if re.search("for you in a|again for you|been told", one)] == []
    assert [one for one in said if "tonight" in one] == [], "it is said at noon as well"


LINE = ("lost", "offline", "slow", "unanswered", "lost_page", "offline_page", "unanswered_page")


@pytest.mark.parametrize("state", LINE)
def test_staff_are_told_of_the_line_that_what_they_see_may_be_old(state: str) -> None:
    """Somebody who works from a list is promised nothing about words of theirs alone."""
    assert str(words.LIVE_STAFF[state]) != str(words.LIVE[state])


def test_a_page_that_must_be_loaded_anew_says_what_would_go_with_it() -> None:
    """Where words last as long as the page, to reload is to lose them."""
    assert "Copy" in str(words.LIVE["signed_out_page"])
