"""Which posts ask for which intents: the one that made it, and those that only repeat it.

The first is named by the intent itself; a post that repeats one names the intent.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from app.carts.intents import Intent
from app.carts.queries import IntentKey
from app.core.bulk import columns_of, run
from app.core.database import WriteSession
from app.engagements.queries import EngagementKey

_OF_ENGAGEMENTS = """
WITH told AS MATERIALIZED (
    SELECT engagement.brand_id, engagement.id, engagement.intent_id
    FROM unnest($1::uuid[], $2::bigint[]) AS asked (brand_id, xid)
    JOIN engagement ON engagement.brand_id = asked.brand_id AND engagement.xid = asked.xid
)
SELECT intent.brand_id, intent.id FROM told
JOIN cart_intent AS intent
    ON intent.brand_id = told.brand_id AND intent.engagement_id = told.id
UNION
SELECT told.brand_id, told.intent_id FROM told WHERE told.intent_id IS NOT NULL
"""

_STILL_ASKED = """
WITH gone AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS keys (brand_id, xid)
), asked AS MATERIALIZED (
    SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::uuid[]) AS keys (brand_id, id, engagement_id)
), replies AS (
    SELECT asked.id AS intent_id, engagement.brand_id, engagement.xid, engagement.content_state
    FROM asked JOIN engagement
        ON engagement.brand_id = asked.brand_id AND engagement.id = asked.engagement_id
    UNION ALL
    SELECT asked.id, engagement.brand_id, engagement.xid, engagement.content_state
    FROM asked JOIN engagement
        ON engagement.brand_id = asked.brand_id AND engagement.intent_id = asked.id
)
SELECT DISTINCT replies.intent_id FROM replies
WHERE replies.content_state <> 'DELETED' AND NOT EXISTS (
    SELECT FROM gone WHERE gone.brand_id = replies.brand_id AND gone.xid = replies.xid
)
"""

_NOTE_REPEATS = """
UPDATE engagement SET intent_id = fresh.intent_id
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS fresh (brand_id, engagement_id, intent_id)
WHERE engagement.brand_id = fresh.brand_id AND engagement.id = fresh.engagement_id
"""

_TAKE_OVER = """
UPDATE engagement SET intent_id = $3
WHERE brand_id = $1 AND (intent_id = $2
    OR id = (SELECT engagement_id FROM cart_intent WHERE brand_id = $1 AND id = $2))
"""


async def asked_by(
    session: WriteSession, engagements: Collection[EngagementKey]
) -> frozenset[IntentKey]:
    """The intents that these posts made or repeated; unlocked."""
    rows = await run(session, _OF_ENGAGEMENTS, *columns_of(engagements, 2)) if engagements else []
    return frozenset((brand_id, intent_id) for brand_id, intent_id in rows)


async def still_asked(
    session: WriteSession, intents: Collection[Intent], gone: Collection[EngagementKey]
) -> frozenset[UUID]:
    """Those of the intents for which a post stands that is not deleted and not in *gone*."""
    asked = [(intent.brand_id, intent.id, intent.engagement_id) for intent in intents]
    rows = await run(session, _STILL_ASKED, *columns_of(gone, 2), *columns_of(asked, 3))
    return frozenset(intent_id for (intent_id,) in rows)


async def note_repeats(session: WriteSession, repeats: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    """Write which posts repeat which intents: brand, engagement and intent."""
    if repeats:
        await run(session, _NOTE_REPEATS, *columns_of(sorted(repeats), 3))


async def take_over(session: WriteSession, *, elder: Intent, younger: Intent) -> None:
    """Let the posts that asked for *younger* count as repeats of *elder*."""
    await run(session, _TAKE_OVER, younger.brand_id, younger.id, elder.id)
