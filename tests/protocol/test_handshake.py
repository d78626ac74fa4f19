"""A phone's handshake does no work whose outcome nobody ever sees."""

from __future__ import annotations

from typing import Any

import pytest
from autobahn.websocket import protocol

from config.handshake import spare_the_list


def test_no_list_of_settings_is_drawn_up_for_a_log_that_nobody_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(protocol, "pformat", drawn.append)
    spare_the_list()

    vars(protocol)["pformat"]([("a", 1)])

    assert drawn == []
    made = protocol.WebSocketProtocol._connectionMade
    assert "pformat" in made.__code__.co_names, "Autobahn draws no list any more: take this out."
