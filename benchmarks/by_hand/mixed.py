"""By hand: many ids of several types, and the log."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from app.core.ids import global_id, parse_global_id
from app.graphql.paging import CursorSigner, Order
from benchmarks.by_hand.forms import Form, Listed, Row, Variables, first, to_bytes

LOG = Listed("Query.events", Order(("seq",), name="log"))

_NODES = """
SELECT id, 0, root_xid, text, status, NULL, posted_at FROM shoppable_tweet
WHERE brand_id = $1::uuid AND id = ANY($2::uuid[])
UNION ALL
SELECT id, 1, NULL, retailer_product_id, title, availability, NULL FROM product
WHERE brand_id = $1::uuid AND id = ANY($3::uuid[])
UNION ALL
SELECT id, 2, quantity, NULL, status, NULL, updated_at FROM cart_intent
WHERE brand_id = $1::uuid AND id = ANY($4::uuid[])
UNION ALL
SELECT id, 3, score, NULL, status, NULL, enrolled_at FROM advocate
WHERE brand_id = $1::uuid AND id = ANY($5::uuid[])
"""

_EVENTS = """
SELECT event.id, event.seq, event.type, event.schema_version, event.occurred_at, event.subject_id,
    event.actor_kind, event.actor_id, {parts}, intent.id, intent.status
FROM event
LEFT JOIN LATERAL (
    SELECT id, status FROM cart_intent
    WHERE brand_id = $1::uuid AND id = event.subject_id OFFSET 0
) AS intent ON true
WHERE event.brand_id = $1::uuid ORDER BY event.seq LIMIT $2::integer + 1
"""

_EVENTS_WHOLE = _EVENTS.format(parts="event.data::text")


def _shown_tweet(row: Row) -> dict[str, Any]:
    return {
        "__typename": "ShoppableTweet",
        "id": global_id("ShoppableTweet", row[0]),
        "rootXid": str(row[2]),
        "text": row[3],
        "tweetStatus": row[4],
        "postedAt": row[6],
    }


def _shown_product(row: Row) -> dict[str, Any]:
    return {
        "__typename": "Product",
        "id": global_id("Product", row[0]),
        "retailerProductId": row[3],
        "title": row[4],
        "availability": row[5],
    }


def _shown_intent(row: Row) -> dict[str, Any]:
    return {
        "__typename": "CartIntent",
        "id": global_id("CartIntent", row[0]),
        "status": row[4],
        "quantity": row[2],
        "updatedAt": row[6],
    }


def _shown_advocate(row: Row) -> dict[str, Any]:
    return {
        "__typename": "Advocate",
        "id": global_id("Advocate", row[0]),
        "advocateStatus": row[4],
        "score": row[2],
        "enrolledAt": row[6],
    }


_SHOWN: Sequence[Callable[[Row], dict[str, Any]]] = (
    _shown_tweet,
    _shown_product,
    _shown_intent,
    _shown_advocate,
)
_KINDS: Mapping[str, int] = {"ShoppableTweet": 0, "Product": 1, "CartIntent": 2, "Advocate": 3}


def _keys(variables: Variables) -> list[list[UUID]]:
    """The keys of each type."""
    keys: list[list[UUID]] = [[], [], [], []]
    for text in variables["ids"]:
        parsed = parse_global_id(text)
        if parsed is not None and parsed[0] in _KINDS:
            keys[_KINDS[parsed[0]]].append(parsed[1])
    return keys


def _nodes(rows: Sequence[Row], variables: Variables, _: CursorSigner) -> bytes:
    found = {}
    for row in rows:
        node = _SHOWN[row[1]](row)
        found[node["id"]] = node
    return to_bytes({"nodes": [found.get(text) for text in variables["ids"]]})


def _events(rows: Sequence[Row], variables: Variables, signer: CursorSigner) -> bytes:
    page = rows[: variables["first"]]
    edges = [{"cursor": signer.sign((row[1],)), "node": _event(row)} for row in page]
    more, last = len(rows) > len(page), edges[-1]["cursor"] if edges else None
    info = {"hasNextPage": more, "endCursor": last}
    return to_bytes({"events": {"edges": edges, "pageInfo": info}})


def _event(row: Row) -> dict[str, Any]:
    intent = row[9]
    return {
        "__typename": "CartIntentEvent",
        "id": global_id("Event", row[0]),
        "seq": str(row[1]),
        "type": row[2].replace(".", "_").upper(),
        "schemaVersion": row[3],
        "occurredAt": row[4],
        "subjectId": global_id("CartIntent", row[5]),
        "actor": {"kind": row[6], "id": row[7]},
        "cartIntent": _snapshot(orjson.loads(row[8])["cartIntent"]),
        "currentCartIntent": None
        if intent is None
        else {"id": global_id("CartIntent", intent), "status": row[10]},
    }


def _snapshot(stored: dict[str, Any]) -> dict[str, Any]:
    tweet, product, timings = stored["tweet"], stored["product"], stored["timings"]
    return {
        "id": global_id("CartIntent", stored["id"]),
        "status": stored["status"],
        "previousStatus": stored["previousStatus"],
        "tweet": None
        if tweet is None
        else {"id": global_id("ShoppableTweet", tweet["id"]), "rootXid": tweet["rootXid"]},
        "product": None
        if product is None
        else {"id": global_id("Product", product["id"]), "title": product["title"]},
        "timings": {"receivedAt": timings["receivedAt"], "answeredAt": timings["answeredAt"]},
    }


MIXED = (
    Form("rows", "nodes", _NODES, _keys, _nodes),
    Form("rows, data parsed in Python", "events", _EVENTS_WHOLE, first, _events, LOG),
)
