"""The inbox as a queue, and what the trigger decision looks up, many at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from app.brands.states import AccountRole, BrandStatus, ResolveDepth, TriggerAction
from app.core.bulk import run, run_alone
from app.core.database import WriteSession
from app.ingest.facts import BrandFacts, TriggerFacts
from app.shoppers.queries import ShopperKey

LANES = 16
"""Into how many lanes authors are spread: as many workers can decide at once."""

FROM_ONE_LANE_MAX = 32
"""Most items that one batch takes from a lane, so that a busy author delays only her own lane."""

Leases = Mapping[int, int]
"""Fencing tokens by lane."""

Waiting = tuple[Any, ...]
"""An item's id and its lane."""

WAITING = f"""
SELECT item.id, item.lane
FROM unnest($1::smallint[]) AS mine (lane)
CROSS JOIN LATERAL (
    SELECT inbox.id, inbox.lane FROM inbox
    WHERE inbox.lane BETWEEN mine.lane AND mine.lane
        AND inbox.decided_at IS NULL AND inbox.quarantined_at IS NULL AND inbox.attempts = 0
    ORDER BY inbox.lane, inbox.id
    LIMIT {FROM_ONE_LANE_MAX}
) AS item
ORDER BY item.id
LIMIT $2
"""

"""The lane is a range and sorted by, since then no index serves but that of what waits. Were it
equal only, the index of all ids might: by a plan that was made and kept while nothing waited."""

_LANE_OF = "SELECT lane FROM inbox WHERE id = $1"

_HOLD = """
SELECT lane.lane
FROM unnest($1::smallint[], $2::integer[]) AS mine (lane, fence)
JOIN ingest_lane AS lane ON lane.lane = mine.lane
WHERE lane.fence = mine.fence AND lane.owner = $3
FOR KEY SHARE OF lane
"""

_TAKE = """
SELECT id, body, received_at, attempts FROM inbox
WHERE id = ANY($1::uuid[]) AND lane = ANY($2::smallint[])
    AND body IS NOT NULL AND quarantined_at IS NULL
ORDER BY id
"""

_FAILED_BEFORE = """
SELECT inbox.id FROM inbox
WHERE inbox.lane = ANY($1::smallint[]) AND inbox.decided_at IS NULL
    AND inbox.quarantined_at IS NULL AND inbox.attempts > 0 AND inbox.next_attempt_at <= $2
ORDER BY inbox.id
LIMIT $3
"""

_DECIDED = """
UPDATE inbox SET body = NULL, decided_at = $2
WHERE id = ANY($1::uuid[]) AND body IS NOT NULL AND quarantined_at IS NULL
RETURNING id
"""

_FAILED = """
UPDATE inbox SET attempts = attempts + 1, next_attempt_at = $2, error_id = $3,
    quarantined_at = CASE WHEN attempts + 1 >= $4 THEN $5::timestamptz END
WHERE id = $1 AND decided_at IS NULL AND quarantined_at IS NULL
RETURNING quarantined_at IS NOT NULL
"""

_ACCOUNTS = """
SELECT x_user_id, role, brand_id FROM x_account WHERE x_user_id = ANY($1::bigint[])
"""

_BRANDS = """
SELECT brand.id, brand.x_user_id, brand.status, brand.accept_quotes, brand.auto_register,
    brand.resolve_depth, brand.grant_revoked_at IS NOT NULL,
    (
        SELECT json_object_agg(trigger.folded_tag,
            json_build_array(trigger.tag, trigger.marketplace, trigger.action))
        FROM trigger WHERE trigger.brand_id = brand.id
    )::text,
    (
        SELECT json_object_agg(place.marketplace, place.retailer)
        FROM brand_marketplace AS place WHERE place.brand_id = brand.id
    )::text
FROM brand WHERE brand.id = ANY($1::uuid[])
"""

_SHOPPERS = """
SELECT person.x_lookup, shopper.brand_id, shopper.id
FROM person JOIN shopper ON shopper.person_id = person.id
WHERE person.x_lookup = ANY($1::bytea[])
"""


@dataclass(frozen=True, slots=True)
class Item:
    """An accepted payload that is to be decided. `attempts` counts how often it failed alone."""

    id: UUID
    body: bytes = field(repr=False)
    received_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """X accounts that are no shoppers, or not at their own brand."""

    brands: Mapping[int, UUID]
    bots: frozenset[int]


async def look_for_waiting(engine: AsyncEngine, leases: Leases, *, limit: int) -> list[Waiting]:
    """The oldest items of these lanes that never failed, in the order of their arrival.

    Nothing is held: an item may be decided, and its lane lost, the next moment.
    """
    return await run_alone(engine, WAITING, list(leases), limit) if leases else []


async def claim_batch(
    session: WriteSession, owner: UUID, leases: Leases, waiting: Sequence[Waiting]
) -> list[Item]:
    """Those of the items that still wait, in the order of their arrival.

    Their lanes stay ours until the transaction ends: who takes a lane over waits for that. A lane
    whose lease was lost brings nothing.
    """
    return await _take(session, owner, leases, waiting)


async def claim_one(
    session: WriteSession, owner: UUID, leases: Leases, item_id: UUID
) -> list[Item]:
    """The one item, under the same conditions; none where it is decided or its lane not ours."""
    lanes = await run(session, _LANE_OF, item_id)
    return await _take(session, owner, leases, [(item_id, lane) for (lane,) in lanes])


async def _take(
    session: WriteSession, owner: UUID, leases: Leases, waiting: Sequence[Waiting]
) -> list[Item]:
    """Hold the lanes, then read what still waits in them: the order keeps the reading current."""
    # A lane may have gone to another worker since it was looked at.
    ours = [(item_id, lane) for item_id, lane in waiting if lane in leases]
    if not ours:
        return []
    lanes = sorted({lane for _, lane in ours})
    held = await run(session, _HOLD, lanes, [leases[lane] for lane in lanes], owner)
    item_ids = [item_id for item_id, _ in ours]
    rows = await run(session, _TAKE, item_ids, [lane for (lane,) in held])
    return [Item(*row) for row in rows]


async def failed_before(
    session: WriteSession, lanes: Collection[int], *, now: datetime, limit: int
) -> list[UUID]:
    """Items of these lanes that failed alone and are to be tried again by now; unlocked."""
    rows = await run(session, _FAILED_BEFORE, list(lanes), now, limit)
    return [item_id for (item_id,) in rows]


async def mark_decided(
    session: WriteSession, items: Sequence[Item], *, now: datetime
) -> frozenset[UUID]:
    """Delete the bodies and keep the dedupe keys; the ids of which this was still to be done."""
    rows = await run(session, _DECIDED, [item.id for item in items], now)
    return frozenset(item_id for (item_id,) in rows)


async def mark_failed(
    session: WriteSession,
    item_id: UUID,
    *,
    next_attempt_at: datetime,
    error_id: str,
    attempts_max: int,
    now: datetime,
) -> bool:
    """Count one more failure; True where that was the last one and the item is quarantined."""
    rows = await run(session, _FAILED, item_id, next_attempt_at, error_id, attempts_max, now)
    return any(quarantined for (quarantined,) in rows)


async def find_accounts(session: WriteSession, x_user_ids: Collection[int]) -> Accounts:
    """Which of these X users are brands' accounts, and which bots of ours."""
    rows = await run(session, _ACCOUNTS, list(x_user_ids))
    return Accounts(
        brands={user: brand_id for user, _, brand_id in rows if brand_id is not None},
        bots=frozenset(user for user, role, _ in rows if role == AccountRole.BOT),
    )


async def shoppers_of(
    session: WriteSession, lookups: Collection[bytes]
) -> dict[bytes, list[ShopperKey]]:
    """The references of these people at all brands that know them, by keyed hash."""
    found: dict[bytes, list[ShopperKey]] = {}
    for lookup, brand_id, shopper_id in await run(session, _SHOPPERS, list(lookups)):
        found.setdefault(lookup, []).append((brand_id, shopper_id))
    return found


async def find_brands(session: WriteSession, brand_ids: Collection[UUID]) -> dict[UUID, BrandFacts]:
    """These brands with their triggers and marketplaces."""
    rows = await run(session, _BRANDS, list(brand_ids))
    return {row[0]: _brand(*row) for row in rows}


def _brand(
    brand_id: UUID,
    x_user_id: int,
    status: str,
    accept_quotes: bool,
    auto_register: bool,
    resolve_depth: str,
    grant_revoked: bool,
    triggers: str | None,
    retailers: str | None,
) -> BrandFacts:
    listed: dict[str, Any] = orjson.loads(triggers or "{}")
    return BrandFacts(
        id=brand_id,
        x_user_id=x_user_id,
        status=BrandStatus(status),
        accept_quotes=accept_quotes,
        auto_register=auto_register,
        resolve_depth=ResolveDepth(resolve_depth),
        grant_revoked=grant_revoked,
        triggers={
            folded: TriggerFacts(tag, marketplace, TriggerAction(action))
            for folded, (tag, marketplace, action) in listed.items()
        },
        retailers=orjson.loads(retailers or "{}"),
    )
