"""Months of the log: each is a partition, made ahead of time."""

from datetime import UTC, datetime

import asyncpg

MONTHS_AHEAD = 2


def month_start(moment: datetime, months_later: int = 0) -> datetime:
    """The first instant, in UTC, of the month that many months after *moment*'s."""
    count = moment.year * 12 + moment.month - 1 + months_later
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)


async def ensure_partitions(
    connection: "asyncpg.Connection[asyncpg.Record]", moment: datetime
) -> list[str]:
    """Make the partition of *moment*'s month and of the next `MONTHS_AHEAD`; return the new ones.

    There is no default partition: attaching a month beside one would scan it under a lock.
    """
    made = []
    for months_later in range(MONTHS_AHEAD + 1):
        start, end = month_start(moment, months_later), month_start(moment, months_later + 1)
        name = f"event_{start:%Y_%m}"
        if await connection.fetchval("SELECT to_regclass($1)", name) is not None:
            continue
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF event "
            f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
        )
        made.append(name)
    return made
