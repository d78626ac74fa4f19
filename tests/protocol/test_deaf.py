"""A process whose line to Redis went quiet without a word hears again by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

from chat.kernel import doorbell as bells
from chat.kernel.doorbell import EVERYBODY, doorbell
from tests.faults.proxy import Proxy

pytestmark = [pytest.mark.real, pytest.mark.django_db]


@pytest.fixture
async def other_process() -> AsyncIterator[Any]:
    """A layer of its own, as another process has it."""
    layer: Any = channel_layers.make_backend("default")
    yield layer
    await layer.flush()


async def test_a_subscription_that_was_lost_without_a_word_is_made_again(
    monkeypatch: pytest.MonkeyPatch, other_process: Any
) -> None:
    monkeypatch.setattr(bells, "KNOCK_SECONDS", 0.2)
    monkeypatch.setattr(bells, "DEAF_SECONDS", 1.0)
    heard: list[int] = []
    bell = doorbell()
    bell.listen("topic", lambda topic, head: heard.append(head))

    async def rings(head: int, within: float) -> bool:
        until = time.monotonic() + within
        while head not in heard and time.monotonic() < until:
            await other_process.group_send(EVERYBODY, bells._parcel([("topic", head)], ""))
            await asyncio.sleep(0.1)
        return head in heard

    assert await rings(1, within=5)
    layer: Any = channel_layers["default"]
    group = layer._get_group_channel_name(EVERYBODY)
    await layer._get_shard(group)._pubsub.unsubscribe(group)
    await asyncio.sleep(0.3)
    assert not await rings(2, within=0.3), "it is deaf now"
    assert await rings(3, within=8)
    await bell.close()


@pytest.fixture
async def line_to_redis() -> AsyncIterator[Proxy]:
    """Between this process's own layer and its Redis."""
    proxy = await Proxy(urlsplit(settings.REDIS_URL).port or 6379).start()
    address = f"redis://127.0.0.1:{proxy.port}"
    hosts = [{"address": address, "socket_timeout": None}]
    ours = channel_layers.set("default", RedisPubSubChannelLayer(hosts=hosts, prefix="lantern"))
    yield proxy
    channel_layers.set("default", ours)
    await proxy.stop()


async def test_a_redis_that_takes_the_call_and_says_nothing_is_called_again(
    monkeypatch: pytest.MonkeyPatch, line_to_redis: Proxy, other_process: Any
) -> None:
    monkeypatch.setattr(bells, "LISTEN_WITHIN_SECONDS", 0.5)
    monkeypatch.setattr(bells, "KNOCK_SECONDS", 60.0)
    heard = asyncio.Event()
    line_to_redis.delay = 600.0
    bell = doorbell()
    bell.listen("topic", lambda topic, head: heard.set())
    async with asyncio.timeout(10):
        while not line_to_redis.pipes:
            await asyncio.sleep(0.01)
    line_to_redis.delay = 0.0
    async with asyncio.timeout(10):
        while not heard.is_set():
            await other_process.group_send(EVERYBODY, bells._parcel([("topic", 1)], ""))
            await asyncio.sleep(0.1)
    await bell.close()


async def test_a_quiet_line_that_works_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bells, "KNOCK_SECONDS", 0.2)
    monkeypatch.setattr(bells, "DEAF_SECONDS", 1.0)
    bell = doorbell()
    await asyncio.sleep(2.5)
    assert "doorbell" not in caplog.text
    await bell.close()


async def test_a_bell_that_was_closed_is_nobodys_bell(other_process: Any) -> None:
    """Else every ring of the process, from then on, would be for a bell that sends nothing."""
    await other_process.group_add(EVERYBODY, channel := await other_process.new_channel())
    old = doorbell()
    await old.close()
    bell = doorbell()
    assert bell is not old
    await asyncio.to_thread(bells.ring, "topic", 7)
    async with asyncio.timeout(5):
        parcel = await other_process.receive(channel)
        while not parcel["rings"]:  # A knock has none.
            parcel = await other_process.receive(channel)
    assert list(parcel["rings"][0]) == ["topic", 7]
    await bell.close()
