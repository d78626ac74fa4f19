"""Whoever reads a private talk without belonging to it leaves a line in the audit."""

from __future__ import annotations

import pytest

from chat.actions.conversations import join_talk
from chat.actions.reading import TALK_READ
from chat.models import AuditRow, Conversation, User
from tests.cast import Cast
from tests.conftest import Hands, act
from tests.protocol.inside import Inside

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bell")]


def talk_of(cast: Cast) -> Conversation:
    talk = cast.asks_for_help(cast.ada).conversation
    join_talk(talk=talk, user=cast.cleo)
    cast.says(cast.ada, talk, "the hardest thing I ever said")
    return talk


def readings() -> list[tuple[int | None, str]]:
    rows = AuditRow.objects.filter(verb=TALK_READ).order_by("pk")
    return list(rows.values_list("actor_id", "subject"))


async def reads(user: User, talk: Conversation) -> None:
    inside = await Inside.ready(user, {"conversation": talk.pk})
    await inside.close()


async def test_that_a_shift_lead_follows_a_talk_is_written_down_with_who_and_what(
    live_cast: Cast,
) -> None:
    talk = act(talk_of, live_cast)
    lee = await Inside.open(live_cast.lee)
    await lee.resume({"conversation": talk.pk})
    shot = await lee.take("conversation.snapshot")
    assert "the hardest thing I ever said" in str(shot)
    assert act(readings) == [(live_cast.lee.pk, f"conversation:{talk.pk}")], "before it was shown"
    assert act(AuditRow.objects.first_break) is None
    await lee.close()


async def test_following_from_an_open_page_is_written_down_as_well(live_cast: Cast) -> None:
    talk = act(talk_of, live_cast)
    lee = await Inside.ready(live_cast.lee)
    assert act(readings) == []
    await lee.say("conversation.follow", conversation=talk.pk)
    await lee.take("conversation.snapshot")
    assert act(readings) == [(live_cast.lee.pk, f"conversation:{talk.pk}")]
    await lee.close()


async def test_a_line_that_breaks_is_one_reading_and_coming_back_later_is_another(
    live_cast: Cast, hands: Hands
) -> None:
    talk = act(talk_of, live_cast)
    await reads(live_cast.lee, talk)
    hands.forward(minutes=20)
    await reads(live_cast.lee, talk)
    assert len(act(readings)) == 1
    hands.forward(minutes=50)
    await reads(live_cast.lee, talk)
    assert len(act(readings)) == 2


async def test_who_belongs_to_a_talk_and_who_reads_a_space_is_not_written_down(
    live_cast: Cast,
) -> None:
    talk, thread = act(talk_of, live_cast), act(live_cast.thread)
    for user in (live_cast.ada, live_cast.cleo):
        await reads(user, talk)
    for user in (live_cast.ben, live_cast.lee):
        await reads(user, thread)
    assert act(readings) == []
