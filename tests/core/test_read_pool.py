"""The connections of compiled reads: bounded, handed on in order, replaced when they are bad."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest

from app.core import read_pool
from app.core.outage import is_outage
from app.core.read_pool import PoolClosed, ReadPool, create_read_pool

PID = "SELECT pg_backend_pid()"
SLEEP = "SELECT pg_sleep(20)"


@pytest.fixture
async def pool(own_database: str) -> AsyncIterator[ReadPool]:
    """A pool of one connection."""
    async with await create_read_pool(own_database, connections=1) as made:
        yield made


OTHERS = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""
SLEEPERS = f"{OTHERS} AND state = 'active' AND query = '{SLEEP}'"


async def until(own_database: str, counted: str, wanted: int) -> None:
    """Wait until the statement *counted* tells so many."""
    connection = await asyncpg.connect(own_database)
    try:
        async with asyncio.timeout(20):
            found = None
            while found != wanted:
                found = await connection.fetchval(counted)
    finally:
        await connection.close()


async def test_its_connections_only_read_and_keep_generic_plans(pool: ReadPool) -> None:
    assert await pool.fetchval("SHOW default_transaction_read_only") == "on"
    assert await pool.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await pool.fetch("CREATE TABLE written (id int)")


async def test_rows_first_rows_and_first_values(pool: ReadPool) -> None:
    rows = await pool.fetch("SELECT * FROM generate_series(1, $1::int) AS n", 2)

    assert [tuple(row) for row in rows] == [(1,), (2,)]
    assert tuple(await pool.fetchrow("SELECT 3, 4") or ()) == (3, 4)
    assert await pool.fetchrow("SELECT 1 WHERE false") is None
    assert await pool.fetchval("SELECT 1 WHERE false") is None


async def test_there_are_never_more_connections_than_it_may_have(own_database: str) -> None:
    async with await create_read_pool(own_database, connections=3) as pool:
        pids = await asyncio.gather(
            *(pool.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.02)") for _ in range(12))
        )

    assert len(set(pids)) == 3


async def test_who_waits_is_served_in_the_order_of_asking(pool: ReadPool) -> None:
    served: list[int] = []

    async def ask(number: int) -> None:
        await pool.fetchval("SELECT $1::int FROM pg_sleep(0.01)", number)
        served.append(number)

    await asyncio.gather(*(ask(number) for number in range(6)))

    assert served == list(range(6))


async def test_a_statement_that_postgresql_refuses_leaves_the_connection_good(
    pool: ReadPool,
) -> None:
    before = await pool.fetchval(PID)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await pool.fetchval("SELECT 1 / $1::int", 0)

    assert await pool.fetchval(PID) == before


async def test_a_connection_that_ended_while_it_rested_is_replaced(
    pool: ReadPool, own_database: str
) -> None:
    first = await pool.fetchval(PID)
    await until(own_database, f"SELECT pg_terminate_backend({first})::int", 1)
    await until(own_database, OTHERS, 0)

    async with asyncio.timeout(20):
        second = first
        while second == first:
            await asyncio.sleep(0.01)  # the driver hears of the end
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                second = await pool.fetchval(PID)

    assert await pool.fetchval(PID) == second


async def test_a_connection_that_rested_too_long_is_replaced(
    pool: ReadPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await pool.fetchval(PID)
    monkeypatch.setattr(read_pool, "IDLE_SECONDS_MAX", 0.0)

    assert await pool.fetchval(PID) != first


async def test_a_statement_given_up_ends_in_the_database_and_its_connection_is_replaced(
    pool: ReadPool, own_database: str
) -> None:
    first = await pool.fetchval(PID)
    asking = asyncio.ensure_future(pool.fetch(SLEEP))
    await until(own_database, SLEEPERS, 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert await pool.fetchval(PID) != first
    await until(own_database, SLEEPERS, 0)


async def test_who_waits_too_long_is_told_as_for_a_database_that_is_away(
    pool: ReadPool, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_pool, "CONNECT_SECONDS_MAX", 0.05)
    asking = asyncio.ensure_future(pool.fetch(SLEEP))
    await until(own_database, SLEEPERS, 1)
    with pytest.raises(TimeoutError) as raised:
        await pool.fetchval(PID)
    assert is_outage(raised.value)

    asking.cancel()
    monkeypatch.undo()
    assert isinstance(await pool.fetchval(PID), int)


async def test_the_turn_of_one_who_gave_up_waiting_passes_to_the_next(pool: ReadPool) -> None:
    holding = asyncio.ensure_future(pool.fetchval("SELECT 1 FROM pg_sleep(0.1)"))
    await asyncio.sleep(0)
    given_up = [asyncio.ensure_future(pool.fetchval(PID)) for _ in range(2)]
    staying = asyncio.ensure_future(pool.fetchval(PID))
    await asyncio.sleep(0)
    given_up[0].cancel()
    holding.add_done_callback(lambda _: given_up[1].cancel())

    async with asyncio.timeout(20):
        assert isinstance(await staying, int)
        await asyncio.wait(given_up)
        assert isinstance(await pool.fetchval(PID), int)
    assert given_up[0].cancelled()


async def test_it_closes_once_what_was_lent_is_back_and_then_reads_nothing(
    own_database: str,
) -> None:
    pool = await create_read_pool(own_database, connections=2)
    last = asyncio.ensure_future(pool.fetchval("SELECT 5 FROM pg_sleep(0.1)"))
    await asyncio.sleep(0.02)
    await pool.close()

    assert await last == 5
    with pytest.raises(PoolClosed):
        await pool.fetchval(PID)
    await until(own_database, OTHERS, 0)


async def test_a_statement_whose_result_changed_is_prepared_anew(
    pool: ReadPool, own_database: str
) -> None:
    connection = await asyncpg.connect(own_database)
    try:
        await connection.execute("CREATE TABLE altered (a int); INSERT INTO altered VALUES (1)")
        assert [tuple(row) for row in await pool.fetch("SELECT * FROM altered")] == [(1,)]
        await connection.execute("ALTER TABLE altered ADD COLUMN b int DEFAULT 2")
    finally:
        await connection.close()

    assert [tuple(row) for row in await pool.fetch("SELECT * FROM altered")] == [(1, 2)]


async def test_a_connection_forgets_the_statements_it_used_longest_ago(
    pool: ReadPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_pool, "STATEMENTS_CACHED_PER_CONNECTION", 2)
    kept = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 1%'"

    for sql in ("SELECT 11", "SELECT 12", "SELECT 11", "SELECT 13", "SELECT 14"):
        await pool.fetch(sql)
    await pool.fetch("SELECT 2")  # what left is closed when another is prepared

    assert await pool.fetchval(kept) <= 2


async def test_a_statement_that_takes_too_long_is_given_up_and_its_connection_replaced(
    pool: ReadPool, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await pool.fetchval(PID)
    monkeypatch.setattr(read_pool, "STATEMENT_SECONDS_MAX", 0.1)
    monkeypatch.setattr(read_pool, "WATCH_SECONDS", 0.05)

    with pytest.raises(TimeoutError):
        await pool.fetch(SLEEP)

    monkeypatch.setattr(read_pool, "STATEMENT_SECONDS_MAX", 30.0)
    assert await pool.fetchval(PID) != first
    await until(own_database, SLEEPERS, 0)


async def test_who_is_cancelled_while_given_up_stays_cancelled(
    pool: ReadPool, own_database: str
) -> None:
    asking = asyncio.ensure_future(pool.fetch(SLEEP))
    await until(own_database, SLEEPERS, 1)
    (reader,) = pool._lent
    reader.give_up()
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
    assert asking.cancelled()
