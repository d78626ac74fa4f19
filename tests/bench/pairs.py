"""One-to-one talks: messages persisted, acknowledged and delivered, each sender one at a time."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from asgiref.sync import sync_to_async

from tests.bench import people
from tests.bench.crowd import MARK, Socket, connect, quantiles, stamp
from tests.bench.stage import Stage, cpu_seconds, on_sqlite

PAIRS = 200
KINDS = ("postgresql", "sqlite")
ACCEPTED = b'{"type":"message.accepted"'
ADVANCED = b'{"type":"conversation.advanced"'


class Talker:
    """One side of a pair: sends, waits until it is saved and on the other's screen, sends again."""

    def __init__(self, socket: Socket, say: Any, board: Board) -> None:
        self.socket = socket
        self.say = say
        self.board = board
        self.other: Talker | None = None
        self.acked = self.seen = True
        socket.on_frame = self.take

    def go(self) -> None:
        self.acked = self.seen = False
        self.say(self.socket)

    def take(self, payload: bytes) -> None:
        if payload.startswith(ACCEPTED):
            self.acked = True
            self.board.acked += 1
        elif MARK in payload and payload.startswith((ADVANCED, b'{"message"')):
            self._seen(payload)
        self._next()

    def _seen(self, payload: bytes) -> None:
        at = payload.find(MARK)
        while at >= 0:
            self._saw(int(payload[at + 2 : at + 21]))
            at = payload.find(MARK, at + 21)

    def _saw(self, sent: int) -> None:
        if self.other is not None and sent == self.board.sent.get(id(self.other)):
            self.other.seen = True
            self.board.delivered += 1
            self.board.latencies.append((time.monotonic_ns() - sent) / 1e6)
            self.other._next()
        elif not self.board.wants_ack and sent == self.board.sent.get(id(self)):
            self.acked = True
            self.board.acked += 1

    def _next(self) -> None:
        if self.acked and self.seen and self.board.running:
            self.go()


class Board:
    """What all talkers of a run share."""

    def __init__(self, *, wants_ack: bool) -> None:
        self.wants_ack = wants_ack
        self.running = True
        self.acked = self.delivered = 0
        self.latencies: list[float] = []
        self.sent: dict[int, int] = {}

    def body(self, talker: Talker) -> str:
        text = stamp()
        self.sent[id(talker)] = int(text[1:20])
        return text


async def ours(stage: Stage, *, seconds: float, webs: int = 1) -> dict[str, Any]:
    talks = await sync_to_async(people.pairs)(PAIRS)
    users = [user for _, one, other in talks for user in (one, other)]
    cookies = await sync_to_async(people.cookies_of)(users)
    await sync_to_async(people.awake)()
    with stage.ours(webs=webs) as ports:
        board = Board(wants_ack=True)
        talkers = []
        for number, cookie in enumerate(cookies):
            talk = talks[number // 2][0]
            socket = await connect(ports[number % len(ports)], "/socket", cookie)
            talkers.append(_talker_of_ours(socket, talk, board))
            follow = [{"conversation": talk}]
            proof = people.ticket(cookie)
            socket.say({"type": "session.resume", "ticket": proof, "follow": follow})
        processes = [stage.web(number) for number in range(webs)]
        return await _let_them_talk(talkers, board, processes, seconds)


def _talker_of_ours(socket: Socket, talk: int, board: Board) -> Talker:
    def say(line: Socket) -> None:
        body = board.body(talker)
        client_id = str(uuid.uuid4())
        send = {"client_id": client_id, "conversation": talk, "body": body}
        line.say({"type": "message.send", **send})

    talker = Talker(socket, say, board)
    return talker


async def naive(
    stage: Stage, *, seconds: float, database: str, save: bool, webs: int = 1
) -> dict[str, Any]:
    with stage.naives(webs, database=database, save=save) as rooms:
        board = Board(wants_ack=False)
        talkers = []
        for number in range(PAIRS * 2):
            port = rooms[number % webs][0]
            socket = await connect(port, f"/ws/chat/pair{number // 2}/", "")
            talkers.append(_naive_talker(socket, board))
        return await _let_them_talk(talkers, board, [process for _, process in rooms], seconds)


def _naive_talker(socket: Socket, board: Board) -> Talker:
    talker = Talker(socket, lambda line: line.say({"message": board.body(talker)}), board)
    return talker


async def _let_them_talk(
    talkers: list[Talker], board: Board, processes: list[Any], seconds: float
) -> dict[str, Any]:
    for one, other in zip(talkers[::2], talkers[1::2], strict=True):
        one.other, other.other = other, one
    await asyncio.sleep(2)
    before, began = sum(map(cpu_seconds, processes)), time.monotonic()
    for talker in talkers:
        talker.go()
    await asyncio.sleep(seconds)
    spent = time.monotonic() - began
    acked, delivered = board.acked, board.delivered
    cpu = sum(map(cpu_seconds, processes)) - before
    board.running = False
    for talker in talkers:
        talker.socket.close()
    await asyncio.sleep(0.5)
    return {
        "acked": acked,
        "delivered": delivered,
        "per_second": round(min(acked, delivered) / spent),
        "cpu_us_per_message": round(cpu * 1e6 / max(1, acked)),
        **quantiles(board.latencies),
    }


async def measure(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    """Ours and the naive room that saves, on both databases; the bare room beside them."""
    found: dict[str, dict[str, Any]] = {}
    found["ours, postgresql"] = await ours(stage, seconds=seconds)
    found["a saved, postgresql"] = await naive(
        stage, seconds=seconds, database=stage.naive_database(), save=True
    )
    found["ours, sqlite"] = await asyncio.to_thread(on_sqlite, seconds)
    found["a saved, sqlite"] = await naive(stage, seconds=seconds, database="", save=True)
    found["a"] = await naive(stage, seconds=seconds, database="", save=False)
    return found


async def two_web(stage: Stage, seconds: float) -> dict[str, dict[str, Any]]:
    """Two web processes beside one of ours, and beside the naive room that saves in two."""
    database = stage.naive_database()
    return {
        "ours, 2 web": await ours(stage, seconds=seconds, webs=2),
        "one web of ours": await ours(stage, seconds=seconds),
        "a saved, 2 web": await naive(stage, seconds=seconds, database=database, save=True, webs=2),
    }
