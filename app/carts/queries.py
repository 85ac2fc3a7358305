"""Reading and writing cart intents, many at a time.

Intents are locked in the order of their ids, everywhere: so two batches cannot wait for each other.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson

from app.brands.states import TriggerAction
from app.carts.intents import Failure, HandOffLink, Intent, Offer, Related
from app.carts.models import CartIntent
from app.carts.states import CartIntentStatus, FailureReason
from app.core.bulk import columns_of, copy_rows, run, update_rows
from app.core.database import WriteSession
from app.products.facts import ProductName
from app.shoppers.queries import ShopperKey
from app.tweets.facts import TweetName

RELATED_MAX = 20_000
"""Most intents that one batch looks at for repeats; a batch has at most 200 posts."""

IntentKey = tuple[UUID, UUID]
"""A brand's id and an intent's id there."""

Asked = tuple[UUID, UUID, UUID | None, UUID | None]
"""A brand's id, a shopper's id there, the tweet that she answers and its product, where known."""


class SeenTooEarly(Exception):
    """An intent names what this statement could not see yet: the transaction is to be repeated."""


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
    "claimed_until",
    "remove_due_at",
    "remove_attempts",
    "waits_until",
    "received_at",
    "matched_at",
    "resolved_at",
    "queued_at",
    "answered_at",
    "updated_at",
)
"""Columns that are fields of `Intent` as they are."""

INTENT = ", ".join(
    (
        *(f"intent.{column}" for column in _PLAIN),
        "intent.action, intent.status, intent.tweet_id, tweet.root_xid, intent.product_id",
        "product.retailer, product.marketplace, product.retailer_product_id, product.title",
        "intent.failure_reason, intent.failure_retryable, intent.failure_detail",
        "intent.hand_off_url, intent.hand_off_expires_at",
        "intent.offer_amount_minor, intent.offer_currency",
    )
)
"""What `intent_of` reads, of the tables `intent`, `tweet` and `product`."""

_INTENT_COLUMNS = len(INTENT.split(","))

NAMES = """
LEFT JOIN shoppable_tweet AS tweet
    ON tweet.brand_id = intent.brand_id AND tweet.id = intent.tweet_id
LEFT JOIN product ON product.brand_id = intent.brand_id AND product.id = intent.product_id
"""


def locking(found: str, *, more: str = "") -> str:
    """A statement that locks the intents that *found* says, and then reads what they name.

    *found* follows `SELECT intent.*` and orders by id. Locking comes first: who waited for a lock
    must read what the other wrote, and the names of that.
    """
    return f"""
    WITH intent AS MATERIALIZED (SELECT intent.* {found} FOR UPDATE OF intent)
    SELECT {INTENT} {more} FROM intent {NAMES} ORDER BY intent.id
    """


_RELATED = locking(
    f"""
    , engagement.parent_xid
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
        AS asked (brand_id, shopper_id, tweet_id, product_id)
    JOIN cart_intent AS intent
        ON intent.brand_id = asked.brand_id AND intent.shopper_id = asked.shopper_id
        AND (
            intent.tweet_id = asked.tweet_id OR intent.product_id = asked.product_id
            OR intent.tweet_id IS NULL OR intent.id = ANY($6::uuid[])
        )
    LEFT JOIN engagement
        ON engagement.brand_id = intent.brand_id AND engagement.id = intent.engagement_id
        AND intent.tweet_id IS NULL
    WHERE intent.tweet_id IS NOT NULL OR engagement.parent_xid = ANY($5::bigint[])
        OR intent.id = ANY($6::uuid[])
    ORDER BY intent.id
    LIMIT {RELATED_MAX}
    """,
    more=", intent.parent_xid",
)

_BY_KEY = """
FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, id)
JOIN cart_intent AS intent ON intent.brand_id = asked.brand_id AND intent.id = asked.id
"""

_LOCK_BY_KEY = locking(f"{_BY_KEY} ORDER BY intent.id")

_READ_BY_KEY = f"SELECT {INTENT} {_BY_KEY} {NAMES} ORDER BY intent.id"

_OF_SHOPPERS = locking(
    f"""
    FROM (
        SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS pairs (brand_id, shopper_id)
    ) AS asked
    JOIN cart_intent AS intent
        ON intent.brand_id = asked.brand_id AND intent.shopper_id = asked.shopper_id
    WHERE intent.status = ANY($3::text[])
    ORDER BY intent.id
    LIMIT {RELATED_MAX}
    """
)

_OVERDUE = """
SELECT intent.brand_id, intent.id FROM cart_intent AS intent
WHERE intent.waits_until <= $1
    AND (intent.status <> 'RECEIVED' OR coalesce(intent.matched_at, intent.received_at) <= $3)
ORDER BY intent.waits_until
LIMIT $2
FOR UPDATE SKIP LOCKED
"""

_NAMED = ("tweet_id", "product_id")
_FAILED = ("failure_reason", "failure_retryable", "failure_detail")
_HANDED = ("hand_off_url", "hand_off_expires_at", "offer_amount_minor", "offer_currency")

_MOVING = (
    "previous_intent_id",
    "retailer",
    "status",
    "next_attempt_at",
    "claimed_until",
    "waits_until",
    "repeat_count",
    "withdraw_requested",
    "remove_due_at",
    "resolved_at",
    "queued_at",
    "updated_at",
)
"""What is decided here; `decisions` is appended to."""

_NEW = (
    "brand_id",
    "id",
    "engagement_id",
    "engagement_xid",
    "shopper_id",
    "action",
    "marketplace",
    "quantity",
    "attempts",
    "remove_attempts",
    "received_at",
    "matched_at",
    *_MOVING,
)
"""What an intent holds from the first; the rest takes the table's defaults."""

_ANSWERED = (
    "brand_id",
    "id",
    "status",
    "cart_reference",
    "next_attempt_at",
    "claimed_until",
    "remove_due_at",
    "answered_at",
    "updated_at",
)
"""What a retailer's answer may change; `retailer_calls` is appended to."""

_KEYS = ("brand_id", "id")
_new_values = attrgetter(*_NEW)
_moving_values = attrgetter(*_KEYS, *_MOVING)
_answered_values = attrgetter(*_ANSWERED)


async def lock_related(
    session: WriteSession,
    asked: Collection[Asked],
    *,
    parent_xids: Collection[int],
    intent_ids: Collection[UUID] = (),
) -> list[Related]:
    """Intents of the asking shoppers that concern what each asks for, or have these ids.

    *parent_xids* find what waits for its parent. In the order of their ids, which is that of
    their making; locked; at most `RELATED_MAX`. What a shopper asks for elsewhere is left alone:
    its answer may be about to be written.
    """
    rows = await run(session, _RELATED, *columns_of(asked, 4), list(parent_xids), list(intent_ids))
    once = {row[:2]: row for row in rows}
    return [Related(intent_of(row), row[-1]) for row in once.values()]


async def lock_intents(session: WriteSession, keys: Collection[IntentKey]) -> list[Intent]:
    """These intents in the order of their ids, locked; who does not exist is absent."""
    rows = await run(session, _LOCK_BY_KEY, *columns_of(keys, 2)) if keys else []
    return [intent_of(row) for row in rows]


async def read_intents(session: WriteSession, keys: Collection[IntentKey]) -> list[Intent]:
    """These intents in the order of their ids, unlocked; who does not exist is absent."""
    rows = await run(session, _READ_BY_KEY, *columns_of(keys, 2)) if keys else []
    return [intent_of(row) for row in rows]


async def lock_of_shoppers(
    session: WriteSession,
    shoppers: Collection[ShopperKey],
    statuses: Collection[CartIntentStatus],
) -> list[Intent]:
    """The intents of these shoppers that are in these states, locked in the order of their ids.

    At most `RELATED_MAX`.
    """
    states = [status.value for status in statuses]
    rows = await run(session, _OF_SHOPPERS, *columns_of(shoppers, 2), states) if shoppers else []
    return [intent_of(row) for row in rows]


async def lock_overdue(
    session: WriteSession, *, now: datetime, received_before: datetime, limit: int
) -> list[Intent]:
    """Intents whose wait is over, longest over first chosen; what another holds is passed over.

    One that waits for its parent only if it was decided before *received_before*.
    """
    keys = await run(session, _OVERDUE, now, limit, received_before)
    return await lock_intents(session, [(brand_id, key) for brand_id, key in keys])


async def insert_intents(session: WriteSession, intents: Sequence[Intent]) -> None:
    """Write intents that are not yet in the table, in the state that they have come to."""
    rows = [(*_new_values(intent), *_decided_values(intent)) for intent in intents]
    if rows:
        await copy_rows(session, CartIntent, (*_NEW, *_NAMED, *_FAILED, "decisions"), rows)


async def update_decided(session: WriteSession, intents: Sequence[Intent]) -> None:
    """Write what was decided of intents that are in the table and locked."""
    rows = [(*_moving_values(intent), *_decided_values(intent)) for intent in intents]
    columns = (*_MOVING, *_NAMED, *_FAILED)
    if rows:
        await update_rows(session, CartIntent, _KEYS, columns, rows, appended=("decisions",))


async def update_answered(session: WriteSession, intents: Sequence[Intent]) -> None:
    """Write what retailers answered about intents that are in the table and locked."""
    rows = [
        (*_answered_values(intent), *_failure(intent), *_handed(intent), _json(intent.new_calls))
        for intent in intents
    ]
    columns = (*_ANSWERED[2:], *_FAILED, *_HANDED)
    if rows:
        await update_rows(session, CartIntent, _KEYS, columns, rows, appended=("retailer_calls",))


def _decided_values(intent: Intent) -> tuple[Any, ...]:
    tweet, product = intent.tweet, intent.product
    names = (tweet.id if tweet else None, product.id if product else None)
    return (*names, *_failure(intent), _json(intent.new_decisions))


def _failure(intent: Intent) -> tuple[Any, ...]:
    failure = intent.failure
    return (failure.reason, failure.retryable, failure.detail) if failure else (None,) * 3


def _handed(intent: Intent) -> tuple[Any, ...]:
    hand_off, offer = intent.hand_off, intent.offer
    return (
        *((hand_off.url, hand_off.expires_at) if hand_off else (None, None)),
        *((offer.amount_minor, offer.currency) if offer else (None, None)),
    )


def _json(notes: list[dict[str, Any]]) -> str:
    return orjson.dumps(notes).decode() if notes else "[]"


def intent_of(row: Sequence[Any]) -> Intent:
    """The intent in the columns `INTENT`, with which *row* begins.

    Raises:
        SeenTooEarly: it names a tweet or product that is younger than the statement.
    """
    plain: dict[str, Any] = dict(zip(_PLAIN, row, strict=False))
    action, status, tweet_id, root_xid, *others = row[len(_PLAIN) : _INTENT_COLUMNS]
    product, failure, hand_off, offer = others[:5], others[5:8], others[8:10], others[10:]
    if (tweet_id and root_xid is None) or (product[0] and product[1] is None):
        raise SeenTooEarly
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
