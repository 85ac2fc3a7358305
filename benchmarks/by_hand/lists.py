"""Further lists by hand: lists in lists, reviews with their number, engagements."""

from collections.abc import Sequence
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

BEST_FIRST = Listed("Query.advocates", Order(("score", "id"), descending=True))

_LEVELS = """
SELECT advocate.id, advocate.score,
    (SELECT count(*) FROM advocate_review
        WHERE brand_id = $1::uuid AND advocate_id = advocate.id),
    ARRAY(SELECT found FROM (
        SELECT review.id, review.rating, product.id AS product_id, product.title,
            ARRAY(SELECT intent FROM (
                SELECT id, status, updated_at FROM cart_intent
                WHERE brand_id = $1::uuid AND product_id = product.id
                ORDER BY received_at DESC, id DESC LIMIT 3
            ) AS intent) AS intents
        FROM advocate_review AS review
        LEFT JOIN LATERAL (
            SELECT id, title FROM product
            WHERE brand_id = $1::uuid AND id = review.product_id OFFSET 0
        ) AS product ON true
        WHERE review.brand_id = $1::uuid AND review.advocate_id = advocate.id
        ORDER BY review.submitted_at DESC, review.id DESC LIMIT 3
    ) AS found),
    (SELECT count(*) FROM advocate WHERE brand_id = $1::uuid)
FROM advocate WHERE brand_id = $1::uuid
ORDER BY score DESC, id DESC LIMIT $2::integer + 1
"""

_REVIEWS = """
SELECT review.id, review.host, review.status, review.rating, review.title, review.body,
    review.language, review.verified_purchase, review.incentivized, review.insider,
    review.submitted_at, review.published_at, product.id, product.title,
    advocate.id, advocate.score, advocate.shopper_id,
    (SELECT count(*) FROM advocate_review WHERE brand_id = $1::uuid)
FROM advocate_review AS review
LEFT JOIN LATERAL (
    SELECT id, title FROM product
    WHERE brand_id = $1::uuid AND id = review.product_id OFFSET 0
) AS product ON true
LEFT JOIN LATERAL (
    SELECT id, score, shopper_id FROM advocate
    WHERE brand_id = $1::uuid AND id = review.advocate_id OFFSET 0
) AS advocate ON true
WHERE review.brand_id = $1::uuid
ORDER BY review.submitted_at DESC, review.id DESC LIMIT $2::integer
"""
"""The foreign key of an advocate says that her shopper is there."""

_ENGAGEMENTS = """
SELECT engagement.id, engagement.xid, engagement.kind, engagement.trigger_tag,
    engagement.trigger_match, engagement.misuse_reason, engagement.content_state,
    engagement.occurred_at, engagement.received_at,
    tweet.id, tweet.campaign, shopper.id, shopper.created_at
FROM engagement
LEFT JOIN LATERAL (
    SELECT id, campaign FROM shoppable_tweet
    WHERE brand_id = $1::uuid AND id = engagement.tweet_id OFFSET 0
) AS tweet ON true
LEFT JOIN LATERAL (
    SELECT id, created_at FROM shopper
    WHERE brand_id = $1::uuid AND id = engagement.shopper_id OFFSET 0
) AS shopper ON true
WHERE engagement.brand_id = $1::uuid
ORDER BY engagement.occurred_at DESC, engagement.id DESC LIMIT $2::integer
"""


def _levels(rows: Sequence[Row], variables: Variables, signer: CursorSigner) -> bytes:
    page = rows[: variables["first"]]
    edges = [
        {
            "cursor": signer.sign((row[1], row[0])),
            "node": {
                "id": global_id("Advocate", row[0]),
                "score": row[1],
                "reviews": {
                    "totalCount": row[2],
                    "nodes": [_short_review(each) for each in row[3]],
                },
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


def _short_review(row: Row) -> dict[str, Any]:
    product = None
    if row[2] is not None:
        intents = row[4][:2]
        product = {
            "id": global_id("Product", row[2]),
            "title": row[3],
            "cartIntents": {
                "nodes": [
                    {
                        "id": global_id("CartIntent", intent[0]),
                        "status": intent[1],
                        "updatedAt": intent[2],
                    }
                    for intent in intents
                ],
                "pageInfo": {"hasNextPage": len(row[4]) > len(intents)},
            },
        }
    return {"id": global_id("AdvocateReview", row[0]), "rating": row[1], "product": product}


def _reviews(rows: Sequence[Row], _: Variables, __: CursorSigner) -> bytes:
    nodes = [_review(row) for row in rows]
    return to_bytes({"advocateReviews": {"totalCount": rows[0][17], "nodes": nodes}})


def _review(row: Row) -> dict[str, Any]:
    product, advocate = row[12], row[14]
    return {
        "id": global_id("AdvocateReview", row[0]),
        "host": row[1],
        "status": row[2],
        "rating": row[3],
        "title": row[4],
        "body": row[5],
        "language": row[6],
        "verifiedPurchase": row[7],
        "incentivized": row[8],
        "insider": row[9],
        "submittedAt": row[10],
        "publishedAt": row[11],
        "product": None
        if product is None
        else {"id": global_id("Product", product), "title": row[13]},
        "advocate": None
        if advocate is None
        else {
            "id": global_id("Advocate", advocate),
            "score": row[15],
            "shopper": {"id": global_id("Shopper", row[16])},
        },
    }


def _engagements(rows: Sequence[Row], _: Variables, __: CursorSigner) -> bytes:
    return to_bytes({"engagements": {"nodes": [_engagement(row) for row in rows]}})


def _engagement(row: Row) -> dict[str, Any]:
    tweet, shopper = row[9], row[11]
    return {
        "id": global_id("Engagement", row[0]),
        "xid": xid(row[1]),
        "kind": row[2],
        "triggerTag": row[3],
        "triggerMatch": row[4],
        "misuseReason": row[5],
        "contentState": row[6],
        "occurredAt": row[7],
        "receivedAt": row[8],
        "tweet": None
        if tweet is None
        else {"id": global_id("ShoppableTweet", tweet), "campaign": row[10]},
        "shopper": None
        if shopper is None
        else {"id": global_id("Shopper", shopper), "createdAt": row[12]},
    }


LISTS = (
    Form("rows", "levels", _LEVELS, first, _levels, BEST_FIRST),
    Form("rows", "reviews", _REVIEWS, first, _reviews),
    Form("rows", "engagements", _ENGAGEMENTS, first, _engagements),
)
