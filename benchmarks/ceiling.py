"""The ceiling of ingest: the rows of a run, written again in the same batches by plain asyncpg.

What a run inserted is told apart by the transaction that did it, which PostgreSQL notes with each
row. Its last state is written at once: what the product reads, decides and updates on the way is
left out, except that a payload is kept in one transaction and deleted by the one that decides it.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Rows: TypeAlias = list[Sequence[Any]]

TABLES = ("person", "shopper", "engagement", "cart_intent", "event", "sandbox_cart_line")
"""Parents before children."""

INBOX = "inbox"
REPLIES_MAX = 20_000
"""How many replies are written again at most; a longer run holds more of the same."""

_BY_OWN = """
SELECT xmin::text::bigint AS batch, {columns} FROM {table}
WHERE xmin::text::bigint BETWEEN $1 AND $2
"""
_INTENTS = """
SELECT engagement.xmin::text::bigint AS batch, {columns}
FROM cart_intent JOIN engagement
    ON engagement.brand_id = cart_intent.brand_id AND engagement.id = cart_intent.engagement_id
WHERE engagement.xmin::text::bigint BETWEEN $1 AND $2
"""
_LAST = """
SELECT max(batch) FROM (
    SELECT xmin::text::bigint AS batch FROM engagement WHERE xmin::text::bigint > $1
    ORDER BY 1 LIMIT $2
) AS first
"""
"""An intent was changed since by the retailer's answer; it was made with its engagement."""

_COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""
_COUNT_UP = "UPDATE brand_log SET head = head + $2 WHERE brand_id = $1"
_DECIDE = "UPDATE inbox SET body = NULL, decided_at = received_at WHERE id = ANY($1::uuid[])"


@dataclass(frozen=True)
class Written:
    """What a run wrote: rows by batch and table; the statements that write them."""

    batches: Mapping[int, Mapping[str, Rows]] = field(repr=False)
    statements: Mapping[str, str]


@dataclass(frozen=True)
class Ceiling:
    """How fast the rows of the measured batches were written."""

    replies: int
    seconds: float


async def last_transaction(url: str) -> int:
    """The number of a transaction that comes before all later ones."""
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval("SELECT pg_current_xact_id()::text::bigint")
    finally:
        await connection.close()
    return found


async def read_written(url: str, since: int, body: bytes) -> Written:
    """What was written after the transaction *since*, for up to `REPLIES_MAX` replies.

    Payloads held *body*.
    """
    batches: dict[int, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    statements = {}
    connection = await asyncpg.connect(url)
    try:
        last = await connection.fetchval(_LAST, since, REPLIES_MAX) or since
        for table in (*TABLES, INBOX):
            columns = await connection.fetch(_COLUMNS, table)
            names = [f'"{name}"' for name, _ in columns]
            statements[table] = _insert(table, names, [kind for _, kind in columns])
            query = _INTENTS if table == "cart_intent" else _BY_OWN
            told = ", ".join(f"{table}.{name}" for name in names)
            for batch, *row in await connection.fetch(
                query.format(table=table, columns=told), since + 1, last
            ):
                batches[batch][table].append(_as_arrived(row, columns, body, table))
    finally:
        await connection.close()
    return Written({batch: batches[batch] for batch in sorted(batches)}, statements)


def _insert(table: str, names: Sequence[str], kinds: Sequence[str]) -> str:
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(kinds, 1))
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT * FROM unnest({arrays})"


def _as_arrived(
    row: Sequence[Any], columns: Sequence[asyncpg.Record], body: bytes, table: str
) -> Sequence[Any]:
    """A payload as it was before it was decided; any other row as it is."""
    if table != INBOX:
        return row
    before = {"body": body, "decided_at": None}
    return [before.get(name, value) for (name, _), value in zip(columns, row, strict=True)]


async def write_again(url: str, written: Written, *, until: int, measured: bool) -> Ceiling:
    """Write the batches up to *until*, or, *measured*, those after it."""
    connection = await asyncpg.connect(url)
    replies, began = 0, time.monotonic()
    try:
        for batch, rows in written.batches.items():
            if (batch > until) is measured:
                await _write_batch(connection, written.statements, rows)
                replies += len(rows.get("engagement", ()))
    finally:
        await connection.close()
    return Ceiling(replies, time.monotonic() - began)


async def _write_batch(
    connection: Connection, statements: Mapping[str, str], rows: Mapping[str, Rows]
) -> None:
    payloads = rows.get(INBOX, [])
    if payloads:
        await _insert_rows(connection, statements[INBOX], payloads)
    async with connection.transaction():
        for table in TABLES:
            if table in rows:
                await _insert_rows(connection, statements[table], rows[table])
        if payloads:
            await connection.execute(_DECIDE, [row[0] for row in payloads])
        if "event" in rows:
            events = rows["event"]
            await connection.execute(_COUNT_UP, events[0][0], len(events))


async def _insert_rows(connection: Connection, statement: str, rows: Rows) -> None:
    await connection.execute(statement, *(list(column) for column in zip(*rows, strict=True)))
