"""A connection of which the last word was read, but not yet its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from app.core.outage import is_outage
from tests.faults.postgres import MortalPostgres

pytestmark = pytest.mark.database

BYTES_AT_ONCE = 65_536
SECONDS_MAX = 30.0


@asynccontextmanager
async def without_ends(
    postgres: MortalPostgres,
) -> AsyncIterator[tuple["asyncpg.Connection[asyncpg.Record]", asyncio.Event]]:
    """A connection through a relay that keeps the server's end to itself, and an event for it."""
    ended = asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(postgres.socket)
        asking = asyncio.create_task(_forward(reader, to_server))
        await _forward(from_server, writer)
        ended.set()
        await asking
        for each in (to_server, writer):
            each.close()

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = await asyncpg.connect(
            host="127.0.0.1", port=port, user="postgres", database="postgres", ssl=False
        )
        try:
            yield connection, ended
        finally:
            connection.terminate()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):  # nobody is there any more to forward to
        while chunk := await reader.read(BYTES_AT_ONCE):
            writer.write(chunk)
            await writer.drain()


async def test_a_connection_that_was_told_of_the_server_s_end_counts_as_an_outage(
    mortal_postgres: MortalPostgres,
) -> None:
    admin = await asyncpg.connect(mortal_postgres.url)
    async with without_ends(mortal_postgres) as (connection, ended):
        await admin.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
        async with asyncio.timeout(SECONDS_MAX):
            await ended.wait()
        await asyncio.sleep(0.01)  # one turn of the loop, in which the driver reads the last word
        assert not connection.is_closed()

        with pytest.raises(asyncpg.InternalClientError) as raised:
            await connection.fetchval("SELECT 1")
    await admin.close()

    assert is_outage(raised.value)
