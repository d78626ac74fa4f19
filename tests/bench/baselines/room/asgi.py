"""The room of the Channels tutorial. The environment says how much it does besides:

``NAIVE_SAVE``: each message is saved through the ORM first; ``NAIVE_DETOXIFY``: and read inline by
``Detoxify.predict``; ``NAIVE_HISTORY``: so many lines are sent to whoever comes in.
"""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 — Django must be set up first.
from channels.db import database_sync_to_async  # noqa: E402, TID251 — as the naive way has it.
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from tests.bench.baselines.room.models import Line  # noqa: E402

SAVE = bool(os.environ.get("NAIVE_SAVE"))
DETOXIFY = bool(os.environ.get("NAIVE_DETOXIFY"))
HISTORY = int(os.environ.get("NAIVE_HISTORY", "0"))


@functools.cache
def detoxify() -> Any:
    """The library as its own page shows it, on the checkpoint that ships with us."""
    from pathlib import Path

    from moderation.classifiers.library import LibraryBackend

    return LibraryBackend(Path("moderation/checkpoints/lantern")).detoxify


if DETOXIFY:
    detoxify()  # Loaded before anybody comes: its seconds are not held against it.


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = f"chat_{self.room_name}"
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()
        if HISTORY:
            for text in await database_sync_to_async(self.last_lines)():
                await self.send(text_data=json.dumps({"message": text}))

    def last_lines(self) -> list[str]:
        lines = Line.objects.filter(room=self.room_name).order_by("-pk")[:HISTORY]
        return [line.text for line in reversed(lines)]

    async def disconnect(self, close_code: int) -> None:
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)

    async def receive(self, text_data: str) -> None:
        message = json.loads(text_data)["message"]
        if SAVE:
            await Line.objects.acreate(room=self.room_name, text=message)
        if DETOXIFY:
            await database_sync_to_async(detoxify().predict)(message)
        await self.channel_layer.group_send(
            self.room_group_name, {"type": "chat.message", "message": message}
        )

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps({"message": event["message"]}))


application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AuthMiddlewareStack(
            URLRouter([path("ws/chat/<room_name>/", ChatConsumer.as_asgi())])
        ),
    }
)
