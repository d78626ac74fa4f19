"""The readers that ship, from an accepted message to its fate."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chat.kernel import clock
from chat.models import WorkerBeat
from chat.models.beat import SCREENING
from chat.states import MessageState, Notice
from moderation import readers
from moderation.models import Assessment, Review
from moderation.screening import screening_step
from tests.moderation.room import Room

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shipped_readers() -> Iterator[None]:
    readers.use_readers([])
    yield
    readers.use_readers([])


def test_the_shipped_readers_settle_what_people_write(room: Room) -> None:
    WorkerBeat.objects.all().delete()
    told = {
        "I am going to kill myself tonight": (MessageState.HELD, Notice.DOOR, "danger"),
        "you are a stupid idiot and everyone hates you": (
            MessageState.HELD,
            Notice.HELD_FOR_PERSON,
            "abuse",
        ),
        "text me on 07700 900123": (MessageState.HELD, Notice.CONTACT_DETAILS, "contact"),
        "The cat slept on my maths book": (MessageState.PUBLISHED, Notice.NONE, ""),
    }
    written = {words: room.says(room.ada, words) for words in told}
    screening_step()
    for words, (state, notice, harm) in told.items():
        message = written[words]
        message.refresh_from_db()
        assert (message.state, message.notice) == (state, notice)
        review = Review.objects.filter(message=message).first()
        assert (review.harm if review else "") == harm
        found = Assessment.objects.get(message=message)
        assert found.reasons[0]["words"]
        for start, end in found.reasons[0]["spans"]:
            assert 0 <= start < end <= len(words)
    assert WorkerBeat.objects.is_awake(SCREENING, now=clock.now())
    assert "encoder" in Assessment.objects.latest("pk").classifier_version
