"""What is not needed any more goes: keys that X's repetitions are known by, and old standings.

Each step deletes a bounded number of rows, oldest first, and passes over what others hold. They are
chosen into an array, once: a choice that a plan made anew for each row would have no bound.
"""

from datetime import timedelta

import structlog

from app.core import clock
from app.core.bulk import run
from app.core.resources import Resources
from app.events.log import write_transaction

KEPT = timedelta(days=30)
"""How long X may repeat or contradict itself; also how long a body is kept that nobody decides."""

ROWS_MAX = 1_000
"""Most rows of each table that one step deletes."""

log = structlog.get_logger()

_DECIDED = """
DELETE FROM inbox WHERE id = ANY(ARRAY(
    SELECT id FROM inbox WHERE decided_at < $1 ORDER BY decided_at LIMIT $2
    FOR UPDATE SKIP LOCKED
)) RETURNING 1
"""

_QUARANTINED = """
DELETE FROM inbox WHERE id = ANY(ARRAY(
    SELECT id FROM inbox WHERE quarantined_at < $1 ORDER BY quarantined_at LIMIT $2
    FOR UPDATE SKIP LOCKED
)) RETURNING 1
"""

_STANDINGS = """
DELETE FROM standing WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM standing WHERE kept_at < $1 AND NOT spreads ORDER BY kept_at LIMIT $2
    FOR UPDATE SKIP LOCKED
)) RETURNING 1
"""


async def purge_once(resources: Resources) -> int:
    """Delete up to `ROWS_MAX` rows of each kind that are older than `KEPT`; how many went."""
    before = clock.now() - KEPT
    async with write_transaction(resources.sessions) as session:
        decided = await run(session, _DECIDED, before, ROWS_MAX)
        quarantined = await run(session, _QUARANTINED, before, ROWS_MAX)
        standings = await run(session, _STANDINGS, before, ROWS_MAX)
    if quarantined:
        log.error("undecided_items_expired", items=len(quarantined))
    return len(decided) + len(quarantined) + len(standings)
