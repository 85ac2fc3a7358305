"""How long what came through the door has waited, for `/metrics`.

Servers look as well as workers: the figure matters most when no worker is there.
"""

import asyncio
from contextlib import suppress

from app.core import clock
from app.core.metrics import INBOX_LAG
from app.core.outage import is_outage
from app.core.read_pool import ReadPool
from app.ingest.queries import LANES

LOOK_SECONDS = 5.0

_OLDEST = f"""
SELECT min(item.received_at)
FROM generate_series(0, {LANES - 1}) AS every (lane)
CROSS JOIN LATERAL (
    SELECT received_at FROM inbox
    WHERE inbox.lane BETWEEN every.lane AND every.lane
        AND inbox.decided_at IS NULL AND inbox.quarantined_at IS NULL
    ORDER BY inbox.lane, inbox.id
    LIMIT 1
) AS item
"""
"""One look into the index for each lane, however many rows wait."""


async def watch_lag(pool: ReadPool, stop: asyncio.Event) -> None:
    """Look again and again until *stop*; while the database is away the last figure stands."""
    while not stop.is_set():
        try:
            await measure_lag(pool)
        except Exception as error:
            if not is_outage(error):
                raise
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()


async def measure_lag(pool: ReadPool) -> None:
    """Set the figure to the age of the oldest payload that waits to be decided."""
    oldest = await pool.fetchval(_OLDEST)
    INBOX_LAG.set(max((clock.now() - oldest).total_seconds(), 0) if oldest else 0)
