"""The points of every installation, in PostgreSQL: how processes lease them and give them back.

A bucket's points are in three places: free in the row, leased by processes, and spent. Free and
leased together never exceed the bucket, whatever processes do or cease to do: time adds to what is
free only up to that. So all processes together admit at most a full bucket and what time added.

Leases are counted by epochs. A lease is good for `LEASE_SECONDS` from the moment that it was asked
for; the row begins an epoch at the first settlement after that long, and forgets what was leased
two epochs ago: it counts as spent. That is all that a process leaves behind when it dies.

One clock decides for all: PostgreSQL's. When it is set back nothing is added for what is lived
twice; when it is set forward a bucket is full too early, once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, Double, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import SERVER_SETTINGS
from app.core.models import Model
from app.core.read_pool import Connection, ReadPool

LEASE_SECONDS = 10.0
CONNECT_SECONDS_MAX = 5.0
SETTLE_SECONDS_MAX = 5.0
BUCKETS_AT_ONCE = 500
"""Of one statement."""


class CostBucket(Model):
    """The points of one installation. A missing row is a full bucket.

    No foreign key: whoever leases was let in by the installation's token.
    """

    __tablename__ = "cost_bucket"

    brand_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    installation_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    free: Mapped[float] = mapped_column(Double())
    as_of: Mapped[datetime]
    """The moment that `free` is true of."""
    epoch: Mapped[int] = mapped_column(BigInteger())
    epoch_began_at: Mapped[datetime]
    leased: Mapped[int] = mapped_column(BigInteger())
    """By leases of this epoch, as far as processes told what they spent."""
    leased_before: Mapped[int] = mapped_column(BigInteger())
    """By leases of the epoch before."""


class Settlement(NamedTuple):
    """What a process tells of its lease on one bucket, and what it asks for."""

    brand_id: UUID
    installation_id: UUID
    epoch: int
    """Of the lease that it had; -1 for none."""
    leased: int
    """What the row counts for that lease: the others are spent."""
    kept: int
    """Of these, what the process keeps."""
    returned: int
    """Of these, what it gives back."""
    owed: int
    """What it let run beside that."""
    needed: int
    """What it asks for at least: less is not given."""
    wanted: int
    """What it asks for at most."""


class Settled(NamedTuple):
    """What the row said."""

    granted: int
    """Points beside those that were kept."""
    free: int
    """What is left in the row, for any process."""
    epoch: int
    """Of the lease of kept and granted points."""


async def open_buckets(url: str) -> ReadPool:
    """The one connection that a process settles by; opened when it is wanted.

    It does not wait for the disk: what a crash of PostgreSQL forgets is less than a second of use.
    """

    async def connect() -> Connection:
        return await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS_MAX,
            command_timeout=SETTLE_SECONDS_MAX,
            server_settings={
                **SERVER_SETTINGS,
                "synchronous_commit": "off",
                "lock_timeout": "2s",
                "plan_cache_mode": "force_generic_plan",
            },
        )

    return ReadPool(connect, 1)


async def settle(
    connection: ReadPool, asked: Sequence[Settlement], *, maximum: int, restore_rate: int
) -> dict[UUID, Settled]:
    """Settle the leases of at most `BUCKETS_AT_ONCE` installations, each once, in one statement.

    Of what is free one process gets at most half, if that is enough for what it needs: others find
    something too. *maximum* is a full bucket, *restore_rate* the points that a second adds.

    Raises:
        Exception: the database does not answer. What was asked may have happened.
    """
    found = await _settle(connection, asked, maximum, restore_rate)
    missing = [each for each in asked if each.installation_id not in found]
    if missing:
        brands = [each.brand_id for each in missing]
        installations = [each.installation_id for each in missing]
        await connection.fetch(_FILL, brands, installations, float(maximum))
        found |= await _settle(connection, missing, maximum, restore_rate)
    return found


async def _settle(
    connection: ReadPool, asked: Sequence[Settlement], maximum: int, restore_rate: int
) -> dict[UUID, Settled]:
    columns = [list(column) for column in zip(*asked, strict=True)]
    rows = await connection.fetch(
        _SETTLE, *columns, float(maximum), float(restore_rate), LEASE_SECONDS
    )
    return {row[0]: Settled(row[1], row[2], row[3]) for row in rows}


_FILL = """
INSERT INTO cost_bucket (
    brand_id, installation_id, free, as_of, epoch, epoch_began_at, leased, leased_before
)
SELECT brand_id, installation_id, $3, clock_timestamp(), 0, clock_timestamp(), 0, 0
FROM unnest($1::uuid[], $2::uuid[]) AS missing(brand_id, installation_id)
ORDER BY brand_id, installation_id
ON CONFLICT DO NOTHING
"""

_SETTLE = """
WITH asked AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::bigint[]
    ) AS a(
        brand_id, installation_id, lease_epoch, lease, kept, returned, owed, needed, wanted
    )
),
held AS MATERIALIZED (  -- in one order for all processes, so that nobody waits in a circle
    SELECT a.*, b.free, b.as_of, b.epoch, b.epoch_began_at, b.leased, b.leased_before
    FROM cost_bucket AS b JOIN asked AS a USING (brand_id, installation_id)
    ORDER BY b.brand_id, b.installation_id
    FOR UPDATE OF b
),
timed AS MATERIALIZED (SELECT *, clock_timestamp() AS now FROM held),
turned AS (
    SELECT *, CASE
        WHEN now < epoch_began_at THEN 1
        WHEN now >= epoch_began_at + make_interval(secs => 2 * $12) THEN 2
        WHEN now >= epoch_began_at + make_interval(secs => $12) THEN 1
        ELSE 0
    END AS turns
    FROM timed
),
counted AS (
    SELECT *, epoch + turns AS epoch_now,
        CASE turns WHEN 0 THEN leased ELSE 0 END AS ours,
        CASE turns WHEN 0 THEN leased_before WHEN 1 THEN leased ELSE 0 END AS before
    FROM turned
),
restored AS (
    SELECT *,
        lease_epoch = epoch_now AS is_ours, lease_epoch = epoch_now - 1 AS is_before,
        least($10 - ours - before,
            free + $11 * greatest(extract(epoch FROM now - as_of)::float8, 0)) AS free_now
    FROM counted
),
released AS (  -- what the row forgot already is taken anew
    SELECT *,
        free_now - owed + CASE WHEN is_ours OR is_before THEN returned ELSE -kept END AS there
    FROM restored
),
granted AS (
    SELECT *, CASE
        WHEN there < needed THEN 0
        ELSE greatest(0, least(wanted, greatest(needed, floor(there / 2))))
    END::bigint AS given
    FROM released
)
UPDATE cost_bucket AS b
SET free = g.there - g.given,
    as_of = g.now,
    epoch = g.epoch_now,
    epoch_began_at = CASE g.turns WHEN 0 THEN b.epoch_began_at ELSE g.now END,
    leased = greatest(0, g.ours - CASE WHEN g.is_ours THEN g.lease ELSE 0 END) + g.kept + g.given,
    leased_before = greatest(0, g.before - CASE WHEN g.is_before THEN g.lease ELSE 0 END)
FROM granted AS g
WHERE b.brand_id = g.brand_id AND b.installation_id = g.installation_id
RETURNING b.installation_id, g.given, floor(g.there - g.given)::bigint, b.epoch
"""
