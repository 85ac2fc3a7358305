"""Many rows by one statement: a column travels as one array, and `unnest` makes rows of them.

The text of a statement does not depend on how many rows there are, so PostgreSQL plans it once; a
row costs a small part of what a statement of its own would.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import String, Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from app.core.database import WriteSession
from app.core.models import Model

_DIALECT = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped

Rows: TypeAlias = Iterable[Sequence[Any]]


async def run(session: WriteSession, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run *sql* with `$1`, `$2` ... in the session's transaction; the rows it returns."""
    connection = await session.connection()
    result = await connection.exec_driver_sql(sql, parameters)
    return [tuple(row) for row in result] if result.returns_rows else []


async def insert_rows(
    session: WriteSession, model: type[Model], columns: Sequence[str], rows: Rows, tail: str = ""
) -> list[tuple[Any, ...]]:
    """Insert *rows*, whose values stand in the order of *columns*.

    A column that is not named takes the table's default in PostgreSQL, never one made in Python.
    *tail* follows the values: `ON CONFLICT ...`, `RETURNING ...`.
    """
    statement = _insert(model, tuple(columns), tail)
    return await run(session, statement, *arrays(columns, rows))


async def update_rows(
    session: WriteSession,
    model: type[Model],
    keys: Sequence[str],
    columns: Sequence[str],
    rows: Rows,
) -> None:
    """Set *columns* of the rows found by *keys*; the values stand in the order keys, columns."""
    statement = _update(model, tuple(keys), tuple(columns))
    await run(session, statement, *arrays([*keys, *columns], rows))


def arrays(columns: Sequence[object], rows: Rows) -> list[list[Any]]:
    """Rows turned into one list per column, also where there are no rows."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in columns]


@lru_cache(maxsize=128)
def _insert(model: type[Model], columns: tuple[str, ...], tail: str) -> str:
    return (
        f"INSERT INTO {model.__tablename__} ({_quoted(columns)}) "
        f"SELECT * FROM unnest({_array_parameters(model, columns)}) {tail}"
    )


@lru_cache(maxsize=128)
def _update(model: type[Model], keys: tuple[str, ...], columns: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{column}" = fresh."{column}"' for column in columns)
    found = " AND ".join(f'kept."{key}" = fresh."{key}"' for key in keys)
    every = keys + columns
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
