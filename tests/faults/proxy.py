"""A small TCP proxy between phones and a server, to cut and to delay what passes."""

from __future__ import annotations

import asyncio
import contextlib


class Proxy:
    """Forwards one port to another; ``delay`` seconds are added to every piece that passes."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.delay = 0.0
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.StreamWriter] = set()

    async def start(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    @property
    def pipes(self) -> int:
        """Connections that pass through just now."""
        return len(self._pipes) // 2

    def cut(self) -> int:
        """Cut every connection without a word; returns how many there were."""
        pipes, self._pipes = self._pipes, set()
        for writer in pipes:
            with contextlib.suppress(OSError):
                writer.transport.abort()
        return len(pipes) // 2

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        self.cut()

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            back.transport.abort()
            return
        self._pipes |= {back, forth}
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(self._pass_on(near, forth), self._pass_on(far, back))

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                sink.write(data)
                await sink.drain()
        except OSError:
            sink.transport.abort()
        finally:
            self._pipes.discard(sink)
            with contextlib.suppress(OSError, RuntimeError):
                sink.close()
