"""Q2 by hand: a page of tweets with products, reviews, and counts of their intents."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import orjson

from app.core.ids import global_id
from app.graphql.paging import CursorSigner, Order
from benchmarks.by_hand.forms import (
    Form,
    Listed,
    Row,
    Variables,
    first,
    id_in_sql,
    moment_in_sql,
    page_info,
    to_bytes,
)
from benchmarks.by_hand.one_tweet import tweet_of

NEWEST_FIRST = Listed("Query.shoppableTweets", Order(("posted_at", "id"), descending=True))

_Q2 = """
SELECT tweet.id, tweet.root_xid, tweet.conversation_xid, tweet.author_xid, tweet.text,
    tweet.status, tweet.campaign, tweet.posted_at, product.id, product.retailer_product_id,
    product.title, product.image_url, product.availability, {reviews}, {counts}
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

_COUNTS = """
    SELECT count(*) AS intents, status FROM cart_intent
    WHERE brand_id = $1::uuid AND tweet_id = tweet.id
    GROUP BY status ORDER BY intents DESC, status
"""

_Q2_ROWS = _Q2.format(
    reviews=f"ARRAY(SELECT found FROM ({_REVIEWS}) AS found)",
    counts=f"ARRAY(SELECT found FROM ({_COUNTS}) AS found)",
)

_REVIEWS_AS_JSON = f"""(
    SELECT '{{"nodes":[' || coalesce(string_agg(
        '{{"id":"' || {id_in_sql("AdvocateReview", "id")}
        || '","rating":' || coalesce(rating::text, 'null')
        || ',"title":' || coalesce(to_json(title)::text, 'null')
        || ',"submittedAt":"' || {moment_in_sql("submitted_at")}
        || '","advocate":' || coalesce('{{"id":"' || {id_in_sql("Advocate", "advocate_id")}
            || '","score":' || score || '}}', 'null')
        || '}}', ','), '') || ']}}'
    FROM ({_REVIEWS}) AS found)"""

_COUNTS_AS_JSON = f"""(
    SELECT '[' || coalesce(string_agg(
        '{{"status":"' || status || '","count":' || intents || '}}', ','), '') || ']'
    FROM ({_COUNTS}) AS found)"""

_Q2_JSON = _Q2.format(reviews=_REVIEWS_AS_JSON, counts=_COUNTS_AS_JSON)

_NONE = ", ".join(["NULL"] * 6)
_Q2_PARENTS_ONCE = f"""
WITH page AS MATERIALIZED (
    SELECT id, root_xid, conversation_xid, author_xid, text, status, campaign, posted_at,
        primary_product_id
    FROM shoppable_tweet WHERE brand_id = $1::uuid
    ORDER BY posted_at DESC, id DESC LIMIT $2::integer + 1
), shown AS MATERIALIZED (
    SELECT * FROM page ORDER BY posted_at DESC, id DESC LIMIT $2::integer
)
SELECT id, root_xid, conversation_xid, author_xid, text, status, campaign, posted_at,
    primary_product_id, {_COUNTS_AS_JSON}, (SELECT count(*) FROM page) > $2::integer
FROM shown AS tweet
UNION ALL
SELECT product.id, {_NONE}, NULL, NULL,
    '{{"id":"' || {id_in_sql("Product", "product.id")}
    || '","retailerProductId":' || to_json(retailer_product_id)
    || ',"title":' || to_json(title)
    || ',"imageUrl":' || coalesce(to_json(image_url)::text, 'null')
    || ',"availability":"' || availability
    || '","reviews":' || {_REVIEWS_AS_JSON} || '}}', NULL
FROM (SELECT DISTINCT primary_product_id FROM shown) AS wanted CROSS JOIN LATERAL (
    SELECT id, retailer_product_id, title, image_url, availability FROM product
    WHERE brand_id = $1::uuid AND id = wanted.primary_product_id OFFSET 0
) AS product
"""


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


def _reviews(rows: Sequence[Row]) -> Any:
    return {"nodes": [_review(row) for row in rows]}


def _counts(rows: Sequence[Row]) -> Any:
    return [{"status": row[1], "count": row[0]} for row in rows]


def _q2(
    rows: Sequence[Row],
    variables: Variables,
    signer: CursorSigner,
    reviews: Callable[[Any], Any],
    counts: Callable[[Any], Any],
) -> bytes:
    page = rows[: variables["first"]]
    edges = []
    for row in page:
        tweet = tweet_of(row)
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
        tweet["cartIntentCounts"] = counts(row[14])
        edges.append({"cursor": signer.sign((row[7], row[0])), "node": tweet})
    info = page_info(edges, len(rows) > len(page))
    return to_bytes({"shoppableTweets": {"edges": edges, "pageInfo": info}})


def _q2_rows(rows: Sequence[Row], variables: Variables, signer: CursorSigner) -> bytes:
    return _q2(rows, variables, signer, _reviews, _counts)


def _q2_json(rows: Sequence[Row], variables: Variables, signer: CursorSigner) -> bytes:
    return _q2(rows, variables, signer, orjson.Fragment, orjson.Fragment)


def _q2_parents_once(rows: Sequence[Row], _: Variables, signer: CursorSigner) -> bytes:
    """Tweets come first, each with its moment; the products behind them."""
    products: dict[UUID | None, orjson.Fragment | None] = {None: None}
    tweets = len(rows)
    while tweets and rows[tweets - 1][7] is None:
        tweets -= 1
        products[rows[tweets][0]] = orjson.Fragment(rows[tweets][9])
    edges = []
    for row in rows[:tweets]:
        tweet = tweet_of(row)
        tweet["primaryProduct"] = products[row[8]]
        tweet["cartIntentCounts"] = orjson.Fragment(row[9])
        edges.append({"cursor": signer.sign((row[7], row[0])), "node": tweet})
    info = page_info(edges, bool(tweets and rows[0][10]))
    return to_bytes({"shoppableTweets": {"edges": edges, "pageInfo": info}})


TWEETS = (
    Form("rows", "Q2", _Q2_ROWS, first, _q2_rows, NEWEST_FIRST),
    Form("rows, lists as JSON in SQL", "Q2", _Q2_JSON, first, _q2_json, NEWEST_FIRST),
    Form("products read once", "Q2", _Q2_PARENTS_ONCE, first, _q2_parents_once, NEWEST_FIRST),
)
