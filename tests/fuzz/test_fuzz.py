"""A few thousand frames of ``make fuzz``, in the suite."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chat.actions.people import start_young_person
from chat.models import Message
from tests.cast import Cast
from tests.conftest import act
from tests.fuzz.__main__ import EXPECTED_CLOSES, MOST_GROWTH
from tests.fuzz.frames import OVERSIZED
from tests.fuzz.throw import fuzz
from tests.servers import Site
from tests.sessions import session_of


@pytest.mark.servers
@pytest.mark.real
async def test_hostile_frames_leave_the_server_and_other_people_as_they_were(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site(SOCKET_FRAMES="1000000").start_web()
    thread = act(lambda: live_cast.thread().pk)
    bystander = act(lambda: start_young_person(nickname="Bystander", age_band="16-17")[0])
    before = act(Message.objects.count)
    cookies = [act(session_of, live_cast.ada), act(session_of, live_cast.ben)]

    outcome = await fuzz(
        url=site.socket_url,
        process=site.web.pid,  # type: ignore[union-attr]
        cookies=cookies,
        watcher=act(session_of, bystander),
        conversation=thread,
        frames=6000,
        seed=7,
    )

    assert outcome.frames >= 6000
    assert outcome.bystander_ok, outcome.bystander_saw
    assert outcome.bystander_looks > 0
    assert set(outcome.closes) <= EXPECTED_CLOSES
    too_large = sum(outcome.by_kind[kind] for kind in OVERSIZED)
    ended = outcome.closes[1009] + outcome.closes[1006]
    assert ended == too_large > 4, "each of them, and nothing else"
    saved = act(Message.objects.count) - before
    assert 0 < saved <= outcome.by_kind["saved"]
    assert outcome.answers["message.accepted"] > 0
    assert outcome.grown_bytes < MOST_GROWTH
    assert site.web.poll() is None  # type: ignore[union-attr]
