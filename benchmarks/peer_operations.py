"""The measured reads as the peers are asked, and what makes answers of one form of them all.

A peer authenticates nobody, so the brand is a variable; its ids are bare keys, and its cursors are
its own. The fields are the same, and so is the data: that is checked before anything is timed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.ids import parse_global_id
from benchmarks.asked import Asked, Operation

MERCURIUS, POSTGRAPHILE = "Mercurius", "PostGraphile"

_MERCURIUS_Q1 = """
query Tweet($brand: ID!, $id: ID!) {
  shoppableTweet(brandId: $brand, id: $id) {
    id rootXid conversationXid authorXid text status campaign postedAt
    primaryProduct { id retailerProductId title availability price { amountMinor currency } }
  }
}
"""

_MERCURIUS_Q2 = """
query Feed($brand: ID!, $first: Int!) {
  shoppableTweets(brandId: $brand, first: $first) {
    edges {
      cursor
      node {
        id rootXid conversationXid authorXid text status campaign postedAt
        primaryProduct {
          id retailerProductId title imageUrl availability
          reviews(first: 3) {
            nodes { id rating title submittedAt advocate { id score } }
          }
        }
        cartIntentCounts { status count }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""

_MERCURIUS_Q3 = """
query Intents($brand: ID!, $first: Int!) {
  cartIntents(brandId: $brand, first: $first) {
    nodes {
      id engagementXid action marketplace retailer quantity status updatedAt
      tweet { id text }
      product { retailerProductId title }
    }
  }
}
"""

_POSTGRAPHILE_Q1 = """
query Tweet($brand: UUID!, $id: UUID!) {
  shoppableTweet: shoppableTweetByBrandIdAndRowId(brandId: $brand, rowId: $id) {
    id: rowId rootXid conversationXid authorXid text status campaign postedAt
    primaryProduct: productByBrandIdAndPrimaryProductId {
      id: rowId retailerProductId title availability priceAmountMinor priceCurrency
    }
  }
}
"""

_POSTGRAPHILE_Q2 = """
query Feed($brand: UUID!, $first: Int!) {
  shoppableTweets: allShoppableTweets(
    condition: { brandId: $brand }, first: $first, orderBy: [POSTED_AT_DESC, ROW_ID_DESC]
  ) {
    edges {
      cursor
      node {
        id: rowId rootXid conversationXid authorXid text status campaign postedAt
        primaryProduct: productByBrandIdAndPrimaryProductId {
          id: rowId retailerProductId title imageUrl availability
          reviews: advocateReviewsByBrandIdAndProductIdList(
            first: 3, orderBy: [SUBMITTED_AT_DESC, ROW_ID_DESC]
          ) {
            id: rowId rating title submittedAt
            advocate: advocateByBrandIdAndAdvocateId { id: rowId score }
          }
        }
        cartIntentCounts: cartIntentCountsList { status count }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""

_POSTGRAPHILE_Q3 = """
query Intents($brand: UUID!, $first: Int!) {
  cartIntents: allCartIntents(
    condition: { brandId: $brand }, first: $first, orderBy: [RECEIVED_AT_DESC, ROW_ID_DESC]
  ) {
    nodes {
      id: rowId engagementXid action marketplace retailer quantity status updatedAt
      tweet: shoppableTweetByBrandIdAndTweetId { id: rowId text }
      product: productByBrandIdAndProductId { retailerProductId title }
    }
  }
}
"""

DOCUMENTS: Mapping[str, Mapping[str, str]] = {
    MERCURIUS: {"Q1": _MERCURIUS_Q1, "Q2": _MERCURIUS_Q2, "Q3": _MERCURIUS_Q3},
    POSTGRAPHILE: {"Q1": _POSTGRAPHILE_Q1, "Q2": _POSTGRAPHILE_Q2, "Q3": _POSTGRAPHILE_Q3},
}
"""By peer and by the name of the operation; the other operations are not asked of peers."""

_MOMENTS = frozenset({"postedAt", "submittedAt", "updatedAt"})
_CURSORS = frozenset({"cursor", "startCursor", "endCursor"})


@dataclass(frozen=True)
class PeerRequest:
    """What a peer is sent."""

    document: str
    variables: dict[str, Any]


def peer_request(peer: str, operation: Operation, asked: Asked) -> PeerRequest | None:
    """The same question to a peer; None where it is not asked of peers."""
    document = DOCUMENTS[peer].get(operation.name)
    if document is None:
        return None
    variables = {name: plain(value) for name, value in asked.variables.items()}
    return PeerRequest(document, {"brand": str(asked.brand.id), **variables})


def plain(value: Any, name: str = "") -> Any:
    """A part of an answer without what only says who gave it: ids as keys, moments as moments.

    Lists are the same with and without `nodes` around them, money with and without an object of its
    own; counts by status come in any order.
    """
    if isinstance(value, dict):
        return _plain_object(value)
    if isinstance(value, list):
        items = [plain(item) for item in value]
        counts = name == "cartIntentCounts"
        return sorted(items, key=lambda item: str(item["status"])) if counts else items
    if value is None or not isinstance(value, str):
        return value
    if name in _MOMENTS:
        return datetime.fromisoformat(value)
    return "a cursor" if name in _CURSORS else _key(value)


def _plain_object(value: dict[str, Any]) -> Any:
    if list(value) == ["nodes"]:
        return plain(value["nodes"])
    if "priceAmountMinor" in value:
        amount, currency = value["priceAmountMinor"], value["priceCurrency"]
        price = None if amount is None else {"amountMinor": amount, "currency": currency}
        value = {**value, "price": price}
        del value["priceAmountMinor"], value["priceCurrency"]
    return {name: plain(part, name) for name, part in value.items()}


def _key(text: str) -> str:
    parsed = parse_global_id(text)
    found: UUID | None = None if parsed is None else parsed[1]
    return text if found is None else str(found)
