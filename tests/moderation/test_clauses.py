"""Each rule a message can be removed for has kind words for its author, who is told the truth."""

from __future__ import annotations

import pytest

from chat.models import Message
from chat.states import Notice
from chat.words import NOTICES
from moderation.actions.reviews import claim_review, decide_review
from moderation.clauses import Clause, clauses_for
from moderation.states import Decision
from tests.moderation.room import Room, held


@pytest.mark.django_db
@pytest.mark.usefixtures("phrase_reader")
@pytest.mark.parametrize("clause", clauses_for(Decision.REMOVE), ids=lambda clause: clause.code)
def test_the_author_of_a_removed_message_is_told_which_rule_it_was(
    room: Room, clause: Clause
) -> None:
    review = claim_review(by=room.mo, review_id=held(room).pk)

    decide_review(
        by=room.mo,
        review_id=review.pk,
        decision=Decision.REMOVE,
        clause=clause.code,
        version=review.version,
        revision=1,
    )

    assert Message.objects.get(pk=review.message_id).notice == clause.notice
    assert str(NOTICES[clause.notice])


def test_no_two_rules_say_the_same_and_none_says_nothing() -> None:
    notices = [clause.notice for clause in clauses_for(Decision.REMOVE)]
    assert len(set(notices)) == len(notices)
    assert Notice.NONE not in notices


def test_nobody_is_told_that_they_alone_can_see_what_staff_can_see_too() -> None:
    assert [code for code, said in NOTICES.items() if "Only you can" in str(said)] == []
    for clause in clauses_for(Decision.REMOVE):
        assert "Only you and our team can see it" in str(NOTICES[clause.notice])
