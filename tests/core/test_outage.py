"""Which errors pass by themselves, and what the log says of the others."""

from itertools import islice

import asyncpg
import pytest
from sqlalchemy import exc, text

from app.core.bulk import run
from app.core.database import WriteSession, create_write_engine
from app.core.outage import FRAMES_MAX, WAIT_SECONDS_MAX, describe, is_outage, waits


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.TooManyConnectionsError(), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (exc.TimeoutError("no connection is free"), True),
        (asyncpg.DataError("invalid input for query argument $1"), False),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.CheckViolationError(), False),
        (ValueError(), False),
        (KeyError(), False),
    ],
)
def test_what_may_work_later_is_an_outage(error: Exception, *, expected: bool) -> None:
    assert is_outage(error) is expected


async def test_a_server_that_is_not_there_is_an_outage() -> None:
    engine = create_write_engine("postgresql://nobody@127.0.0.1:1/none", connections=1)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever the driver makes of it
        async with engine.connect():
            pass
    await engine.dispose()

    assert is_outage(caught.value)


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT $1::smallint", [2**20]),
        ("SELECT $1::text", ["\x00"]),
        ("SELECT $1::text", ["\ud800"]),
        ("SELECT 1 / $1::integer", [0]),
        ("SELECT FROM no_such_table", []),
    ],
)
async def test_a_statement_that_can_never_work_is_none(
    session: WriteSession, sql: str, values: list[object]
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever the driver makes of it
        await run(session, sql, *values)

    assert not is_outage(caught.value)


async def test_a_connection_that_was_cut_is_an_outage(own_database: str) -> None:
    engine = create_write_engine(own_database, connections=1)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever the driver makes of it
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    await engine.dispose()

    assert is_outage(caught.value)


def test_waits_grow_to_a_bound() -> None:
    first = list(islice(waits(), 20))

    assert first[0] <= 0.1
    assert all(0.05 <= wait <= WAIT_SECONDS_MAX for wait in first)
    assert min(first[10:]) >= WAIT_SECONDS_MAX / 2


def test_an_error_is_described_by_type_and_place_but_not_by_its_message() -> None:
    def fail(depth: int) -> None:
        if depth:
            fail(depth - 1)
        raise ValueError("what somebody wrote")

    with pytest.raises(ValueError, match="somebody") as caught:
        fail(20)
    told = describe(caught.value)

    assert told["error"] == "ValueError"
    assert told["at"].count("test_outage.py:") == FRAMES_MAX
    assert "somebody" not in str(told)
    assert describe(asyncpg.UniqueViolationError("secret")) == {
        "error": "UniqueViolationError",
        "code": "23505",
        "at": "",
    }
