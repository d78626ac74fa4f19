"""What moderators' decisions say of the machine, week by week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from django.test import Client

from chat.kernel import clock
from moderation.actions.assessments import ASKED
from moderation.classifiers.labels import Label
from moderation.clauses import CLAUSES, clauses_for
from moderation.models import Assessment, Review
from moderation.quality import CONFIRMED_BY, CONTRADICTED_BY, weekly_precision
from moderation.states import Decision, ReviewStatus
from tests.moderation.room import RUDE, Room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]


def decided(
    room: Room,
    count: int,
    clause: str,
    *,
    days: float = 1.0,
    labels: Sequence[str] = (Label.INSULT,),
    code: str = "",
) -> None:
    """So many messages with these labels that a moderator decided about by this rule."""
    for _ in range(count):
        message = room.says(room.ada, RUDE)
        reasons = [{"label": n, "code": code or n, "words": "w", "spans": []} for n in labels]
        assessment = Assessment.objects.create(
            message=message, revision=1, action="hold", harm="abuse", notice="held_for_person",
            reasons=reasons, classifier_version="t", policy_version="t", created_at=clock.now(),
        )  # fmt: skip
        at = clock.now() - dt.timedelta(days=days)
        Review.objects.create(
            message=message, assessment=assessment, status=ReviewStatus.DECIDED, harm="abuse",
            tier=2, opened_at=at, answer_by=at, decided_at=at, decided_by=room.mo,
            decision=CLAUSES[clause].decision, clause=clause,
        )  # fmt: skip


def figures() -> dict[str, tuple[int, int]]:
    """Of each label this week: how often it was right, of how many."""
    lines = weekly_precision(clock.now())
    return {line.label: (w.hits, w.of) for line in lines if (w := line.weeks[0]) is not None}


def test_weekly_precision_comes_with_its_interval_and_small_cells_are_not_shown(
    room: Room, client: Client
) -> None:
    decided(room, 9, "be_kind")
    decided(room, 3, "within_rules")
    decided(room, 5, "keep_private")
    decided(room, 4, "be_kind", days=10)
    (line,) = weekly_precision(clock.now())
    newest, older = line.weeks[0], line.weeks[1]
    assert newest is not None
    assert older is not None
    assert (newest.hits, newest.of) == (9, 12)
    assert (round(newest.low, 3), round(newest.high, 3)) == (0.468, 0.911)
    assert older.small
    client.force_login(room.mo)
    page = client.get("/moderation/machine").content.decode()
    assert "9 of 12 (47 to 91 %)" in page
    assert "too few" in page
    assert "4 of 4" not in page


def test_recovery_that_is_published_as_recovery_was_seen_right(room: Room) -> None:
    decided(room, 10, "recovery_welcome", labels=[Label.PAST_OR_RECOVERY])
    assert figures() == {Label.PAST_OR_RECOVERY: (10, 10)}
    decided(room, 1, "within_rules", labels=[Label.PAST_OR_RECOVERY])
    assert figures() == {Label.PAST_OR_RECOVERY: (10, 11)}


def test_danger_published_as_feelings_or_recovery_is_not_called_wrong(room: Room) -> None:
    both = [Label.SELF_HARM, Label.PAST_OR_RECOVERY]
    decided(room, 10, "recovery_welcome", labels=both)
    decided(room, 10, "feelings_welcome", labels=[Label.IDEATION])
    assert figures() == {}
    decided(room, 2, "person_first", labels=both)
    decided(room, 1, "within_rules", labels=both)
    assert figures() == {Label.SELF_HARM: (2, 3)}


def test_abuse_that_was_only_somebody_hurting_is_called_wrong(room: Room) -> None:
    decided(room, 2, "feelings_welcome")
    decided(room, 3, "no_threats")
    assert figures() == {Label.INSULT: (3, 5)}


def test_what_only_came_along_is_not_counted(room: Room) -> None:
    along = [Label.INSULT, Label.DISTRESS, Label.WORRIED_ABOUT_FRIEND, Label.OBSCENE]
    decided(room, 4, "be_kind", labels=along)
    decided(room, 3, "within_rules", labels=along)
    decided(room, 2, "feelings_welcome", labels=[Label.DISTRESS])
    assert figures() == {Label.INSULT: (4, 7), Label.DISTRESS: (2, 2)}


def test_whom_a_moderator_hands_to_a_clinician_the_machine_was_right_about(room: Room) -> None:
    seen = [Label.IDEATION, Label.INSULT]
    decided(room, 1, "feelings_welcome", labels=seen, code=ASKED)
    decided(room, 1, "within_rules", labels=seen, code=ASKED)
    assert figures() == {Label.IDEATION: (2, 2), Label.INSULT: (0, 2)}


def test_the_page_says_what_is_counted(room: Room, client: Client) -> None:
    client.force_login(room.mo)
    page = client.get("/moderation/machine").content.decode()
    assert "published as hard feelings or as getting better says nothing about danger" in page
    assert "only came along" in page


def test_every_rule_that_a_removal_rests_on_says_which_labels_it_confirms() -> None:
    removing = {clause.code for clause in clauses_for(Decision.REMOVE)}
    assert removing <= set(CONFIRMED_BY)
    assert set(CONFIRMED_BY) | set(CONTRADICTED_BY) <= set(CLAUSES)
