"""Claiming intents whose retailer is to be asked, so that each try is one worker's alone.

A claim is a lease that counts the try: if its holder dies, the intent is due again afterwards, and
an answer to a try that is no longer the current one is not recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.carts.intents import Intent
from app.carts.queries import INTENT, NAMES, intent_of
from app.core.bulk import columns_of, run
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.shoppers.queries import AccountKey

LEASE = timedelta(seconds=15)
"""How long a claim holds: longer than a call's deadline and two transactions together."""

BATCHES_TAKEN_OVER_MAX = 20
"""Most batches of the short way that one claim looks through for what was not answered."""

_PLACE = """
LEFT JOIN product ON product.brand_id = claimed.brand_id AND product.id = claimed.product_id
LEFT JOIN brand_marketplace AS place
    ON place.brand_id = claimed.brand_id AND place.marketplace = claimed.marketplace
"""

_ASKED = """
claimed.brand_id, claimed.id, claimed.attempts, claimed.shopper_id, claimed.retailer,
claimed.marketplace, product.retailer_product_id, claimed.quantity, place.affiliate_tag
"""

_REMEMBER = """
INSERT INTO express_batch (due_at, id, brand_ids, intent_ids) VALUES ($1, $2, $3, $4)
"""

_TAKE_OVER = f"""
WITH chosen AS MATERIALIZED (
    SELECT due_at, id FROM express_batch
    WHERE due_at <= $1
    ORDER BY due_at
    LIMIT {BATCHES_TAKEN_OVER_MAX}
    FOR UPDATE SKIP LOCKED
), over AS (
    DELETE FROM express_batch AS batch USING chosen
    WHERE batch.due_at = chosen.due_at AND batch.id = chosen.id
    RETURNING batch.brand_ids, batch.intent_ids
), unanswered AS MATERIALIZED (
    SELECT intent.brand_id, intent.id
    FROM over CROSS JOIN LATERAL unnest(over.brand_ids, over.intent_ids) AS asked (brand_id, id)
    JOIN cart_intent AS intent ON intent.brand_id = asked.brand_id AND intent.id = asked.id
    WHERE intent.status = 'QUEUED' AND intent.next_attempt_at IS NULL
    ORDER BY intent.id
    FOR UPDATE OF intent
)
UPDATE cart_intent AS intent SET next_attempt_at = intent.claimed_until
FROM unanswered WHERE intent.brand_id = unanswered.brand_id AND intent.id = unanswered.id
"""

_CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT brand_id, id, shopper_id, product_id, attempts = 0 AS fresh, queued_at,
        withdraw_requested
    FROM cart_intent
    WHERE next_attempt_at <= $1
    ORDER BY next_attempt_at
    LIMIT $4
    FOR UPDATE SKIP LOCKED
), judged AS MATERIALIZED (
    SELECT due.brand_id, due.id, others.hold AND NOT due.withdraw_requested AS hold,
        others.wait AND NOT others.hold AND NOT due.withdraw_requested AS wait
    FROM due CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(other.status <> 'QUEUED'), false) AS hold,
            coalesce(bool_or(
                other.status = 'QUEUED' AND (other.attempts = 0, other.queued_at, other.id)
                    < (due.fresh, due.queued_at, due.id)
            ), false) AS wait
        FROM cart_intent AS other
        WHERE other.brand_id = due.brand_id AND other.shopper_id = due.shopper_id
            AND other.product_id IS NOT DISTINCT FROM due.product_id
            AND other.status IN ('QUEUED', 'ADDED', 'HANDED_OFF') AND other.id <> due.id
    ) AS others
), claimed AS (
    UPDATE cart_intent AS intent
    SET attempts = intent.attempts + CASE WHEN judged.wait THEN 0 ELSE 1 END,
        next_attempt_at = CASE WHEN judged.wait THEN $2::timestamptz ELSE $3 END,
        claimed_until = CASE WHEN judged.wait THEN NULL ELSE $3 END
    FROM judged WHERE intent.brand_id = judged.brand_id AND intent.id = judged.id
    RETURNING intent.brand_id, intent.id, intent.attempts, intent.shopper_id, intent.product_id,
        intent.retailer, intent.marketplace, intent.quantity, intent.withdraw_requested,
        judged.wait, judged.hold
)
SELECT {_ASKED}, $1, claimed.hold, claimed.withdraw_requested
FROM claimed {_PLACE}
WHERE NOT claimed.wait
"""

_ANSWERABLE = f"""
SELECT {INTENT}
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS asked (brand_id, id, attempts)
JOIN cart_intent AS intent
    ON intent.brand_id = asked.brand_id AND intent.id = asked.id
    AND intent.attempts = asked.attempts AND intent.status = 'QUEUED'
{NAMES}
ORDER BY intent.id
FOR UPDATE OF intent
"""

_GIVE_BACK = """
UPDATE cart_intent AS intent SET attempts = 0, claimed_until = NULL, next_attempt_at = $4
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS asked (brand_id, id, attempts)
WHERE intent.brand_id = asked.brand_id AND intent.id = asked.id
    AND intent.attempts = asked.attempts AND intent.status = 'QUEUED'
"""

_CLAIM_REMOVALS = f"""
WITH due AS MATERIALIZED (
    SELECT brand_id, id FROM cart_intent
    WHERE remove_due_at <= $1
    ORDER BY remove_due_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE cart_intent AS intent
    SET remove_attempts = intent.remove_attempts + 1, remove_due_at = $2
    FROM due WHERE intent.brand_id = due.brand_id AND intent.id = due.id
    RETURNING intent.brand_id, intent.id, intent.remove_attempts AS attempts, intent.shopper_id,
        intent.product_id, intent.retailer, intent.marketplace, intent.quantity
)
SELECT {_ASKED}, $1 FROM claimed {_PLACE}
"""

_REMOVABLE = f"""
SELECT {INTENT}
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS asked (brand_id, id, attempts)
JOIN cart_intent AS intent
    ON intent.brand_id = asked.brand_id AND intent.id = asked.id
    AND intent.remove_attempts = asked.attempts AND intent.remove_due_at IS NOT NULL
{NAMES}
ORDER BY intent.id
FOR UPDATE OF intent
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An intent whose retailer is to be asked now. `attempts` fences the answer.

    `is_held` says that another intent brought the same product to the same shopper's cart;
    `withdraw_requested`, that it was taken back after an earlier try.
    """

    brand_id: UUID
    id: UUID
    attempts: int
    shopper_id: UUID
    retailer: str | None
    marketplace: str
    retailer_product_id: str | None
    quantity: int
    affiliate_tag: str | None
    claimed_at: datetime
    is_held: bool = False
    withdraw_requested: bool = False


@dataclass(frozen=True)
class Claims:
    """Intents that are to be answered now, with the accounts they go to."""

    intents: list[Claimed]
    accounts: Mapping[AccountKey, str] = field(repr=False)


async def claim_due(
    session: WriteSession, *, now: datetime, wait_until: datetime, lease_until: datetime, limit: int
) -> list[Claimed]:
    """Take QUEUED intents that are due, longest due first, and hold them until *lease_until*.

    Of those of one shopper and product one is taken at a time: the one that was asked before, else
    the one that was queued first. The others are due again at *wait_until*. Rows that another
    worker is taking are passed over. What went the short way and was not answered while its lease
    held is due like the rest.
    """
    await run(session, _TAKE_OVER, now)
    rows = await run(session, _CLAIM, now, wait_until, lease_until, limit)
    return [Claimed(*row) for row in rows]


async def remember_batch(session: WriteSession, claims: Sequence[Claimed]) -> None:
    """Note what was claimed as it was inserted, so that it is due again when its lease is over."""
    keys = columns_of(((claim.brand_id, claim.id) for claim in claims), 2)
    if claims:
        await run(session, _REMEMBER, claims[0].claimed_at + LEASE, uuid7(), *keys)


async def lock_answerable(session: WriteSession, claims: Iterable[Claimed]) -> list[Intent]:
    """Those of the claimed intents whose answer may still be recorded, locked in order of ids.

    Absent are those that moved on, and those that a later try has taken over.
    """
    return await _lock(session, _ANSWERABLE, claims)


async def give_back(session: WriteSession, claims: Iterable[Claimed], *, now: datetime) -> None:
    """Make due at once, as if never claimed, what was claimed for its first try and never asked."""
    keys = sorted((claim.brand_id, claim.id, claim.attempts) for claim in claims)
    await run(session, _GIVE_BACK, *columns_of(keys, 3), now)


async def claim_removals(
    session: WriteSession, *, now: datetime, lease_until: datetime, limit: int
) -> list[Claimed]:
    """Take ADDED intents whose line is to be taken out again, as `claim_due` does."""
    rows = await run(session, _CLAIM_REMOVALS, now, lease_until, limit)
    return [Claimed(*row) for row in rows]


async def lock_removable(session: WriteSession, claims: Iterable[Claimed]) -> list[Intent]:
    """Those of the claimed removals whose answer may still be recorded, as `lock_answerable`."""
    return await _lock(session, _REMOVABLE, claims)


async def _lock(session: WriteSession, statement: str, claims: Iterable[Claimed]) -> list[Intent]:
    keys = [(claim.brand_id, claim.id, claim.attempts) for claim in claims]
    rows = await run(session, statement, *columns_of(keys, 3))
    return [intent_of(row) for row in rows]
