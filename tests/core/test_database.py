"""Connections for writing: who sleeps amid a transaction does not hold its locks for ever."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import database
from app.core.database import LETS_GO, create_write_engine

IDLE = "idle_in_transaction_session_timeout"


async def test_a_transaction_may_lie_idle_for_half_a_minute(own_database: str) -> None:
    engine = create_write_engine(own_database, connections=1)
    async with engine.connect() as connection:
        assert await connection.scalar(text(f"SHOW {IDLE}")) == "30s"
    await engine.dispose()


async def test_a_lock_of_one_who_sleeps_amid_a_transaction_passes_to_the_next(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = text("SELECT pg_advisory_xact_lock(7)")
    monkeypatch.setattr(database, "LETS_GO", {**LETS_GO, IDLE: "200ms"})
    engine = create_write_engine(own_database, connections=2)

    sleeper = await engine.connect()
    await sleeper.execute(lock)
    async with asyncio.timeout(20), engine.begin() as other:
        await other.execute(lock)

    with pytest.raises(DBAPIError):
        await sleeper.execute(text("SELECT 1"))
    await sleeper.close()
    await engine.dispose()


async def test_a_connection_that_ended_while_nobody_used_it_is_replaced(own_database: str) -> None:
    engine = create_write_engine(own_database, connections=1)
    async with engine.connect() as connection:
        first = await connection.scalar(text("SELECT pg_backend_pid()"))
    other = create_write_engine(own_database, connections=1)
    async with other.begin() as killer:
        await killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
    await other.dispose()

    async with asyncio.timeout(20):
        second = first
        while second == first:
            await asyncio.sleep(0.01)  # the driver hears of the end
            async with engine.connect() as connection:
                second = await connection.scalar(text("SELECT pg_backend_pid()"))

    await engine.dispose()
