"""Hints that a brand's log grew: who wrote to it sends one after its commit, every process listens.

A NOTIFY inside the writing transaction would let writers wait for each other's commits, so hints go
over a connection of their own. What nobody told of, one relay per database finds and tells. Hints
may be lost or repeated; a reader that hears nothing looks by itself every few seconds, and what is
true is always in the log.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog

from app.core.database import CONNECT_SECONDS_MAX, STATEMENT_SECONDS_MAX
from app.core.outage import describe
from app.core.read_pool import ReadPool
from app.events.log import told_of_growth
from app.graphql.live import LogBounds

log = structlog.get_logger(__name__)

CHANNEL = "hashcart_log"
BRANDS_PER_HINT_MAX = 120
"""PostgreSQL refuses a NOTIFY payload of 8,000 bytes; a brand with its head takes about 60."""
RELAY_SECONDS_MIN, RELAY_SECONDS_MAX = 0.005, 0.05
"""How long the relay rests between looks: the longer, the longer nothing was new."""
LOOK_SECONDS_MAX = 2.0
"""How long a reader waits for a hint before it looks by itself."""
RETRY_SECONDS = 0.5
_RELAY_LOCK = 0x6861_7368_6C6F_67
"""The advisory lock of the one relay."""

_TELL = """
SELECT pg_notify($1, json_object_agg(brand_id, head)::text) FROM brand_log
WHERE brand_id = ANY($2::uuid[]) HAVING count(*) > 0
"""
_HEADS = "SELECT brand_id, head FROM brand_log"
_BOUNDS = "SELECT head, floor FROM brand_log WHERE brand_id = $1"


async def tell_own_growth(database_url: str, stop: asyncio.Event) -> None:
    """Send a hint of what this process commits, right after its commit, until *stop*."""
    grown = _Grown()
    ending = asyncio.ensure_future(stop.wait())
    ending.add_done_callback(lambda _: grown.wake.set())
    try:
        with told_of_growth(grown.add):
            while not stop.is_set():
                try:
                    async with _connection(database_url) as connection:
                        await _tell(connection, grown, stop)
                except Exception as error:
                    log.info("hints_interrupted", **describe(error))
                    await _pause(stop, RETRY_SECONDS)
    finally:
        ending.cancel()


class _Grown:
    """Brands whose logs this process wrote to since it told of them."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self._brand_ids: set[UUID] = set()

    def add(self, brand_ids: Collection[UUID]) -> None:
        self._brand_ids.update(brand_ids)
        self.wake.set()

    async def tell(self, connection: Any) -> None:
        """Send hints of all of them, for now; what could not be sent is sent another time."""
        brand_ids = list(self._brand_ids)
        self._brand_ids.clear()
        try:
            for start in range(0, len(brand_ids), BRANDS_PER_HINT_MAX):
                part = brand_ids[start : start + BRANDS_PER_HINT_MAX]
                await connection.execute(_TELL, CHANNEL, part)
        except BaseException:
            self.add(brand_ids)
            raise


async def _tell(connection: Any, grown: _Grown, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await grown.wake.wait()
        grown.wake.clear()
        await grown.tell(connection)


async def run_relay(database_url: str, stop: asyncio.Event) -> None:
    """Be the relay, or stand by until the one that is goes away.

    It tells what it did not hear of: of writers that died after their commit, or do not tell.
    """
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
    await connection.add_listener(CHANNEL, lambda *hint: _raise(told, _heads_in(hint[3])))
    rest = RELAY_SECONDS_MAX
    while not stop.is_set():
        heads: dict[UUID, int] = dict(await connection.fetch(_HEADS))
        news = [brand_id for brand_id, head in heads.items() if told.get(brand_id, -1) < head]
        for start in range(0, len(news), BRANDS_PER_HINT_MAX):
            part = {str(each): heads[each] for each in news[start : start + BRANDS_PER_HINT_MAX]}
            payload = orjson.dumps(part).decode()
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        _raise(told, heads)
        rest = RELAY_SECONDS_MIN if news else min(rest * 1.5, RELAY_SECONDS_MAX)
        await _pause(stop, rest)


def _heads_in(hint: object) -> dict[UUID, int]:
    return {UUID(brand_id): head for brand_id, head in orjson.loads(str(hint)).items()}


def _raise(known: dict[UUID, int], heads: Mapping[UUID, int]) -> None:
    """A head that is behind what is known is an old hint: logs only grow."""
    for brand_id, head in heads.items():
        known[brand_id] = max(head, known.get(brand_id, 0))


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
        heads = _heads_in(payload)
        _raise(self._heads, heads)
        for brand_id in heads:
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
        server_settings={
            "application_name": "hashcart feed",
            "timezone": "UTC",
            "synchronous_commit": "off",  # a hint may be lost: it need not wait for the disk
        },
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_SECONDS_MAX)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
