"""Hints that a brand's log grew: one relay per database sends them, every process listens.

Hints may be lost or repeated; a reader that hears nothing looks by itself every few seconds, and
what is true is always in the log.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog

from app.core.database import CONNECT_SECONDS_MAX, STATEMENT_SECONDS_MAX, ReadPool
from app.core.outage import describe
from app.graphql.live import LogBounds

log = structlog.get_logger(__name__)

CHANNEL = "hashcart_log"
HINT_BYTES_MAX = 7_500
"""PostgreSQL refuses a NOTIFY payload of 8,000 bytes."""
RELAY_SECONDS_MIN, RELAY_SECONDS_MAX = 0.005, 0.05
"""How long the relay rests between looks: the longer, the longer nothing was new."""
LOOK_SECONDS_MAX = 2.0
"""How long a reader waits for a hint before it looks by itself."""
RETRY_SECONDS = 0.5
_RELAY_LOCK = 0x6861_7368_6C6F_67
"""The advisory lock of the one relay."""

_HEADS = "SELECT brand_id, head FROM brand_log"
_BOUNDS = "SELECT head, floor FROM brand_log WHERE brand_id = $1"


async def run_relay(database_url: str, stop: asyncio.Event) -> None:
    """Be the relay, or stand by until the one that is goes away."""
    while not stop.is_set():
        try:
            async with _connection(database_url) as connection:
                await _relay(connection, stop)
        except Exception as error:
            log.info("relay_interrupted", **describe(error))
        await _pause(stop, RETRY_SECONDS)


async def _relay(connection: Any, stop: asyncio.Event) -> None:
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _RELAY_LOCK):
        await _pause(stop, RETRY_SECONDS)
        if stop.is_set():
            return
    told: dict[UUID, int] = {}
    rest = RELAY_SECONDS_MAX
    while not stop.is_set():
        heads = {row[0]: row[1] for row in await connection.fetch(_HEADS)}
        news = {str(brand): head for brand, head in heads.items() if told.get(brand) != head}
        for payload in _payloads(news):
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        told = heads
        rest = RELAY_SECONDS_MIN if news else min(rest * 1.5, RELAY_SECONDS_MAX)
        await _pause(stop, rest)


def _payloads(news: dict[str, int]) -> list[str]:
    found, part = [], {}
    for brand, head in news.items():
        part[brand] = head
        if len(part) * 60 > HINT_BYTES_MAX:
            found.append(orjson.dumps(part).decode())
            part = {}
    return [*found, orjson.dumps(part).decode()] if part else found


class Feed:
    """The newest heads this process heard of; wakes whoever waits for more."""

    def __init__(self, database_url: str, pool: ReadPool) -> None:
        self._url = database_url
        self._pool = pool
        self._heads: dict[UUID, int] = {}
        self._waiting: defaultdict[UUID, asyncio.Event] = defaultdict(asyncio.Event)

    async def bounds(self, brand_id: UUID) -> LogBounds:
        """Head and floor of the brand's log, as the primary says now."""
        row = await self._pool.fetchrow(_BOUNDS, brand_id)
        return LogBounds(0, 0) if row is None else LogBounds(row[0], row[1])

    async def head_beyond(self, brand_id: UUID, seq: int) -> int:
        """The brand's head once it is greater than *seq*, or after `LOOK_SECONDS_MAX` as it is."""
        known = self._heads.get(brand_id, 0)
        if known > seq:
            return known
        event = self._waiting[brand_id]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS_MAX):  # `wait_for` may swallow a cancellation
                await event.wait()
            known = self._heads.get(brand_id, 0)
            if known > seq:
                return known
        return (await self.bounds(brand_id)).head

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until *stop*, again and again when the connection breaks."""
        while not stop.is_set():
            try:
                async with _connection(self._url) as connection:
                    await self._listen(connection, stop)
            except Exception as error:
                log.info("feed_interrupted", **describe(error))
            self._wake_all()
            await _pause(stop, RETRY_SECONDS)

    async def _listen(self, connection: Any, stop: asyncio.Event) -> None:
        await connection.add_listener(CHANNEL, self._on_hint)
        self._wake_all()  # what was said while nobody listened is in the log
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())
        waits = [asyncio.ensure_future(each.wait()) for each in (stop, closed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _on_hint(self, connection: object, process: int, channel: str, payload: object) -> None:
        for brand, head in orjson.loads(str(payload)).items():
            brand_id = UUID(brand)
            self._heads[brand_id] = max(head, self._heads.get(brand_id, 0))
            self._wake(brand_id)

    def _wake(self, brand_id: UUID) -> None:
        waiting = self._waiting.pop(brand_id, None)
        if waiting is not None:
            waiting.set()

    def _wake_all(self) -> None:
        for brand_id in list(self._waiting):
            self._wake(brand_id)


@asynccontextmanager
async def _connection(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(
        database_url,
        timeout=CONNECT_SECONDS_MAX,
        command_timeout=STATEMENT_SECONDS_MAX,
        server_settings={"application_name": "hashcart feed", "timezone": "UTC"},
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_SECONDS_MAX)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
