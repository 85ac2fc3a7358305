"""Lists in lists once more by hand: PostgreSQL prints them, Python only puts them in."""

from collections.abc import Sequence

import orjson

from app.core.ids import global_id
from app.graphql.paging import CursorSigner
from benchmarks.by_hand.forms import (
    Form,
    Row,
    Variables,
    first,
    id_in_sql,
    key,
    moment_in_sql,
    page_info,
    to_bytes,
)
from benchmarks.by_hand.lists import BEST_FIRST


def _text(column: str) -> str:
    return f"coalesce(to_json({column})::text, 'null')"


_INTENTS = f"""(
    SELECT '{{"nodes":[' || coalesce(string_agg(
            '{{"id":"' || {id_in_sql("CartIntent", "id")} || '","status":"' || status
            || '","updatedAt":"' || {moment_in_sql("updated_at")} || '"}}', ','
        ) FILTER (WHERE place <= 2), '')
        || '],"pageInfo":{{"hasNextPage":' || (count(*) > 2)::text || '}}}}'
    FROM (
        SELECT *, row_number() OVER () AS place FROM (
            SELECT id, status, updated_at FROM cart_intent
            WHERE brand_id = $1::uuid AND product_id = product.id
            ORDER BY received_at DESC, id DESC LIMIT 3
        ) AS newest
    ) AS placed)"""

_LEVELS = f"""
SELECT advocate.id, advocate.score,
    (SELECT count(*) FROM advocate_review
        WHERE brand_id = $1::uuid AND advocate_id = advocate.id),
    (SELECT '[' || coalesce(string_agg(
            '{{"id":"' || {id_in_sql("AdvocateReview", "id")}
            || '","rating":' || coalesce(rating::text, 'null')
            || ',"product":' || coalesce(product, 'null') || '}}', ','), '') || ']'
    FROM (
        SELECT review.id, review.rating, (
            SELECT '{{"id":"' || {id_in_sql("Product", "id")} || '","title":' || {_text("title")}
                || ',"cartIntents":' || {_INTENTS} || '}}'
            FROM product WHERE brand_id = $1::uuid AND id = review.product_id
        ) AS product
        FROM advocate_review AS review
        WHERE review.brand_id = $1::uuid AND review.advocate_id = advocate.id
        ORDER BY review.submitted_at DESC, review.id DESC LIMIT 3
    ) AS found),
    (SELECT count(*) FROM advocate WHERE brand_id = $1::uuid)
FROM advocate WHERE brand_id = $1::uuid
ORDER BY score DESC, id DESC LIMIT $2::integer + 1
"""

_TWEET = f"""
SELECT tweet.id, tweet.root_xid, tweet.authored_by_brand, tweet.text, tweet.status,
    tweet.unshoppable_reason, tweet.posted_at, tweet.registered_at, product.id, product.title,
    (SELECT '[' || coalesce(string_agg(
            '{{"id":"' || {id_in_sql("TweetLink", "id")} || '","position":' || position
            || ',"url":' || {_text("url")} || ',"expandedUrl":' || {_text("expanded_url")}
            || ',"verdict":"' || verdict || '","product":' || coalesce(
                '{{"id":"' || {id_in_sql("Product", "product_id")}
                || '","title":' || {_text("title")} || '}}', 'null') || '}}', ','), '') || ']'
    FROM (
        SELECT link.id, link.position, link.url, link.expanded_url, link.verdict,
            linked.id AS product_id, linked.title
        FROM tweet_link AS link
        LEFT JOIN product AS linked ON linked.brand_id = $1::uuid AND linked.id = link.product_id
        WHERE link.brand_id = $1::uuid AND link.tweet_id = tweet.id
        ORDER BY link.position, link.id LIMIT 10
    ) AS found),
    (SELECT '[' || coalesce(string_agg(
            '{{"id":"' || {id_in_sql("TweetVersion", "id")} || '","xid":"' || xid
            || '","seenAt":"' || {moment_in_sql("seen_at")} || '"}}', ','), '') || ']'
    FROM (
        SELECT id, xid, seen_at FROM tweet_version
        WHERE brand_id = $1::uuid AND tweet_id = tweet.id ORDER BY xid, id LIMIT 10
    ) AS found),
    (SELECT '[' || coalesce(string_agg(
            '{{"id":"' || {id_in_sql("CartIntent", "id")} || '","status":"' || status
            || '","quantity":' || quantity || ',"shopper":' || coalesce(
                '{{"id":"' || {id_in_sql("Shopper", "shopper_id")}
                || '","createdAt":"' || {moment_in_sql("created_at")} || '"}}', 'null')
            || '}}', ','), '') || ']'
    FROM (
        SELECT intent.id, intent.status, intent.quantity, shopper.id AS shopper_id,
            shopper.created_at
        FROM cart_intent AS intent
        LEFT JOIN LATERAL (
            SELECT id, created_at FROM shopper
            WHERE brand_id = $1::uuid AND id = intent.shopper_id OFFSET 0
        ) AS shopper ON true
        WHERE intent.brand_id = $1::uuid AND intent.tweet_id = tweet.id
        ORDER BY intent.received_at DESC, intent.id DESC LIMIT 20
    ) AS found)
FROM shoppable_tweet AS tweet
LEFT JOIN product ON product.brand_id = $1::uuid AND product.id = tweet.primary_product_id
WHERE tweet.brand_id = $1::uuid AND tweet.id = $2::uuid
"""


def _levels(rows: Sequence[Row], variables: Variables, signer: CursorSigner) -> bytes:
    page = rows[: variables["first"]]
    edges = [
        {
            "cursor": signer.sign((row[1], row[0])),
            "node": {
                "id": global_id("Advocate", row[0]),
                "score": row[1],
                "reviews": {"totalCount": row[2], "nodes": orjson.Fragment(row[3])},
            },
        }
        for row in page
    ]
    data = {
        "totalCount": rows[0][4],
        "edges": edges,
        "pageInfo": page_info(edges, len(rows) > len(page)),
    }
    return to_bytes({"advocates": data})


def _tweet(rows: Sequence[Row], _: Variables, __: CursorSigner) -> bytes:
    row = rows[0]
    tweet = {
        "id": global_id("ShoppableTweet", row[0]),
        "rootXid": str(row[1]),
        "authoredByBrand": row[2],
        "text": row[3],
        "status": row[4],
        "unshoppableReason": row[5],
        "postedAt": row[6],
        "registeredAt": row[7],
        "primaryProduct": None
        if row[8] is None
        else {"id": global_id("Product", row[8]), "title": row[9]},
        "links": {"nodes": orjson.Fragment(row[10])},
        "versions": {"nodes": orjson.Fragment(row[11])},
        "cartIntents": {"nodes": orjson.Fragment(row[12])},
    }
    return to_bytes({"shoppableTweet": tweet})


LISTS_AS_JSON = (
    Form("lists as JSON in SQL", "levels", _LEVELS, first, _levels, BEST_FIRST),
    Form("lists as JSON in SQL", "tweet", _TWEET, key, _tweet),
)
