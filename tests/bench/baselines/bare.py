"""Baseline (c), the ceiling: a bare server that broadcasts what Redis hands it, encoded once.

It stores nothing, knows nobody and reads nothing.
"""

from __future__ import annotations

import asyncio
import sys

import redis.asyncio
from websockets.asyncio.server import ServerConnection, broadcast, serve


async def main(port: int, url: str) -> None:
    """Serve until killed."""
    client = redis.asyncio.Redis.from_url(url, socket_timeout=None)
    sockets: set[ServerConnection] = set()

    async def phone(socket: ServerConnection) -> None:
        sockets.add(socket)
        try:
            async for text in socket:
                await client.publish("room", text)
        finally:
            sockets.discard(socket)

    pubsub = client.pubsub()
    await pubsub.subscribe("room")
    async with serve(phone, "127.0.0.1", port, compression=None, ping_interval=None):
        async for message in pubsub.listen():
            if message["type"] == "message":
                broadcast(sockets, message["data"].decode())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
