"""By hand: one tweet with all that belongs to it, and who asks with the brand."""

from collections.abc import Sequence
from typing import Any

import orjson

from app.core.ids import global_id
from app.graphql.paging import CursorSigner
from benchmarks.by_hand.forms import Form, Row, Variables, key, to_bytes

_TWEET = """
SELECT tweet.id, tweet.root_xid, tweet.authored_by_brand, tweet.text, tweet.status,
    tweet.unshoppable_reason, tweet.posted_at, tweet.registered_at, product.id, product.title,
    ARRAY(SELECT found FROM (
        SELECT link.id, link.position, link.url, link.expanded_url, link.verdict,
            linked.id AS product_id, linked.title
        FROM tweet_link AS link
        LEFT JOIN product AS linked ON linked.brand_id = $1::uuid AND linked.id = link.product_id
        WHERE link.brand_id = $1::uuid AND link.tweet_id = tweet.id
        ORDER BY link.position, link.id LIMIT 10
    ) AS found),
    ARRAY(SELECT found FROM (
        SELECT id, xid, seen_at FROM tweet_version
        WHERE brand_id = $1::uuid AND tweet_id = tweet.id ORDER BY xid, id LIMIT 10
    ) AS found),
    ARRAY(SELECT found FROM (
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

_ACCOUNT = """
SELECT token.scopes::text, token.expires_at, installation.id, installation.status,
    installation.granted_by, installation.created_at, app.id, app.client_id, app.name, app.kind,
    ARRAY(SELECT found FROM (
        SELECT id, kind, label, created_at, revoked_at FROM token AS other
        WHERE brand_id = $1::uuid AND installation_id = installation.id
        ORDER BY created_at DESC, id DESC LIMIT 5
    ) AS found),
    brand.id, brand.slug, brand.name, brand.x_user_id, brand.x_handle, brand.status,
    brand.accept_quotes, brand.auto_register, brand.resolve_depth, brand.created_at,
    ARRAY(SELECT found FROM (
        SELECT id, marketplace, retailer, affiliate_tag FROM brand_marketplace
        WHERE brand_id = $1::uuid ORDER BY marketplace, id LIMIT 10
    ) AS found),
    ARRAY(SELECT found FROM (
        SELECT id, tag, marketplace, action FROM trigger
        WHERE brand_id = $1::uuid ORDER BY folded_tag, id LIMIT 10
    ) AS found)
FROM token
JOIN installation
    ON installation.brand_id = token.brand_id AND installation.id = token.installation_id
JOIN app ON app.id = installation.app_id
JOIN brand ON brand.id = token.brand_id
WHERE token.id = $2::uuid AND token.brand_id = $1::uuid
"""


def _product(key: Any, title: str) -> dict[str, Any] | None:
    return None if key is None else {"id": global_id("Product", key), "title": title}


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
        "primaryProduct": _product(row[8], row[9]),
        "links": {"nodes": [_link(each) for each in row[10]]},
        "versions": {
            "nodes": [
                {"id": global_id("TweetVersion", each[0]), "xid": str(each[1]), "seenAt": each[2]}
                for each in row[11]
            ]
        },
        "cartIntents": {"nodes": [_intent(each) for each in row[12]]},
    }
    return to_bytes({"shoppableTweet": tweet})


def _link(row: Row) -> dict[str, Any]:
    return {
        "id": global_id("TweetLink", row[0]),
        "position": row[1],
        "url": row[2],
        "expandedUrl": row[3],
        "verdict": row[4],
        "product": _product(row[5], row[6]),
    }


def _intent(row: Row) -> dict[str, Any]:
    return {
        "id": global_id("CartIntent", row[0]),
        "status": row[1],
        "quantity": row[2],
        "shopper": None
        if row[3] is None
        else {"id": global_id("Shopper", row[3]), "createdAt": row[4]},
    }


def _account(rows: Sequence[Row], _: Variables, __: CursorSigner) -> bytes:
    row = rows[0]
    installation = {
        "id": global_id("Installation", row[2]),
        "status": row[3],
        "grantedBy": row[4],
        "createdAt": row[5],
        "app": {
            "id": global_id("App", row[6]),
            "clientId": row[7],
            "name": row[8],
            "kind": row[9],
        },
        "tokens": {"nodes": [_token(each) for each in row[10]]},
    }
    viewer = {"scopes": orjson.loads(row[0]), "expiresAt": row[1], "installation": installation}
    return to_bytes({"viewer": viewer, "brand": _brand(row)})


def _token(row: Row) -> dict[str, Any]:
    return {
        "id": global_id("Token", row[0]),
        "kind": row[1],
        "label": row[2],
        "createdAt": row[3],
        "revokedAt": row[4],
    }


def _brand(row: Row) -> dict[str, Any]:
    marketplaces = [
        {
            "id": global_id("BrandMarketplace", each[0]),
            "marketplace": each[1],
            "retailer": each[2],
            "affiliateTag": each[3],
        }
        for each in row[21]
    ]
    triggers = [
        {
            "id": global_id("Trigger", each[0]),
            "tag": each[1],
            "marketplace": each[2],
            "action": each[3],
        }
        for each in row[22]
    ]
    return {
        "id": global_id("Brand", row[11]),
        "slug": row[12],
        "name": row[13],
        "xUserId": str(row[14]),
        "xHandle": row[15],
        "status": row[16],
        "acceptQuotes": row[17],
        "autoRegister": row[18],
        "resolveDepth": row[19],
        "createdAt": row[20],
        "marketplaces": {"nodes": marketplaces},
        "triggers": {"nodes": triggers},
    }


WHOLE_ROWS = (
    Form("rows", "tweet", _TWEET, key, _tweet),
    Form("rows", "account", _ACCOUNT, lambda _: (), _account, with_token=True),
)
