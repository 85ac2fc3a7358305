"""Q1 by hand: one tweet with its product."""

from collections.abc import Sequence
from typing import Any

from app.core.ids import global_id
from app.graphql.paging import CursorSigner
from benchmarks.by_hand.forms import (
    Form,
    Row,
    Variables,
    id_in_sql,
    key,
    moment_in_sql,
    to_bytes,
)

_Q1_ROWS = """
SELECT tweet.id, tweet.root_xid, tweet.conversation_xid, tweet.author_xid, tweet.text,
    tweet.status, tweet.campaign, tweet.posted_at, product.id, product.retailer_product_id,
    product.title, product.availability, product.price_amount_minor, product.price_currency
FROM shoppable_tweet AS tweet
LEFT JOIN product ON product.brand_id = tweet.brand_id AND product.id = tweet.primary_product_id
WHERE tweet.brand_id = $1::uuid AND tweet.id = $2::uuid
"""

_Q1_JSON = f"""
SELECT convert_to('{{"data":{{"shoppableTweet":{{"id":"'
    || {id_in_sql("ShoppableTweet", "tweet.id")}
    || '","rootXid":"' || tweet.root_xid || '","conversationXid":"' || tweet.conversation_xid
    || '","authorXid":"' || tweet.author_xid
    || '","text":' || coalesce(to_json(tweet.text)::text, 'null')
    || ',"status":"' || tweet.status
    || '","campaign":' || coalesce(to_json(tweet.campaign)::text, 'null')
    || ',"postedAt":"' || {moment_in_sql("tweet.posted_at")}
    || '","primaryProduct":' || coalesce('{{"id":"' || {id_in_sql("Product", "product.id")}
        || '","retailerProductId":' || to_json(product.retailer_product_id)
        || ',"title":' || to_json(product.title)
        || ',"availability":"' || product.availability
        || '","price":' || coalesce('{{"amountMinor":' || product.price_amount_minor
            || ',"currency":' || to_json(product.price_currency) || '}}', 'null')
        || '}}', 'null')
    || '}}}}}}', 'UTF8')
FROM shoppable_tweet AS tweet
LEFT JOIN product ON product.brand_id = tweet.brand_id AND product.id = tweet.primary_product_id
WHERE tweet.brand_id = $1::uuid AND tweet.id = $2::uuid
"""


def tweet_of(row: Row) -> dict[str, Any]:
    """The scalars of a tweet, in the order of both operations."""
    return {
        "id": global_id("ShoppableTweet", row[0]),
        "rootXid": str(row[1]),
        "conversationXid": str(row[2]),
        "authorXid": str(row[3]),
        "text": row[4],
        "status": row[5],
        "campaign": row[6],
        "postedAt": row[7],
    }


def _q1_rows(rows: Sequence[Row], _: Variables, __: CursorSigner) -> bytes:
    row = rows[0]
    tweet = tweet_of(row)
    tweet["primaryProduct"] = (
        None
        if row[8] is None
        else {
            "id": global_id("Product", row[8]),
            "retailerProductId": row[9],
            "title": row[10],
            "availability": row[11],
            "price": None if row[12] is None else {"amountMinor": row[12], "currency": row[13]},
        }
    )
    return to_bytes({"shoppableTweet": tweet})


def _q1_json(rows: Sequence[Row], _: Variables, __: CursorSigner) -> bytes:
    found: bytes = rows[0][0]
    return found


ONE_TWEET = (
    Form("rows", "Q1", _Q1_ROWS, key, _q1_rows),
    Form("JSON in SQL", "Q1", _Q1_JSON, key, _q1_json),
)
