"""The same answers by SQL and Python written by hand for each operation: what to be measured by.

Each form returns the bytes that the product returns, global ids and signed cursors included.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from app.core.ids import global_id, parse_global_id
from app.graphql.paging import CursorSigner
from app.graphql.reads.assemble import ANSWER_OPTIONS

Row: TypeAlias = asyncpg.Record

_Q1_ROWS = """
SELECT tweet.id, tweet.root_xid, tweet.conversation_xid, tweet.author_xid, tweet.text,
    tweet.status, tweet.campaign, tweet.posted_at, product.id, product.retailer_product_id,
    product.title, product.availability, product.price_amount_minor, product.price_currency
FROM shoppable_tweet AS tweet
LEFT JOIN product ON product.brand_id = tweet.brand_id AND product.id = tweet.primary_product_id
WHERE tweet.brand_id = $1::uuid AND tweet.id = $2::uuid
"""

_GLOBAL_ID = "rtrim(encode(convert_to('{name}:' || {key}, 'UTF8'), 'base64'), '=')"


def _id(name: str, key: str) -> str:
    return _GLOBAL_ID.format(name=name, key=key)


def _moment(column: str) -> str:
    """RFC 3339, with a fraction only where there is one. No colon stands before a letter: pgbench
    would take it for a variable."""
    whole = f'to_char({column}, \'YYYY-MM-DD"T"HH24":"MI":"SS\')'
    fraction = f"to_char({column}, '.US')"
    return f"{whole} || CASE WHEN {fraction} = '.000000' THEN '' ELSE {fraction} END || 'Z'"


_Q1_JSON = f"""
SELECT convert_to('{{"data":{{"shoppableTweet":{{"id":"' || {_id("ShoppableTweet", "tweet.id")}
    || '","rootXid":"' || tweet.root_xid || '","conversationXid":"' || tweet.conversation_xid
    || '","authorXid":"' || tweet.author_xid
    || '","text":' || coalesce(to_json(tweet.text)::text, 'null')
    || ',"status":"' || tweet.status
    || '","campaign":' || coalesce(to_json(tweet.campaign)::text, 'null')
    || ',"postedAt":"' || {_moment("tweet.posted_at")}
    || '","primaryProduct":' || coalesce('{{"id":"' || {_id("Product", "product.id")}
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

_Q2 = """
SELECT tweet.id, tweet.root_xid, tweet.conversation_xid, tweet.author_xid, tweet.text,
    tweet.status, tweet.campaign, tweet.posted_at, product.id, product.retailer_product_id,
    product.title, product.image_url, product.availability, {reviews}
FROM shoppable_tweet AS tweet
LEFT JOIN LATERAL (
    SELECT * FROM product
    WHERE product.brand_id = $1::uuid AND product.id = tweet.primary_product_id OFFSET 0
) AS product ON true
WHERE tweet.brand_id = $1::uuid
ORDER BY tweet.posted_at DESC, tweet.id DESC
LIMIT $2::integer + 1
"""

_REVIEWS = """
    SELECT review.id, review.rating, review.title, review.submitted_at,
        advocate.id AS advocate_id, advocate.score
    FROM advocate_review AS review
    LEFT JOIN LATERAL (
        SELECT advocate.id, advocate.score FROM advocate
        WHERE advocate.brand_id = $1::uuid AND advocate.id = review.advocate_id OFFSET 0
    ) AS advocate ON true
    WHERE review.brand_id = $1::uuid AND review.product_id = product.id
    ORDER BY review.submitted_at DESC, review.id DESC
    LIMIT 3
"""

_Q2_ROWS = _Q2.format(reviews=f"ARRAY(SELECT found FROM ({_REVIEWS}) AS found)")

_Q2_FRAGMENTS = _Q2.format(
    reviews=f"""(
    SELECT '{{{{"nodes":[' || coalesce(string_agg(
        '{{{{"id":"' || {_id("AdvocateReview", "id")}
        || '","rating":' || coalesce(rating::text, 'null')
        || ',"title":' || coalesce(to_json(title)::text, 'null')
        || ',"submittedAt":"' || {_moment("submitted_at")}
        || '","advocate":' || coalesce('{{{{"id":"' || {_id("Advocate", "advocate_id")}
            || '","score":' || score || '}}}}', 'null')
        || '}}}}', ','), '') || ']}}}}'
    FROM ({_REVIEWS}) AS found)""".replace("{{", "{").replace("}}", "}")
)

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


@dataclass(frozen=True)
class Form:
    """One way to answer an operation by hand: its statement, and rows to bytes."""

    name: str
    operation: str
    sql: str
    argument: Callable[[Mapping[str, Any]], Any]
    """From the request's variables to `$2`; `$1` is the viewer's brand."""
    answer: Callable[[Sequence[Row], Mapping[str, Any], CursorSigner], bytes]


def _key(variables: Mapping[str, Any]) -> UUID:
    parsed = parse_global_id(variables["id"])
    assert parsed is not None  # the requests are our own
    return parsed[1]


def _first(variables: Mapping[str, Any]) -> int:
    return int(variables["first"])


def _bytes(data: Any) -> bytes:
    return orjson.dumps({"data": data}, option=ANSWER_OPTIONS)


def _tweet(row: Row) -> dict[str, Any]:
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


def _q1_rows(rows: Sequence[Row], _: Mapping[str, Any], __: CursorSigner) -> bytes:
    row = rows[0]
    tweet = _tweet(row)
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
    return _bytes({"shoppableTweet": tweet})


def _q1_json(rows: Sequence[Row], _: Mapping[str, Any], __: CursorSigner) -> bytes:
    found: bytes = rows[0][0]
    return found


def _review(row: Row) -> dict[str, Any]:
    return {
        "id": global_id("AdvocateReview", row[0]),
        "rating": row[1],
        "title": row[2],
        "submittedAt": row[3],
        "advocate": None
        if row[4] is None
        else {"id": global_id("Advocate", row[4]), "score": row[5]},
    }


def _q2(
    rows: Sequence[Row],
    variables: Mapping[str, Any],
    signer: CursorSigner,
    reviews: Callable[[Any], Any],
) -> bytes:
    page = rows[: variables["first"]]
    edges = []
    for row in page:
        tweet = _tweet(row)
        tweet["primaryProduct"] = (
            None
            if row[8] is None
            else {
                "id": global_id("Product", row[8]),
                "retailerProductId": row[9],
                "title": row[10],
                "imageUrl": row[11],
                "availability": row[12],
                "reviews": reviews(row[13]),
            }
        )
        edges.append({"cursor": signer.sign((row[7], row[0])), "node": tweet})
    info = {
        "hasNextPage": len(rows) > len(page),
        "hasPreviousPage": False,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return _bytes({"shoppableTweets": {"edges": edges, "pageInfo": info}})


def _q2_rows(rows: Sequence[Row], variables: Mapping[str, Any], signer: CursorSigner) -> bytes:
    return _q2(rows, variables, signer, lambda found: {"nodes": [_review(row) for row in found]})


def _q2_fragments(rows: Sequence[Row], variables: Mapping[str, Any], signer: CursorSigner) -> bytes:
    return _q2(rows, variables, signer, orjson.Fragment)


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
    return _bytes({"cartIntents": {"nodes": nodes}})


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
    return _bytes({"cartIntents": {"nodes": nodes}})


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
    return _bytes({"cartIntents": {"nodes": nodes}})


FORMS = (
    Form("rows", "Q1", _Q1_ROWS, _key, _q1_rows),
    Form("JSON in SQL", "Q1", _Q1_JSON, _key, _q1_json),
    Form("rows", "Q2", _Q2_ROWS, _first, _q2_rows),
    Form("rows, reviews as JSON in SQL", "Q2", _Q2_FRAGMENTS, _first, _q2_fragments),
    Form("rows", "Q3", _Q3_ROWS, _first, _q3_rows),
    Form("rows, parents serialised once", "Q3", _Q3_ROWS, _first, _q3_rows_once),
    Form("parents read once", "Q3", _Q3_PARENTS_ONCE, _first, _q3_parents_once),
)
"""Some forms for each operation; what counts is the best of them."""
