"""Which lanes this worker decides: leases, taken over by a fencing token when they run out.

One author's posts share a lane, so they are decided in order, by one worker at a time. Deciding
locks the lane's row until commit, and a lane is taken only when that lock is free: whoever is slow,
asleep or cut off decides nothing twice. So a lease may be taken from a living worker as well, which
is how lanes are shared out.
"""

import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from app.core.bulk import run
from app.core.database import Sessions
from app.core.ids import uuid7
from app.events.log import write_transaction
from app.ingest.queries import LANES

LEASE = timedelta(seconds=3)
RENEWAL_SECONDS = 1.0
"""How often leases are renewed and lanes shared out; well below the lease."""

_ENSURE = """
INSERT INTO ingest_lane (lane, fence)
SELECT lane, 0 FROM generate_series(0, $1::integer - 1) AS lane
ON CONFLICT (lane) DO NOTHING
"""

_RENEW = "UPDATE ingest_lane SET leased_until = clock_timestamp() + $2 WHERE owner = $1"

_TAKE = """
UPDATE ingest_lane AS lane
SET owner = $1, fence = lane.fence + 1, leased_until = clock_timestamp() + $2
FROM chosen WHERE lane.lane = chosen.lane
"""

_TAKE_FREE = f"""
WITH chosen AS MATERIALIZED (
    SELECT lane FROM ingest_lane
    WHERE owner IS NULL OR leased_until < clock_timestamp()
    FOR UPDATE SKIP LOCKED
)
{_TAKE}
"""

_TAKE_SURPLUS = f"""
WITH holders AS (
    SELECT owner, count(*) AS lanes FROM ingest_lane WHERE owner IS NOT NULL GROUP BY owner
), richest AS (
    SELECT owner, lanes FROM holders WHERE owner <> $1 ORDER BY lanes DESC, owner LIMIT 1
), chosen AS MATERIALIZED (
    SELECT lane FROM ingest_lane WHERE owner = (SELECT owner FROM richest)
    ORDER BY lane
    LIMIT greatest(0, (
        (SELECT lanes FROM richest) - (SELECT count(*) FROM ingest_lane WHERE owner = $1)
    ) / 2)
    FOR UPDATE SKIP LOCKED
)
{_TAKE}
"""

_MINE = "SELECT lane, fence FROM ingest_lane WHERE owner = $1 ORDER BY lane"

_RELEASE = "UPDATE ingest_lane SET owner = NULL, leased_until = NULL WHERE owner = $1"


def lane_of(x_user_id: int) -> int:
    """The lane in which all that this person does is decided."""
    return zlib.crc32(str(x_user_id).encode()) % LANES


@dataclass
class Lanes:
    """The lanes of one worker. `leases` are the fencing tokens it knows of, by lane."""

    sessions: Sessions
    owner: UUID = field(default_factory=uuid7)
    leases: dict[int, int] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Renew what is ours, take what is free, and half of what the richest has more than we.

        Times are the database's: workers' clocks need not agree.
        """
        async with write_transaction(self.sessions) as session:
            if not self.leases:
                await run(session, _ENSURE, LANES)
            await run(session, _RENEW, self.owner, LEASE)
            await run(session, _TAKE_FREE, self.owner, LEASE)
            await run(session, _TAKE_SURPLUS, self.owner, LEASE)
            leases = await run(session, _MINE, self.owner)
        self.leases = {int(lane): int(fence) for lane, fence in leases}

    async def release(self) -> None:
        """Give all lanes back at once, for a worker that stops."""
        self.leases = {}
        async with write_transaction(self.sessions) as session:
            await run(session, _RELEASE, self.owner)
