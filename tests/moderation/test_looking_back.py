"""From single readings to a pattern: who has a look, at what, and what is never kept back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat.actions.conversations import start_thread
from chat.actions.messages import edit_message, publish_message
from chat.models import Conversation, Message
from chat.states import MessageState, Notice
from moderation import lookback, readers
from moderation.actions.reviews import claim_review, decide_review
from moderation.classifiers.approach import ApproachReader
from moderation.classifiers.base import ENCODER, Signal
from moderation.classifiers.labels import Label
from moderation.classifiers.registry import build_readers
from moderation.lookback import LINES, lookback_step
from moderation.models import Assessment, LookBack, PatternFinding, Review
from moderation.patterns_over_time import Code
from moderation.screening import screening_step
from moderation.states import Harm
from tests.cast import settle
from tests.conftest import Hands
from tests.moderation.room import CALM, DANGEROUS, WITH_NUMBER, PhraseReader, Room
from triage.intake import intake_step
from triage.models import Case, CaseSource

AGE, SECRET, PICTURE = "how old are you", "dont tell your mum about me", "send me a pic of you"


@pytest.fixture(autouse=True)
def _read_with_phrases_and_approaches() -> Iterator[None]:
    readers.use_readers([PhraseReader(), ApproachReader()])
    yield
    readers.use_readers([])


@pytest.fixture
def bens(room: Room) -> Conversation:
    """A thread that Ben began."""
    thread = start_thread(by=room.ben, space=room.space, client_id=uuid.uuid4(), body="hi all")
    assert thread.opening_message is not None
    settle(thread.opening_message, publish=True)
    return thread


def read_everything() -> None:
    while screening_step():
        continue
    while lookback_step():
        continue


def says(room: Room, where: Conversation, *words: str) -> list[Message]:
    """Ada says all this, one after the other, and each is read at once."""
    said = []
    for one in words:
        said.append(room.cast.says(room.ada, where, one, read=False))
        read_everything()
    for message in said:
        message.refresh_from_db()
    return said


def test_lines_that_pass_one_by_one_bring_a_review_and_a_case_together(
    room: Room, bens: Conversation
) -> None:
    age, secret = says(room, bens, AGE, SECRET)
    finding = PatternFinding.objects.get(code=Code.GROOMING)
    assert {one["message"] for one in finding.evidence} == {age.pk, secret.pk}
    assert (age.state, secret.state) == (MessageState.PUBLISHED, MessageState.HELD)
    assert secret.notice == Notice.HELD_FOR_PERSON
    review = Review.objects.get()
    assert (review.message_id, review.harm) == (secret.pk, Harm.SAFEGUARDING)
    assert finding.case_about == room.ben
    intake_step()
    case = Case.objects.get()
    assert case.person == room.ben
    assert case.reasons[0]["words"] == "Somebody may be trying to draw them away, step by step"
    assert CaseSource.objects.get().message_id is None


def test_nothing_is_held_on_one_line_alone(room: Room, bens: Conversation) -> None:
    for number, words in enumerate((AGE, SECRET, PICTURE)):
        (message,) = says(room, bens, words)
        assert Assessment.objects.get(message=message).action == "publish"
        if not number:
            assert message.state == MessageState.PUBLISHED
            assert not PatternFinding.objects.exists()


def test_looking_again_at_the_same_messages_changes_nothing(room: Room, bens: Conversation) -> None:
    says(room, bens, AGE, SECRET)
    before = list(PatternFinding.objects.values())
    LookBack.objects.update(due_at=before[0]["found_at"])
    lookback_step()
    assert list(PatternFinding.objects.values()) == before
    assert Review.objects.count() == 1


def test_more_of_the_same_grows_the_finding_and_opens_no_second_case(
    room: Room, bens: Conversation
) -> None:
    says(room, bens, AGE, SECRET)
    intake_step()
    says(room, bens, PICTURE)
    intake_step()
    finding = PatternFinding.objects.get(code=Code.GROOMING)
    assert len({one["message"] for one in finding.evidence}) == 3
    assert Case.objects.count() == 1


def test_a_pattern_that_goes_on_another_day_is_found_anew(
    room: Room, bens: Conversation, hands: Hands
) -> None:
    says(room, bens, AGE, SECRET)
    hands.forward(hours=30)
    says(room, bens, PICTURE)
    assert PatternFinding.objects.filter(code=Code.GROOMING).count() == 2


def test_what_a_moderator_decided_stays_decided(room: Room, bens: Conversation) -> None:
    _age, secret = says(room, bens, AGE, SECRET)
    review = claim_review(by=room.mo, review_id=Review.objects.get().pk)
    decide_review(
        by=room.mo, review_id=review.pk, decision="publish", clause="within_rules",
        version=review.version, revision=secret.revision,
    )  # fmt: skip
    LookBack.objects.update(due_at=review.opened_at)
    PatternFinding.objects.all().delete()
    lookback_step()
    secret.refresh_from_db()
    assert secret.state == MessageState.PUBLISHED


def test_a_held_message_moves_up_the_list_when_it_completes_a_pattern(
    room: Room, bens: Conversation
) -> None:
    _first, _second, third = says(room, bens, AGE, SECRET, f"{WITH_NUMBER} {SECRET}")
    assert Review.objects.get(message=third).harm == Harm.SAFEGUARDING


def test_private_talks_are_never_kept_back(room: Room) -> None:
    for words in (AGE, SECRET, PICTURE):
        room.says_privately(room.ada, words)
        read_everything()
    assert PatternFinding.objects.filter(code=Code.GROOMING).exists()
    assert not Message.objects.filter(state=MessageState.HELD).exists()
    assert not Review.objects.exists()


def test_days_that_get_heavier_open_a_case_for_the_writer(room: Room, hands: Hands) -> None:
    for _ in range(3):
        message = room.says(room.ada, DANGEROUS)
        read_everything()
        hands.forward(hours=2)
    intake_step()
    finding = PatternFinding.objects.get(code=Code.RISING_DISTRESS)
    assert finding.case_about == room.ada
    assert finding.newest_message_id == message.pk
    assert CaseSource.objects.filter(kind="pattern", message_id=message.pk).exists()
    assert Case.objects.get().person == room.ada


class UsedTo:
    """Stands where the encoder stands: it sees the past far more clearly than any danger."""

    name, version = ENCODER, "used-to"

    def read(self, texts: Sequence[str]) -> list[tuple[Signal, ...]]:
        return [tuple(self._signals(text)) for text in texts]

    def _signals(self, text: str) -> Iterator[Signal]:
        if "so low" in text:
            yield Signal(Label.IDEATION, 0.9, self.name, self.version)
        if "used to" in text:
            yield Signal(Label.PAST_OR_RECOVERY, 0.9, self.name, self.version)


@pytest.mark.parametrize(
    ("words", "heavier"),
    [("i used to feel so low", False), (f"i used to feel so low, {DANGEROUS}", True)],
)
def test_what_is_told_as_over_is_no_heavy_day_unless_danger_is_said_outright(
    words: str, heavier: bool, room: Room
) -> None:
    readers.use_readers([PhraseReader(), ApproachReader(), UsedTo()])
    for _ in range(3):
        room.says(room.ada, words)
        read_everything()
    assert PatternFinding.objects.filter(code=Code.RISING_DISTRESS).exists() == heavier


def test_a_story_written_over_it_takes_back_no_heavy_day(room: Room) -> None:
    readers.use_readers([PhraseReader(), ApproachReader(), UsedTo()])
    for _ in range(3):
        message = room.says(room.ada, "i feel so low")
        read_everything()
        edit_message(by=room.ada, message_id=message.pk, body="i used to feel so low")
        read_everything()
    LookBack.objects.update(due_at=message.created_at)
    PatternFinding.objects.all().delete()
    lookback_step()
    assert PatternFinding.objects.filter(code=Code.RISING_DISTRESS).exists()


def test_staff_who_talk_about_these_things_are_not_looked_at(room: Room) -> None:
    room.says(room.mo, AGE)
    read_everything()
    assert not LookBack.objects.exists()


def test_the_batch_pays_one_statement_for_looking_back(room: Room) -> None:
    for person in (room.ada, room.ben):
        for _ in range(5):
            room.says(person, CALM)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        screening_step()
    spent = [q["sql"] for q in queries.captured_queries if "lookback" in q["sql"]]
    assert len(spent) == 1
    assert LookBack.objects.count() == 2


def test_looking_back_reads_a_bounded_number_of_rows_in_two_queries(
    room: Room, bens: Conversation
) -> None:
    for number in range(LINES + 10):
        message = room.cast.says(room.ada, bens, CALM, read=False)
        Assessment.objects.create(
            message=message, revision=1, action="publish", harm="routine", notice="none",
            scores={"asks_age": 0.9}, classifier_version="t", policy_version="t",
            created_at=message.created_at,
        )  # fmt: skip
        assert number >= 0
    with CaptureQueriesContext(connection) as queries:
        found = lookback.lines_of([room.ada.pk, room.ben.pk], now=message.created_at)
    assert len(queries) == 2
    assert len(found[room.ada.pk]) == LINES
    assert message.pk in {line.message_id for line in found[room.ada.pk]}


@pytest.mark.parametrize("between", [CALM, "i feel so low", "how old are u"])
def test_an_evening_of_other_lines_hides_no_approach(
    between: str, room: Room, bens: Conversation
) -> None:
    readers.use_readers([PhraseReader(), ApproachReader(), UsedTo()])
    says(room, bens, SECRET)
    room.cast.says_all(room.ada, bens, [between] * LINES, read=False)
    read_everything()
    says(room, bens, AGE)
    assert PatternFinding.objects.get(code=Code.GROOMING).case_about == room.ben


def test_a_message_changed_again_and_again_hides_no_other(room: Room, bens: Conversation) -> None:
    says(room, bens, SECRET)
    (message,) = says(room, room.thread, CALM)
    for number in range(LINES):
        edit_message(by=room.ada, message_id=message.pk, body=f"{SECRET} {number}")
        read_everything()
    says(room, bens, AGE)
    finding = PatternFinding.objects.get(code=Code.GROOMING, case_about=room.ben)
    assert len({one["message"] for one in finding.evidence}) == 2


def test_words_that_were_changed_still_count_once(room: Room, bens: Conversation) -> None:
    (message,) = says(room, bens, AGE)
    edit_message(by=room.ada, message_id=message.pk, body=SECRET)
    read_everything()
    (line,) = lookback.lines_of([room.ada.pk], now=message.created_at)[room.ada.pk]
    assert {"asks_age", "asks_secrecy"} <= set(line.scores)
    assert not PatternFinding.objects.exists()


def test_somebody_who_writes_meanwhile_is_looked_at_again(
    room: Room, bens: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_everything()
    room.cast.says(room.ada, bens, AGE, read=False)
    screening_step()
    fetch = lookback.lines_of

    def slow(*args, **kwargs):  # type: ignore[no-untyped-def]
        found = fetch(*args, **kwargs)
        room.cast.says(room.ada, bens, SECRET, read=False)
        screening_step()
        return found

    monkeypatch.setattr(lookback, "lines_of", slow)
    assert lookback_step() == 0
    monkeypatch.setattr(lookback, "lines_of", fetch)
    assert lookback_step() == 1
    assert PatternFinding.objects.filter(code=Code.GROOMING).exists()


def test_no_row_holds_a_word_and_both_pages_tell_it_in_words(
    room: Room, bens: Conversation, client: Client
) -> None:
    _age, secret = says(room, bens, AGE, f"{SECRET} zanzibar")
    intake_step()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM moderation_patternfinding")
        assert "zanzibar" not in json.dumps(cursor.fetchall(), default=str)
    client.force_login(room.mo)
    page = client.get(f"/moderation/{Review.objects.get(message=secret).pk}").content.decode()
    assert "Several messages of theirs together may draw somebody away" in page
    assert "Nothing that we look for was found" not in page
    assert "They may be trying to draw a young person away, step by step" in page
    assert "asked somebody&#x27;s age" in page
    client.force_login(room.lee)
    page = client.get(f"/triage/cases/{Case.objects.get().pk}").content.decode()
    assert "Somebody may be trying to draw them away, step by step" in page
    assert "written by Ada" in page
    assert "zanzibar" not in page


def test_the_real_readers_see_the_parts_and_hold_none_of_them(db: None) -> None:
    (reader,) = build_readers(names=["approach"])
    seen = {
        "how old are u": "asks_age",
        "wots ur age": "asks_age",
        "dont tell anyone about us ok": "asks_secrecy",
        "can u send me a cute pic": "asks_picture",
        "r u home alone": "asks_alone",
        "i can buy you some robux": "offers_gift",
        "ur so mature for 13": "flatters_age",
    }
    for words, label in seen.items():
        assert [signal.label for signal in reader.read([words])[0]][:1] == [label], words
    for words in ("i feel old today", "my mum is home", "he sent a pic of his dog", "", "\ud800"):
        assert reader.read([words]) == [()], words


def test_a_message_published_by_a_person_can_be_kept_again_if_no_review_decided_it(
    room: Room, bens: Conversation
) -> None:
    message = room.cast.says(room.ada, bens, AGE, read=False)
    publish_message(message=message, by=room.mo)
    read_everything()
    says(room, bens, SECRET)
    assert Review.objects.get().harm == Harm.SAFEGUARDING
