"""By hand: intents with 51 fields, intents by a filter, and their sums by status and day."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from app.core.ids import global_id
from app.graphql.paging import CursorSigner, Order
from benchmarks.by_hand.forms import (
    Form,
    Listed,
    Row,
    Variables,
    first,
    page_info,
    to_bytes,
    xid,
)

OLDEST_FIRST = Listed("Query.cartIntents", Order(("received_at", "id")))

_FIELDS = """
SELECT intent.id, intent.engagement_xid, intent.action, intent.marketplace, intent.retailer,
    intent.quantity, intent.status, intent.failure_reason, intent.failure_retryable,
    intent.failure_detail, intent.hand_off_url, intent.hand_off_expires_at,
    intent.offer_amount_minor, intent.offer_currency, intent.repeat_count,
    intent.withdraw_requested, intent.remove_due_at, intent.waits_until, intent.received_at,
    intent.matched_at, intent.resolved_at, intent.queued_at, intent.answered_at,
    intent.updated_at,
    shopper.id, shopper.created_at, shopper.redacted_at,
    tweet.id, tweet.root_xid, tweet.conversation_xid, tweet.author_xid, tweet.authored_by_brand,
    tweet.text, tweet.status, tweet.unshoppable_reason, tweet.campaign, tweet.posted_at,
    tweet.registered_at,
    product.id, product.retailer, product.marketplace, product.retailer_product_id, product.title,
    product.description, product.image_url, product.canonical_url, product.kind, product.status,
    product.availability, product.offer_as_of, product.created_at
FROM cart_intent AS intent
LEFT JOIN LATERAL (
    SELECT * FROM shopper WHERE brand_id = $1::uuid AND id = intent.shopper_id OFFSET 0
) AS shopper ON true
LEFT JOIN LATERAL (
    SELECT * FROM shoppable_tweet WHERE brand_id = $1::uuid AND id = intent.tweet_id OFFSET 0
) AS tweet ON true
LEFT JOIN LATERAL (
    SELECT * FROM product WHERE brand_id = $1::uuid AND id = intent.product_id OFFSET 0
) AS product ON true
WHERE intent.brand_id = $1::uuid
ORDER BY intent.received_at DESC, intent.id DESC LIMIT $2::integer
"""

_FILTER = """
SELECT intent.id, intent.status, intent.retailer, intent.received_at, product.id, product.title
FROM cart_intent AS intent
LEFT JOIN LATERAL (
    SELECT id, title FROM product
    WHERE brand_id = $1::uuid AND id = intent.product_id OFFSET 0
) AS product ON true
WHERE intent.brand_id = $1::uuid AND intent.status = ANY($3::text[])
    AND intent.received_at >= $4::timestamptz AND intent.received_at < $5::timestamptz
    AND (intent.retailer IS NOT NULL OR intent.marketplace <> $6::text)
ORDER BY intent.received_at, intent.id LIMIT $2::integer + 1
"""

_TOTALS = """
SELECT status, (received_at AT TIME ZONE 'UTC')::date AS day, offer_currency, count(*),
    sum(quantity), sum(offer_amount_minor::bigint * quantity)::bigint
FROM cart_intent
WHERE brand_id = $1::uuid AND received_at >= $2::timestamptz AND received_at < $3::timestamptz
GROUP BY 1, 2, 3 ORDER BY 3
"""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _chosen(variables: Variables) -> tuple[Any, ...]:
    asked = variables["filter"]
    status, received = asked["status"]["in"], asked["receivedAt"]
    marketplace = asked["or"][1]["not"]["marketplace"]["eq"]
    span = (_moment(received["gte"]), _moment(received["lt"]))
    return (variables["first"], status, *span, marketplace)


def _span(variables: Variables) -> tuple[datetime, datetime]:
    received = variables["filter"]["receivedAt"]
    return _moment(received["gte"]), _moment(received["lt"])


def _fields(rows: Sequence[Row], _: Variables, __: CursorSigner) -> bytes:
    return to_bytes({"cartIntents": {"nodes": [_whole_intent(row) for row in rows]}})


def _whole_intent(row: Row) -> dict[str, Any]:
    return {
        "id": global_id("CartIntent", row[0]),
        "engagementXid": xid(row[1]),
        "action": row[2],
        "marketplace": row[3],
        "retailer": row[4],
        "quantity": row[5],
        "status": row[6],
        "failure": None
        if row[7] is None
        else {"reason": row[7], "retryable": row[8], "detail": row[9]},
        "handOff": None if row[10] is None else {"url": row[10], "expiresAt": row[11]},
        "offer": None if row[12] is None else {"amountMinor": row[12], "currency": row[13]},
        "repeatCount": row[14],
        "withdrawRequested": row[15],
        "removalDueAt": row[16],
        "waitsUntil": row[17],
        "timings": {
            "receivedAt": row[18],
            "matchedAt": row[19],
            "resolvedAt": row[20],
            "queuedAt": row[21],
            "answeredAt": row[22],
        },
        "updatedAt": row[23],
        "shopper": None
        if row[24] is None
        else {
            "id": global_id("Shopper", row[24]),
            "createdAt": row[25],
            "redactedAt": row[26],
        },
        "tweet": None if row[27] is None else _whole_tweet(row),
        "product": None if row[38] is None else _whole_product(row),
    }


def _whole_tweet(row: Row) -> dict[str, Any]:
    return {
        "id": global_id("ShoppableTweet", row[27]),
        "rootXid": str(row[28]),
        "conversationXid": str(row[29]),
        "authorXid": str(row[30]),
        "authoredByBrand": row[31],
        "text": row[32],
        "status": row[33],
        "unshoppableReason": row[34],
        "campaign": row[35],
        "postedAt": row[36],
        "registeredAt": row[37],
    }


def _whole_product(row: Row) -> dict[str, Any]:
    return {
        "id": global_id("Product", row[38]),
        "retailer": row[39],
        "marketplace": row[40],
        "retailerProductId": row[41],
        "title": row[42],
        "description": row[43],
        "imageUrl": row[44],
        "canonicalUrl": row[45],
        "kind": row[46],
        "status": row[47],
        "availability": row[48],
        "offerAsOf": row[49],
        "createdAt": row[50],
    }


def _filter(rows: Sequence[Row], variables: Variables, signer: CursorSigner) -> bytes:
    page = rows[: variables["first"]]
    edges = [
        {
            "cursor": signer.sign((row[3], row[0])),
            "node": {
                "id": global_id("CartIntent", row[0]),
                "status": row[1],
                "retailer": row[2],
                "timings": {"receivedAt": row[3]},
                "product": None
                if row[4] is None
                else {"id": global_id("Product", row[4]), "title": row[5]},
            },
        }
        for row in page
    ]
    info = page_info(edges, len(rows) > len(page))
    return to_bytes({"cartIntents": {"edges": edges, "pageInfo": info}})


def _totals(rows: Sequence[Row], _: Variables, __: CursorSigner) -> bytes:
    """Currencies are put together here: nearly always there is one."""
    groups: dict[tuple[str, date], dict[str, Any]] = {}
    for status, day, currency, count, quantity, amount in rows:
        group = groups.get((status, day))
        if group is None:
            group = groups[status, day] = {
                "status": status,
                "day": day,
                "count": 0,
                "quantity": 0,
                "offered": [],
            }
        group["count"] += count
        group["quantity"] += quantity
        if currency is not None:
            group["offered"].append({"amountMinor": str(amount), "currency": currency})
    ordered = sorted(
        groups.values(), key=lambda each: (-each["count"], each["status"], each["day"])
    )
    for group in ordered:
        group["quantity"] = str(group["quantity"])
    return to_bytes({"cartIntentTotals": ordered})


MANY_INTENTS = (
    Form("rows", "fields", _FIELDS, first, _fields),
    Form("rows", "filter", _FILTER, _chosen, _filter, OLDEST_FIRST),
    Form("groups put together in Python", "totals", _TOTALS, _span, _totals),
)
