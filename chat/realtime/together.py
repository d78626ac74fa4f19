"""What many phones ask within the same moment is asked of the database once.

After a tunnel, a deploy or a lost network everybody is back at once, and each asks the same few
questions. One query for a hundred of them costs little more than one for a single phone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError

from chat.kernel.db import run_db

Q = TypeVar("Q")
A = TypeVar("A")

TOGETHER = 100
"""Questions answered by one reading; nobody waits for a longer one."""

READERS = 2
"""Readings under way at once, so that a slow one does not hold up everybody."""


class Together(Generic[Q, A]):
    """``read`` gives one answer for each question, in their order, from what is in rows now.

    A question never joins a reading that has begun: its answer is newer than the question. Nobody
    is made to wait for company either. While the readers are busy company comes by itself.
    """

    def __init__(self, read: Callable[[Sequence[Q]], Sequence[A]]) -> None:
        self._read = read
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._reading = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, question: Q) -> A:
        """The answer, read after this call; raises what reading it raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if self._reading < READERS:
            self._reading += 1
            task = loop.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                group = self._waiting[:TOGETHER]
                del self._waiting[:TOGETHER]
                await self._answer([(q, answer) for q, answer in group if not answer.done()])
        finally:
            # In the same step as the last look: a question that comes next finds nobody reading
            # and begins a reading. Counting tasks instead, it would wait for one that has ended.
            self._reading -= 1

    async def _answer(self, group: list[tuple[Q, asyncio.Future[A]]]) -> None:
        if not group:
            return
        try:
            found = await run_db(self._read, [question for question, _ in group])
            answers = list(zip(group, found, strict=True))
        except (OperationalError, InterfaceError) as error:
            _fail(group, error)  # The database is away: it is for everybody.
        except Exception as error:  # noqa: BLE001 — each phone must hear that it failed.
            if len(group) == 1:
                _fail(group, error)
            for one in group if len(group) > 1 else ():
                await self._answer([one])  # One that cannot be read takes nobody along.
        else:
            for (_, answer), result in answers:
                if not answer.done():
                    answer.set_result(result)


def _fail(group: Sequence[tuple[object, asyncio.Future[A]]], error: Exception) -> None:
    for _, answer in group:
        if not answer.done():
            answer.set_exception(error)
