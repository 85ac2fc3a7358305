"""The walk of a payload, for tests: signed to the real door, decided and answered by a real worker.

The corpus's world is loaded once for a run and cloned for each test, since commits are real here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import orjson
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.cli.seed import seed_world
from app.core import clock
from app.core.resources import Resources, open_resources
from app.core.settings import Settings
from app.ingest.desk import Desk
from app.ingest.inbox import Inbox
from app.ingest.lanes import Lanes
from app.ingest.routes import ingest_router
from app.worker import run_worker
from app.x.signature import SIGNATURE_HEADER, sign
from tests.databases import cloned, created, with_database

CORPUS = Path(__file__).parent / "corpus"
DOOR = "/ingest/x/webhook"
SECRET = "consumer_secret_for_tests"
SETTLE_SECONDS_MAX = 60.0
POLL_SECONDS = 0.01

_UNSETTLED = """
SELECT EXISTS (SELECT FROM inbox WHERE decided_at IS NULL AND quarantined_at IS NULL)
    OR EXISTS (SELECT FROM cart_intent WHERE status = 'QUEUED' OR remove_due_at IS NOT NULL)
    OR EXISTS (SELECT FROM shoppable_tweet WHERE status = 'DETECTED')
    OR EXISTS (SELECT FROM tweet_link WHERE next_look_at IS NOT NULL)
    OR EXISTS (SELECT FROM product WHERE NOT tweets_judged)
    OR EXISTS (SELECT FROM standing WHERE spreads)
    OR EXISTS (
        SELECT FROM cart_intent AS intent
        JOIN brand ON brand.id = intent.brand_id
        JOIN engagement
            ON engagement.brand_id = intent.brand_id AND engagement.id = intent.engagement_id
        JOIN tweet_version AS version ON version.xid = engagement.parent_xid
            OR (
                brand.resolve_depth = 'THREAD_ROOT' AND version.brand_id = intent.brand_id
                AND version.xid = engagement.conversation_xid
            )
        WHERE intent.status = 'RECEIVED'
    )
"""
"""What is still to run by itself: nothing here waits for a person, or for its time to be over."""


_KEEP = """
CREATE SCHEMA kept;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version'
    LOOP EXECUTE format('CREATE TABLE kept.%1$I AS TABLE public.%1$I', name); END LOOP;
END $$
"""

_PUT_BACK = """
SET session_replication_role = replica;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'kept'::regnamespace LOOP
        EXECUTE format('DELETE FROM public.%1$I', name);
        EXECUTE (
            SELECT format('INSERT INTO public.%1$I (%2$s) SELECT %2$s FROM kept.%1$I',
                name, string_agg(quote_ident(attname), ', '))
            FROM pg_attribute
            WHERE attrelid = format('public.%I', name)::regclass
                AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        );
    END LOOP;
END $$
"""
"""Foreign keys are not checked meanwhile: the rows were whole when they were kept."""


def read_corpus(name: str) -> Any:
    """A file of the corpus."""
    return orjson.loads((CORPUS / name).read_bytes())


def a_reply(**changes: Any) -> dict[str, Any]:
    """A tagged reply of a linked shopper to a tweet with one product, as X's webhook sends it.

    *changes* replace fields of the post.
    """
    body = deepcopy(read_corpus("cases/reply_exact_tag.json")["deliveries"][0]["body"])
    body["data"]["payload"].update(changes)
    assert isinstance(body, dict)
    return body


def settings() -> Settings:
    """The settings of a process that shares the corpus's secret."""
    return Settings(x_consumer_secret=SecretStr(SECRET))


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait until something holds that others bring about and tell in no other way."""
    async with asyncio.timeout(SETTLE_SECONDS_MAX):
        while not await holds():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(POLL_SECONDS)


@pytest.fixture(scope="session")
async def world(server_url: str, template: str) -> AsyncIterator[str]:
    """A database that holds the corpus's world, to be cloned."""
    told = read_corpus("world.json")
    async with created(server_url, "world", f"TEMPLATE {template}") as name:
        async with open_resources(settings(), with_database(server_url, name)) as resources:
            await seed_world(resources.sessions, resources.keys, told)
        yield name


async def _run(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


@asynccontextmanager
async def a_world(server_url: str, world: str) -> AsyncIterator[Resources]:
    """A fresh clone, for a test that cuts connections or needs the database to itself."""
    async with cloned(server_url, world) as url, open_resources(settings(), url) as resources:
        clock.start_at(datetime.fromisoformat(read_corpus("world.json")["clock"]))
        try:
            yield resources
        finally:
            clock.start_at(None)


@pytest.fixture(scope="session")
async def kept_world(server_url: str, world: str) -> AsyncIterator[Resources]:
    """One clone of the world that many tests use in turn, each by `bare_world`."""
    async with cloned(server_url, world) as url, open_resources(settings(), url) as resources:
        await _run(url, _KEEP)
        yield resources


@asynccontextmanager
async def bare_world(kept: Resources) -> AsyncIterator[Resources]:
    """The world as it was loaded, at its moment: rows are put back, quicker than another clone."""
    await _run(kept.database_url, _PUT_BACK)
    clock.start_at(datetime.fromisoformat(read_corpus("world.json")["clock"]))
    try:
        yield kept
    finally:
        clock.start_at(None)


@pytest.fixture
async def world_resources(kept_world: Resources) -> AsyncIterator[Resources]:
    """What a process holds open over the bare world."""
    async with bare_world(kept_world) as resources:
        yield resources


@dataclass(frozen=True)
class Walk:
    """The door of one server, and what is needed to look behind it."""

    resources: Resources
    client: httpx.AsyncClient

    async def post(self, body: Any) -> httpx.Response:
        """Sign and post a body; text and bytes are sent as they are."""
        if isinstance(body, str):
            body = body.encode()
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {SIGNATURE_HEADER: sign(SECRET, raw), "content-type": "application/json"}
        return await self.client.post(DOOR, content=raw, headers=headers)

    async def settle(self) -> None:
        """Wait until the inbox is empty and every retry has run."""

        async def settled() -> bool:
            [(unsettled,)] = await self.fetch(_UNSETTLED)
            return not unsettled

        await until(settled)

    async def fetch(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows that are committed."""
        return await fetch(self.resources, sql, *values)


async def fetch(resources: Resources, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows that are committed, on the pool for reading; past it where its connections were cut."""
    try:
        rows = await resources.reads.fetch(sql, *values)
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresError, OSError):
        connection = await asyncpg.connect(resources.database_url)
        try:
            rows = await connection.fetch(sql, *values)
        finally:
            await connection.close()
    return [tuple(row) for row in rows]


@asynccontextmanager
async def a_door(resources: Resources) -> AsyncIterator[Walk]:
    """The door over these resources; nobody decides."""
    application = FastAPI()
    async with AsyncExitStack() as stack:
        inbox = await stack.enter_async_context(Inbox(resources.engine))
        application.include_router(ingest_router(resources, inbox))
        transport = httpx.ASGITransport(application)
        client = httpx.AsyncClient(transport=transport, base_url="http://door.example")
        yield Walk(resources, await stack.enter_async_context(client))


@pytest.fixture
async def door(world_resources: Resources) -> AsyncIterator[Walk]:
    """The door over a clone of the world; nobody decides."""
    async with a_door(world_resources) as door:
        yield door


@pytest.fixture
async def door_alone(server_url: str, world: str) -> AsyncIterator[Walk]:
    """The door over a clone for this test alone, which may cut its connections."""
    async with a_world(server_url, world) as resources, a_door(resources) as door:
        yield door


class NowhereToGo:
    """Follows short links in a world where they lead nowhere: tests do not go outside."""

    async def follow(self, url: str, *, until: Callable[[str], bool]) -> str | None:
        """Nothing is ever there."""
        return None


@asynccontextmanager
async def working(resources: Resources, *, workers: int = 1) -> AsyncIterator[None]:
    """That many workers in this process, until the end of the block."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(run_worker(resources, stop=stop, follower=NowhereToGo()))
        try:
            yield
        finally:
            stop.set()


@pytest.fixture
async def walk(door: Walk) -> AsyncIterator[Walk]:
    """The door and one worker over a clone of the world."""
    async with working(door.resources):
        yield door


@pytest.fixture
async def desk(world_resources: Resources) -> AsyncIterator[Desk]:
    """The desk of a worker that holds all lanes, and decides when a test says so."""
    lanes = Lanes(world_resources.sessions)
    await lanes.refresh()
    yield Desk(world_resources, lanes, asyncio.Event())
    await lanes.release()


async def everything(resources: Resources) -> dict[str, list[str]]:
    """All rows of all tables, to see that nothing was changed."""
    tables = await fetch(
        resources,
        """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind IN ('r', 'p')
        """,
    )
    return {
        name: sorted(row[0] for row in await fetch(resources, f'SELECT t::text FROM "{name}" AS t'))
        for (name,) in tables
    }


async def log_of(resources: Resources) -> list[tuple[int, str, dict[str, Any]]]:
    """The events of all brands as number, type and data, in the order of their numbers."""
    rows = await fetch(resources, "SELECT seq, type, data FROM event ORDER BY brand_id, seq")
    return [(seq, kind, orjson.loads(data)) for seq, kind, data in rows]


@asynccontextmanager
async def without_database(resources: Resources) -> AsyncIterator[None]:
    """While the block runs nobody is connected to the database, nor can connect."""
    async with _elsewhere(resources) as (admin, name):
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute(_TERMINATE, name)
        try:
            yield
        finally:
            await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def cut_connections(resources: Resources) -> None:
    """Cut all connections to the database; new ones may be made at once."""
    async with _elsewhere(resources) as (admin, name):
        await admin.execute(_TERMINATE, name)


_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"


@asynccontextmanager
async def _elsewhere(
    resources: Resources,
) -> AsyncIterator[tuple["asyncpg.Connection[asyncpg.Record]", str]]:
    """A connection to another database of the server, and the name of this one."""
    name = urlsplit(resources.database_url).path.removeprefix("/")
    admin = await asyncpg.connect(with_database(resources.database_url, "postgres"))
    try:
        yield admin, name
    finally:
        await admin.close()
