"""A few thousand frames of ``make fuzz``, in the suite."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cast import Cast
from tests.conftest import act
from tests.fuzz.throw import fuzz
from tests.servers import Site
from tests.sessions import session_of


@pytest.mark.servers
async def test_hostile_frames_leave_the_server_and_other_people_as_they_were(
    live_cast: Cast, live_site: Callable[..., Site]
) -> None:
    site = live_site(SOCKET_FRAMES="1000000").start_web()
    thread = act(lambda: live_cast.thread().pk)
    cookies = [act(session_of, live_cast.ada), act(session_of, live_cast.ben)]

    outcome = await fuzz(
        url=site.socket_url,
        process=site.web.pid,  # type: ignore[union-attr]
        cookies=cookies,
        watcher=act(session_of, live_cast.ben),
        conversation=thread,
        frames=6000,
        seed=7,
    )

    assert outcome.frames >= 6000
    assert outcome.bystander_looks > 0
    assert set(outcome.closes) <= {1002, 1007}, "only for what is no WebSocket text at all"
    assert outcome.grown_bytes < 8 * 1024 * 1024
    assert site.web.poll() is None  # type: ignore[union-attr]
