"""Q3 by hand: many intents of few tweets and products."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from app.core.ids import global_id
from app.graphql.paging import CursorSigner
from benchmarks.by_hand.forms import Form, Row, first, to_bytes

_INTENT = """cart_intent.id, cart_intent.engagement_xid, cart_intent.action,
    cart_intent.marketplace, cart_intent.retailer, cart_intent.quantity, cart_intent.status,
    cart_intent.updated_at"""

_Q3_ROWS = f"""
SELECT {_INTENT}, tweet.id, tweet.text, product.id, product.retailer_product_id, product.title
FROM cart_intent
LEFT JOIN LATERAL (
    SELECT id, text FROM shoppable_tweet AS tweet
    WHERE tweet.brand_id = $1::uuid AND tweet.id = cart_intent.tweet_id OFFSET 0
) AS tweet ON true
LEFT JOIN LATERAL (
    SELECT id, retailer_product_id, title FROM product
    WHERE product.brand_id = $1::uuid AND product.id = cart_intent.product_id OFFSET 0
) AS product ON true
WHERE cart_intent.brand_id = $1::uuid
ORDER BY cart_intent.received_at DESC, cart_intent.id DESC
LIMIT $2::integer
"""

_TWEET = 1
_NONE = ", ".join(["NULL"] * 9)
_Q3_PARENTS_ONCE = f"""
WITH page AS MATERIALIZED (
    SELECT {_INTENT}, tweet_id, product_id FROM cart_intent
    WHERE brand_id = $1::uuid ORDER BY received_at DESC, id DESC LIMIT $2::integer
)
SELECT id, engagement_xid, action, marketplace, retailer, quantity, status, updated_at,
    tweet_id, product_id, NULL, NULL, 0
FROM page
UNION ALL
SELECT tweet.id, {_NONE}, tweet.text, NULL, 1
FROM (SELECT DISTINCT tweet_id FROM page) AS wanted CROSS JOIN LATERAL (
    SELECT id, text FROM shoppable_tweet
    WHERE brand_id = $1::uuid AND id = wanted.tweet_id OFFSET 0
) AS tweet
UNION ALL
SELECT product.id, {_NONE}, product.retailer_product_id, product.title, 2
FROM (SELECT DISTINCT product_id FROM page) AS wanted CROSS JOIN LATERAL (
    SELECT id, retailer_product_id, title FROM product
    WHERE brand_id = $1::uuid AND id = wanted.product_id OFFSET 0
) AS product
"""


def _intent(row: Row) -> dict[str, Any]:
    return {
        "id": global_id("CartIntent", row[0]),
        "engagementXid": None if row[1] is None else str(row[1]),
        "action": row[2],
        "marketplace": row[3],
        "retailer": row[4],
        "quantity": row[5],
        "status": row[6],
        "updatedAt": row[7],
    }


def _q3_rows(rows: Sequence[Row], _: Mapping[str, Any], __: CursorSigner) -> bytes:
    nodes = []
    for row in rows:
        intent = _intent(row)
        intent["tweet"] = (
            None
            if row[8] is None
            else {
                "id": global_id("ShoppableTweet", row[8]),
                "text": row[9],
            }
        )
        intent["product"] = (
            None
            if row[10] is None
            else {
                "retailerProductId": row[11],
                "title": row[12],
            }
        )
        nodes.append(intent)
    return to_bytes({"cartIntents": {"nodes": nodes}})


def _q3_rows_once(rows: Sequence[Row], _: Mapping[str, Any], __: CursorSigner) -> bytes:
    """Parents come with every row, and are serialised at their first."""
    known: dict[UUID | None, orjson.Fragment | None] = {None: None}
    nodes = []
    for row in rows:
        intent = _intent(row)
        tweet, product = row[8], row[10]
        if tweet not in known:
            told = {"id": global_id("ShoppableTweet", tweet), "text": row[9]}
            known[tweet] = orjson.Fragment(orjson.dumps(told))
        if product not in known:
            told = {"retailerProductId": row[11], "title": row[12]}
            known[product] = orjson.Fragment(orjson.dumps(told))
        intent["tweet"], intent["product"] = known[tweet], known[product]
        nodes.append(intent)
    return to_bytes({"cartIntents": {"nodes": nodes}})


def _q3_parents_once(rows: Sequence[Row], _: Mapping[str, Any], __: CursorSigner) -> bytes:
    parents: dict[UUID | None, orjson.Fragment | None] = {None: None}
    intents = len(rows)
    while intents and (kind := rows[intents - 1][12]):  # parents stand behind the intents
        intents -= 1
        row = rows[intents]
        told = (
            {"id": global_id("ShoppableTweet", row[0]), "text": row[10]}
            if kind == _TWEET
            else {"retailerProductId": row[10], "title": row[11]}
        )
        parents[row[0]] = orjson.Fragment(orjson.dumps(told))
    nodes = []
    for row in rows[:intents]:
        intent = _intent(row)
        intent["tweet"] = parents[row[8]]
        intent["product"] = parents[row[9]]
        nodes.append(intent)
    return to_bytes({"cartIntents": {"nodes": nodes}})


INTENTS = (
    Form("rows", "Q3", _Q3_ROWS, first, _q3_rows),
    Form("rows, parents serialised once", "Q3", _Q3_ROWS, first, _q3_rows_once),
    Form("parents read once", "Q3", _Q3_PARENTS_ONCE, first, _q3_parents_once),
)
