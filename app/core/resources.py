"""What a process holds open while it runs: database, keys, settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core import clock
from app.core.database import Sessions, create_sessions, create_write_engine
from app.core.keys import Keys, load_keys
from app.core.postgres.launcher import start_embedded
from app.core.read_pool import ReadPool, create_read_pool
from app.core.settings import Settings


@dataclass(frozen=True)
class Resources:
    """Open connections and keys of one process. `database_url` is the primary's.

    `reads` may go to a replica; `primary_reads` is for what must be seen at once.
    """

    settings: Settings
    database_url: str
    engine: AsyncEngine
    sessions: Sessions
    reads: ReadPool
    primary_reads: ReadPool
    keys: Keys


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[str]:
    """The URL of the database: the one that is set, else the embedded server, started if need be.

    The embedded server is stopped at the end if this process started it.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = await asyncio.to_thread(start_embedded, settings.data_dir)
    try:
        yield server.url
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def open_resources(settings: Settings, database_url: str) -> AsyncIterator[Resources]:
    """Everything a server, a worker or a command needs, over a migrated database.

    Raises:
        WrongSecretKey: the database's keys do not open with HASHCART_SECRET_KEY.
    """
    clock.start_at(settings.clock)
    connection = await asyncpg.connect(database_url)
    try:
        keys = await load_keys(connection, settings.secret_key.get_secret_value())
    finally:
        await connection.close()
    engine = create_write_engine(database_url, connections=settings.write_connections)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        connections = settings.read_connections
        primary = await create_read_pool(database_url, connections=connections)
        stack.push_async_callback(primary.close)
        reads = primary
        if settings.database_read_url is not None:
            reads = await create_read_pool(settings.database_read_url, connections=connections)
            stack.push_async_callback(reads.close)
        sessions = create_sessions(engine)
        yield Resources(settings, database_url, engine, sessions, reads, primary, keys)
