"""The database under test: a migrated template once, then a rollback or a clone for each test."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import hypothesis
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core import clock
from app.core.database import WriteSession, create_write_engine
from app.core.migrate import migrate
from app.core.postgres.launcher import remove_embedded, start_embedded
from app.core.read_pool import learn_arrays
from app.core.resources import Resources, open_resources
from app.core.settings import Settings
from app.events.partitions import ensure_partitions
from tests.databases import cloned, created, with_database

# How long an example takes says nothing here: the machine has other work.
hypothesis.settings.register_profile("hashcart", deadline=None)
hypothesis.settings.load_profile("hashcart")

pytest_plugins = ["tests.needs", "tests.walk"]

CORPUS_CLOCK = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The moment that the corpus and the golden files are true to."""


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server: the one that is named, else an embedded one without fsync."""
    if given := os.environ.get("HASHCART_TEST_DATABASE_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="hashcart-test-") as folder:
        data = Path(folder) / "data"
        server = start_embedded(data, fsync=False)
        try:
            yield server.url
        finally:
            server.stop()
            remove_embedded(data)


@pytest.fixture(scope="session")
async def template(server_url: str) -> AsyncIterator[str]:
    """A migrated database that nobody is connected to, to be cloned."""
    async with created(server_url, "template") as name:
        url = with_database(server_url, name)
        await migrate(url)
        connection = await asyncpg.connect(url)
        for moment in (clock.now(), CORPUS_CLOCK):
            await ensure_partitions(connection, moment)
        await connection.close()
        yield name


@pytest.fixture
async def own_database(server_url: str, template: str) -> AsyncIterator[str]:
    """The URL of a migrated database of this test alone, where commits are real."""
    async with cloned(server_url, template) as url:
        yield url


@pytest.fixture(scope="session")
async def engine(server_url: str, template: str) -> AsyncIterator[AsyncEngine]:
    """An engine over a database whose tests all roll back."""
    async with cloned(server_url, template) as url:
        engine = create_write_engine(url, connections=5)
        yield engine
        await engine.dispose()


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[WriteSession]:
    """A session whose commits are savepoints; everything is undone after the test."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        async with AsyncSession(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield WriteSession(session)
        await transaction.rollback()


@pytest.fixture
async def reads(session: WriteSession) -> "asyncpg.Connection[asyncpg.Record]":
    """The session's own raw connection: compiled reads see what the session flushed."""
    raw = await (await session.connection()).get_raw_connection()
    connection = raw.driver_connection
    assert isinstance(connection, asyncpg.Connection)
    await learn_arrays(connection)
    return connection


@pytest.fixture
async def resources(own_database: str) -> AsyncIterator[Resources]:
    """What a process holds open, over a database of this test alone."""
    async with open_resources(Settings(), own_database) as resources:
        yield resources
