"""Large tables: the golden world's rows, many times over, for many brands.

For plans only. Rows are copies with keys of their own, so their checks hold; what they refer to
need not be there. One in so many has a value in a column that is mostly null.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    Uuid,
)

from app.core.models import Model

BRANDS = 20
ROWS_PER_BRAND = 500
PARENTS_PER_BRAND = 25
"""Rows of another table that the rows of a brand refer to."""
LARGE = BRANDS * ROWS_PER_BRAND
"""Rows that every table has at least."""
TABLES = (
    "product",
    "shoppable_tweet",
    "tweet_version",
    "tweet_link",
    "shopper",
    "person",
    "account_link",
    "consent",
    "engagement",
    "cart_intent",
    "advocate",
    "advocate_review",
    "event",
    "token",
    "trigger",
    "brand_marketplace",
    "deprecated_use",
)

OF_A_TABLE = {
    "advocate_review.status": "(ARRAY['SUBMITTED', 'FLAGGED', 'REJECTED', 'WITHDRAWN'])[1 + k % 4]",
    "cart_intent.status": "CASE WHEN status = 'AWAITING_LINK' AND k % 3 = 0 THEN 'RECEIVED' "
    "WHEN status = 'AWAITING_LINK' AND k % 3 = 1 THEN 'WITHDRAWN' ELSE status END",
}
OF_ANY_TABLE = {
    "brand_id": "md5('brand' || brand)::uuid",
    "id": "gen_random_uuid()",
    "seq": "k",
    "campaign": "CASE WHEN k % 10 = 0 THEN 'campaign ' || k / 50 END",
}


async def fill_large(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Multiply what the golden world holds, and let PostgreSQL count it."""
    await connection.execute("SET session_replication_role = replica")  # no foreign keys
    for name in TABLES:
        await connection.execute(_multiplied(Model.metadata.tables[name]))
        await connection.execute(f"VACUUM ANALYZE {name}")
    await connection.execute("SET session_replication_role = origin")


def _multiplied(table: Table) -> str:
    unique = set(_unique_columns(table))
    columns = [column for column in table.columns if column.computed is None]
    names = ", ".join(column.name for column in columns)
    values = ", ".join(_value(column, column.name in unique) for column in columns)
    return f"""
        WITH held AS (SELECT *, row_number() OVER () - 1 AS place FROM {table.name})
        INSERT INTO {table.name} ({names}) SELECT {values}
        FROM generate_series(1, {ROWS_PER_BRAND}) AS k, generate_series(1, {BRANDS}) AS brand, held
        WHERE place = (k + brand) % (SELECT count(*) FROM held)"""


def _unique_columns(table: Table) -> Iterator[str]:
    """The columns that must differ among a brand's rows, one of each unique constraint."""
    keys: list[Sequence[Column[Any]]] = [
        list(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)
    ]
    keys += [list(index.columns) for index in table.indexes if index.unique]
    keys += [[column] for column in table.columns if column.unique]
    keys.append(list(table.primary_key.columns))
    for key in keys:
        yield key[-1].name


def _value(column: Column[Any], unique: bool) -> str:
    """What a copy of the row `held` has in a column, as SQL."""
    own = OF_A_TABLE.get(f"{column.table.name}.{column.name}", OF_ANY_TABLE.get(column.name))
    if own is not None:
        return own
    match column.type:
        case Uuid():
            place = "k" if unique else f"k % {PARENTS_PER_BRAND}"
            key = f"md5('{column.name}' || brand || '.' || {place})::uuid"
            return f"CASE WHEN {column.name} IS NOT NULL THEN {key} END"
        case DateTime():
            return f"{column.name} + k * interval '1 minute'"
        case Integer():  # BigInteger among them
            return f"1000000 + brand * {ROWS_PER_BRAND} + k" if unique else column.name
        case LargeBinary():
            return "decode(md5(brand || '.' || k), 'hex')" if unique else column.name
        case _:
            return f"{column.name} || brand || '.' || k" if unique else column.name
