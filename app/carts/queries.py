"""Reading and writing cart intents, many at a time.

Intents are locked in the order of their ids, everywhere: so two batches cannot wait for each other.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.brands.states import TriggerAction
from app.carts.intents import Failure, HandOffLink, Intent, Offer, Related
from app.carts.models import CartIntent
from app.carts.states import CartIntentStatus, FailureReason
from app.core.bulk import insert_rows, run, update_rows
from app.core.database import WriteSession
from app.products.facts import ProductName
from app.tweets.facts import TweetName

RELATED_MAX = 20_000
"""Most intents that one batch looks at for repeats; a batch has at most 100 posts."""

IntentKey = tuple[UUID, UUID]
"""A brand's id and an intent's id there."""

_PLAIN = (
    "brand_id",
    "id",
    "engagement_id",
    "engagement_xid",
    "shopper_id",
    "marketplace",
    "retailer",
    "previous_intent_id",
    "quantity",
    "cart_reference",
    "repeat_count",
    "withdraw_requested",
    "attempts",
    "next_attempt_at",
    "waits_until",
    "received_at",
    "matched_at",
    "resolved_at",
    "queued_at",
    "answered_at",
    "updated_at",
)
"""Columns that are fields of `Intent` as they are."""

_INTENT = ", ".join(
    (
        *(f"intent.{column}" for column in _PLAIN),
        "intent.action, intent.status, intent.tweet_id, tweet.root_xid, intent.product_id",
        "product.retailer, product.marketplace, product.retailer_product_id, product.title",
        "intent.failure_reason, intent.failure_retryable, intent.failure_detail",
        "intent.hand_off_url, intent.hand_off_expires_at",
        "intent.offer_amount_minor, intent.offer_currency",
    )
)
_INTENT_COLUMNS = len(_INTENT.split(","))

_NAMES = """
LEFT JOIN shoppable_tweet AS tweet
    ON tweet.brand_id = intent.brand_id AND tweet.id = intent.tweet_id
LEFT JOIN product ON product.brand_id = intent.brand_id AND product.id = intent.product_id
"""

_RELATED = f"""
SELECT {_INTENT}, engagement.parent_xid
FROM (
    SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS pairs (brand_id, shopper_id)
) AS asked
JOIN cart_intent AS intent
    ON intent.brand_id = asked.brand_id AND intent.shopper_id = asked.shopper_id
JOIN engagement
    ON engagement.brand_id = intent.brand_id AND engagement.id = intent.engagement_id
{_NAMES}
WHERE intent.tweet_id = ANY($3::uuid[]) OR intent.product_id = ANY($4::uuid[])
    OR (intent.tweet_id IS NULL AND engagement.parent_xid = ANY($5::bigint[]))
ORDER BY intent.id
LIMIT {RELATED_MAX}
FOR UPDATE OF intent
"""

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT brand_id, id, shopper_id, product_id FROM cart_intent
    WHERE status = 'QUEUED' AND next_attempt_at <= $1
    ORDER BY next_attempt_at
    LIMIT $4
    FOR UPDATE SKIP LOCKED
), judged AS MATERIALIZED (
    SELECT due.brand_id, due.id, others.wait, others.hold
    FROM due CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(other.status = 'QUEUED' AND other.id < due.id), false) AS wait,
            coalesce(bool_or(other.status <> 'QUEUED'), false) AS hold
        FROM cart_intent AS other
        WHERE other.brand_id = due.brand_id AND other.shopper_id = due.shopper_id
            AND other.product_id IS NOT DISTINCT FROM due.product_id
            AND other.status IN ('QUEUED', 'ADDED', 'HANDED_OFF') AND other.id <> due.id
    ) AS others
), claimed AS (
    UPDATE cart_intent AS intent
    SET attempts = intent.attempts + CASE WHEN judged.wait THEN 0 ELSE 1 END,
        next_attempt_at = CASE WHEN judged.wait THEN $2::timestamptz ELSE $3 END
    FROM judged WHERE intent.brand_id = judged.brand_id AND intent.id = judged.id
    RETURNING intent.brand_id, intent.id, intent.attempts, intent.shopper_id, intent.product_id,
        intent.retailer, intent.marketplace, intent.quantity, judged.wait, judged.hold
)
SELECT claimed.brand_id, claimed.id, claimed.attempts, claimed.shopper_id, claimed.retailer,
    claimed.marketplace, product.retailer_product_id, claimed.quantity, claimed.hold
FROM claimed
LEFT JOIN product ON product.brand_id = claimed.brand_id AND product.id = claimed.product_id
WHERE NOT claimed.wait
"""

_ANSWERABLE = f"""
SELECT {_INTENT}
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS asked (brand_id, id, attempts)
JOIN cart_intent AS intent
    ON intent.brand_id = asked.brand_id AND intent.id = asked.id
    AND intent.attempts = asked.attempts AND intent.status = 'QUEUED'
{_NAMES}
ORDER BY intent.id
FOR UPDATE OF intent
"""

_NEW_COLUMNS = (
    "brand_id",
    "id",
    "engagement_id",
    "engagement_xid",
    "shopper_id",
    "previous_intent_id",
    "action",
    "marketplace",
    "quantity",
    "withdraw_requested",
    "received_at",
    "matched_at",
)

_MOVING_COLUMNS = (
    "tweet_id",
    "product_id",
    "retailer",
    "status",
    "failure_reason",
    "failure_retryable",
    "failure_detail",
    "hand_off_url",
    "hand_off_expires_at",
    "cart_reference",
    "offer_amount_minor",
    "offer_currency",
    "repeat_count",
    "attempts",
    "next_attempt_at",
    "waits_until",
    "resolved_at",
    "queued_at",
    "answered_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A QUEUED intent whose retailer is to be asked now. `attempts` fences the answer.

    `is_held` says that another intent brought the same product to the same shopper's cart.
    """

    brand_id: UUID
    id: UUID
    attempts: int
    shopper_id: UUID
    retailer: str | None
    marketplace: str
    retailer_product_id: str | None
    quantity: int
    is_held: bool


async def lock_related(
    session: WriteSession,
    *,
    shoppers: Collection[tuple[UUID, UUID]],
    tweet_ids: Collection[UUID],
    product_ids: Collection[UUID],
    parent_xids: Collection[int],
) -> list[Related]:
    """Intents of these shoppers that concern these tweets, products or unknown parents.

    In the order of their ids, which is that of their making; locked; at most `RELATED_MAX`.
    """
    brand_ids, shopper_ids = zip(*shoppers, strict=True)
    rows = await run(
        session,
        _RELATED,
        list(brand_ids),
        list(shopper_ids),
        list(tweet_ids),
        list(product_ids),
        list(parent_xids),
    )
    return [Related(_intent(row), row[-1]) for row in rows]


async def claim_due(
    session: WriteSession, *, now: datetime, wait_until: datetime, lease_until: datetime, limit: int
) -> list[Claimed]:
    """Take QUEUED intents that are due, longest due first, and hold them until *lease_until*.

    One that stands behind an older intent of the same shopper and product is not taken: it is due
    again at *wait_until*. Rows that another worker is taking are passed over.
    """
    rows = await run(session, _CLAIM, now, wait_until, lease_until, limit)
    return [Claimed(*row) for row in rows]


async def lock_answerable(session: WriteSession, claims: Iterable[Claimed]) -> list[Intent]:
    """Those of the claimed intents whose answer may still be recorded, locked in order of ids.

    Absent are those that moved on, and those that a later try has taken over.
    """
    keys = [(claim.brand_id, claim.id, claim.attempts) for claim in claims]
    brand_ids, ids, attempts = zip(*keys, strict=True)
    rows = await run(session, _ANSWERABLE, list(brand_ids), list(ids), list(attempts))
    return [_intent(row) for row in rows]


async def insert_intents(session: WriteSession, intents: Sequence[Intent]) -> None:
    """Write intents that are not yet in the table, in the state that they have come to."""
    rows = [_new_values(intent) + _moving_values(intent) for intent in intents]
    if rows:
        await insert_rows(session, CartIntent, _NEW_COLUMNS + _MOVING_COLUMNS, rows)


async def update_intents(session: WriteSession, intents: Sequence[Intent]) -> None:
    """Write what may change of intents that are in the table and locked."""
    rows = [(intent.brand_id, intent.id, *_moving_values(intent)) for intent in intents]
    if rows:
        await update_rows(session, CartIntent, ("brand_id", "id"), _MOVING_COLUMNS, rows)


def _new_values(intent: Intent) -> tuple[Any, ...]:
    return (
        intent.brand_id,
        intent.id,
        intent.engagement_id,
        intent.engagement_xid,
        intent.shopper_id,
        intent.previous_intent_id,
        intent.action,
        intent.marketplace,
        intent.quantity,
        intent.withdraw_requested,
        intent.received_at,
        intent.matched_at,
    )


def _moving_values(intent: Intent) -> tuple[Any, ...]:
    failure, hand_off, offer = intent.failure, intent.hand_off, intent.offer
    return (
        intent.tweet.id if intent.tweet else None,
        intent.product.id if intent.product else None,
        intent.retailer,
        intent.status,
        failure.reason if failure else None,
        failure.retryable if failure else None,
        failure.detail if failure else None,
        hand_off.url if hand_off else None,
        hand_off.expires_at if hand_off else None,
        intent.cart_reference,
        offer.amount_minor if offer else None,
        offer.currency if offer else None,
        intent.repeat_count,
        intent.attempts,
        intent.next_attempt_at,
        intent.waits_until,
        intent.resolved_at,
        intent.queued_at,
        intent.answered_at,
        intent.updated_at,
    )


def _intent(row: Sequence[Any]) -> Intent:
    """The intent in the columns `_INTENT`, with which *row* begins."""
    plain: dict[str, Any] = dict(zip(_PLAIN, row, strict=False))
    action, status, tweet_id, root_xid, *others = row[len(_PLAIN) : _INTENT_COLUMNS]
    product, failure, hand_off, offer = others[:5], others[5:8], others[8:10], others[10:]
    return Intent(
        **plain,
        action=TriggerAction(action),
        status=CartIntentStatus(status),
        tweet=TweetName(tweet_id, root_xid) if tweet_id else None,
        product=ProductName(*product) if product[0] else None,
        failure=Failure(FailureReason(failure[0]), *failure[1:]) if failure[0] else None,
        hand_off=HandOffLink(*hand_off) if hand_off[0] else None,
        offer=Offer(*offer) if offer[0] is not None else None,
    )
