"""Connections for writes, by SQLAlchemy; those for compiled reads are in `read_pool`.

The types tell them apart: a query function that takes a `WriteSession` cannot be handed a
connection for reading.
"""

from typing import Any, NewType, TypeAlias

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import ConnectionPoolEntry

WriteSession = NewType("WriteSession", AsyncSession)
"""A session inside a write transaction."""

Sessions: TypeAlias = async_sessionmaker[AsyncSession]

CONNECT_SECONDS_MAX = 10.0
STATEMENT_SECONDS_MAX = 30.0

SERVER_SETTINGS = {
    "application_name": "hashcart",
    "timezone": "UTC",
    "datestyle": "ISO",  # Reads take moments as text.
    "jit": "off",
}

BY_INDEX_ONLY = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "enable_memoize": "off",
    "plan_cache_mode": "force_generic_plan",
}
"""Plans are made once and kept, and so are those that foreign keys check by: one that was made
while a table was all but empty would go on reading the whole of it. What is written is found by
its index, so no plan gets better by being made anew for its values."""

LETS_GO = {
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""A process that sleeps or is cut off amid a transaction holds its locks, and with them its lanes.
PostgreSQL ends its session after half a minute, and others go on."""


def create_write_engine(url: str, *, connections: int) -> AsyncEngine:
    """The engine for writes. *url* is a plain `postgresql://` URL."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS_MAX,
        connect_args={
            "timeout": CONNECT_SECONDS_MAX,
            "command_timeout": STATEMENT_SECONDS_MAX,
            "server_settings": SERVER_SETTINGS | BY_INDEX_ONLY | LETS_GO,
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(adapted: object, record: ConnectionPoolEntry, proxy: object) -> None:
    """Let the pool open another where the driver saw this one's end.

    To ask the database instead would be three round trips before every transaction.
    """
    driver: Any = record.driver_connection
    if driver.is_closed():
        raise DisconnectionError


def create_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose objects stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def nothing_to_reset(connection: object) -> None:
    """For the driver's pools whose users leave nothing behind: no settings, locks, cursors."""
