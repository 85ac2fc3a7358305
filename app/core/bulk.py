"""Many rows by one statement: a column travels as one array, and `unnest` makes rows of them.

The text of a statement does not depend on how many rows there are, so PostgreSQL plans it once; a
row costs a small part of what a statement of its own would.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import String, Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import WriteSession
from app.core.models import Model

_DIALECT = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped

Rows: TypeAlias = Iterable[Sequence[Any]]


_DRIVER = "driver"
"""Under this name a session notes its transaction with the driver's connection."""


async def run(session: WriteSession, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run *sql* with `$1`, `$2` ... in the session's transaction; the rows it returns.

    The first statement goes by way of SQLAlchemy, which begins the transaction with it; those that
    follow go straight to the driver.
    """
    driver = _driver(session)
    if driver is not None:
        return [tuple(row) for row in await driver.fetch(sql, *parameters)]
    connection = await session.connection()
    result = await connection.exec_driver_sql(sql, parameters)
    rows = [tuple(row) for row in result] if result.returns_rows else []
    raw = await connection.get_raw_connection()
    session.info[_DRIVER] = (session.sync_session.get_transaction(), raw.driver_connection)
    return rows


async def run_alone(engine: AsyncEngine, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """`run` in a transaction of its own, of this one statement: at a third of the price."""
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        return [tuple(row) for row in await driver.fetch(sql, *parameters)]


def _driver(session: WriteSession) -> "asyncpg.Connection[asyncpg.Record] | None":
    """The driver's connection, once the transaction that is under way has begun there."""
    transaction, driver = session.info.get(_DRIVER, (None, None))
    begun = transaction is not None and transaction is session.sync_session.get_transaction()
    return driver if begun else None


async def insert_rows(
    session: WriteSession, model: type[Model], columns: Sequence[str], rows: Rows, tail: str = ""
) -> list[tuple[Any, ...]]:
    """Insert *rows*, whose values stand in the order of *columns*.

    A column that is not named takes the table's default in PostgreSQL, never one made in Python.
    *tail* follows the values: `ON CONFLICT ...`, `RETURNING ...`.
    """
    statement = _insert(model, tuple(columns), tail)
    return await run(session, statement, *arrays(columns, rows))


async def copy_rows(
    session: WriteSession, model: type[Model], columns: Sequence[str], rows: Rows
) -> None:
    """Append *rows* that are not in the table, whose values stand in the order of *columns*.

    COPY costs PostgreSQL less than an insert and this process half, but knows no `ON CONFLICT`: a
    row whose key stands already fails, and with it the transaction.
    """
    if _driver(session) is None:
        await run(session, "SELECT")
    driver = _driver(session)
    assert driver is not None, "the transaction has begun"
    await driver.copy_records_to_table(model.__tablename__, columns=columns, records=rows)


async def update_rows(
    session: WriteSession,
    model: type[Model],
    keys: Sequence[str],
    columns: Sequence[str],
    rows: Rows,
    *,
    appended: Sequence[str] = (),
) -> None:
    """Set *columns* of the rows found by *keys*, and append to the JSON arrays *appended*.

    The values stand in the order keys, columns, appended.
    """
    statement = _update(model, tuple(keys), tuple(columns), tuple(appended))
    await run(session, statement, *arrays([*keys, *columns, *appended], rows))


def arrays(columns: Sequence[object], rows: Rows) -> list[list[Any]]:
    """Rows turned into one list per column, also where there are no rows.

    A column of nothing but None is empty, but never the first: `unnest` fills it up with nulls, and
    the driver need not look at each.
    """
    first, *others = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    return [first, *([] if _is_all_none(column) else column for column in others)]


def _is_all_none(column: list[Any]) -> bool:
    return not column or (column[0] is None and all(value is None for value in column))


def columns_of(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows of *width* values turned into as many lists, also where there are no rows."""
    return arrays(range(width), rows)


@lru_cache(maxsize=128)
def _insert(model: type[Model], columns: tuple[str, ...], tail: str) -> str:
    return (
        f"INSERT INTO {model.__tablename__} ({_quoted(columns)}) "
        f"SELECT * FROM unnest({_array_parameters(model, columns)}) {tail}"
    )


@lru_cache(maxsize=128)
def _update(
    model: type[Model], keys: tuple[str, ...], columns: tuple[str, ...], appended: tuple[str, ...]
) -> str:
    changes = ", ".join(
        [f'"{column}" = fresh."{column}"' for column in columns]
        + [f'"{column}" = kept."{column}" || fresh."{column}"' for column in appended]
    )
    found = " AND ".join(f'kept."{key}" = fresh."{key}"' for key in keys)
    every = keys + columns + appended
    return (
        f"UPDATE {model.__tablename__} AS kept SET {changes} "
        f"FROM unnest({_array_parameters(model, every)}) AS fresh ({_quoted(every)}) "
        f"WHERE {found}"
    )


def _quoted(columns: tuple[str, ...]) -> str:
    """Some are PostgreSQL's own words, such as `full`."""
    return ", ".join(f'"{column}"' for column in columns)


def _array_parameters(model: type[Model], columns: tuple[str, ...]) -> str:
    table = model.__table__
    assert isinstance(table, Table)
    return ", ".join(
        f"${number}::{_type_name(table, column)}[]" for number, column in enumerate(columns, 1)
    )


def _type_name(table: Table, column: str) -> str:
    """PostgreSQL's name of the type; text without a length, which a cast would cut silently."""
    kind = table.c[column].type
    return "text" if isinstance(kind, String) else kind.compile(_DIALECT)
