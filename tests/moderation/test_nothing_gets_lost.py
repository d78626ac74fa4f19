"""Random lives of messages: whatever waits for a person is in the list, exactly once."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from chat.actions.messages import edit_message, withdraw_message
from chat.kernel.errors import DomainError
from chat.models import Message, User
from moderation import readers
from moderation.actions.handover import hand_to_clinician
from moderation.actions.reviews import claim_review, claim_unread, decide_review, release_review
from moderation.classifiers.registry import Unbuilt
from moderation.listing import LISTED_AFTER, listing_for
from moderation.models import Review
from moderation.screening import screening_step
from moderation.unread import unread_step
from tests.conftest import Hands
from tests.moderation.room import CALM, DANGEROUS, RUDE, WITH_NUMBER, PhraseReader, Room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]

STEPS = 60
TEXTS = (CALM, DANGEROUS, RUDE, WITH_NUMBER)


class Lives:
    """One random thing after another, each through the real action."""

    def __init__(self, room: Room, hands: Hands, chance: random.Random) -> None:
        self.room, self.hands, self.chance = room, hands, chance
        self.moves: list[Callable[[], object]] = [
            self.write,
            self.write,
            screening_step,
            unread_step,
            self.wait,
            self.claim,
            self.claim,
            self.release,
            self.decide,
            self.edit,
            self.withdraw,
            self.hold_without_review,
            self.ask_clinician,
            self.break_or_mend_reader,
        ]

    def step(self) -> None:
        try:
            self.chance.choice(self.moves)()
        except DomainError:
            return  # Refused, as people are; the list must hold all the same.

    def author(self) -> User:
        return self.chance.choice([self.room.ada, self.room.ben])

    def moderator(self) -> User:
        return self.chance.choice([self.room.mo, self.room.lee])

    def message(self) -> Message | None:
        return self.chance.choice([*Message.objects.filter(author__role="young_person"), None])

    def review(self) -> Review | None:
        return self.chance.choice([*Review.objects.all(), None])

    def write(self) -> None:
        self.room.says(self.author(), self.chance.choice(TEXTS))

    def wait(self) -> None:
        self.hands.forward(seconds=self.chance.choice([3, 16, 61, 700]))

    def claim(self) -> None:
        items = listing_for(self.moderator(), now=self.hands.now).items
        if items:
            kind, _dash, number = self.chance.choice(items).key.partition("-")
            if kind == "review":
                claim_review(by=self.moderator(), review_id=int(number))
            else:
                claim_unread(by=self.moderator(), message_id=int(number))

    def release(self) -> None:
        if (review := self.review()) is not None:
            release_review(by=self.moderator(), review_id=review.pk)

    def decide(self) -> None:
        if (review := self.review()) is None:
            return
        decision = self.chance.choice(["publish", "remove"])
        decide_review(
            by=review.claimed_by or self.moderator(),
            review_id=review.pk,
            decision=decision,
            clause="within_rules" if decision == "publish" else "be_kind",
            version=review.version,
            revision=review.message.revision,
        )

    def edit(self) -> None:
        if (message := self.message()) is not None:
            edit_message(by=message.author, message_id=message.pk, body=self.chance.choice(TEXTS))

    def withdraw(self) -> None:
        if (message := self.message()) is not None:
            withdraw_message(by=message.author, message_id=message.pk)

    def hold_without_review(self) -> None:
        self.room.cast.held(self.author(), self.room.thread, CALM)

    def ask_clinician(self) -> None:
        if (review := self.review()) is not None and review.claimed_by is not None:
            hand_to_clinician(
                by=review.claimed_by, review_id=review.pk, revision=review.message.revision
            )

    def break_or_mend_reader(self) -> None:
        broken = Unbuilt("encoder", RuntimeError("gone"))
        readers.use_readers([self.chance.choice([PhraseReader(), broken])])


def listed_messages(room: Room, hands: Hands) -> list[int]:
    found = []
    for item in listing_for(room.mo, now=hands.now).items:
        kind, _dash, number = item.key.partition("-")
        is_review = kind == "review"
        found.append(Review.objects.get(pk=number).message_id if is_review else int(number))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_whatever_waits_for_a_person_is_in_the_list_exactly_once(
    room: Room, hands: Hands, seed: int
) -> None:
    lives = Lives(room, hands, random.Random(seed))
    for _ in range(STEPS):
        lives.step()
        listed = listed_messages(room, hands)
        waiting = Message.objects.filter(state__in=["pending", "held"])
        late = hands.now - LISTED_AFTER
        must = {m.pk for m in waiting if m.state == "held" or (m.due_at or late) <= late}
        assert len(listed) == len(set(listed))
        assert must <= set(listed) <= {m.pk for m in waiting}
