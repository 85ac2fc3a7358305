"""The operations that reads are measured by: a small, a typical and a large answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.ids import global_id
from benchmarks.databases import BrandData

Q1 = """
query Tweet($id: ID!) {
  shoppableTweet(id: $id) {
    id rootXid conversationXid authorXid text status campaign postedAt
    primaryProduct { id retailerProductId title availability price { amountMinor currency } }
  }
}
"""

Q2 = """
query Feed($first: Int!) {
  shoppableTweets(first: $first) {
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
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""

Q3 = """
query Intents($first: Int!) {
  cartIntents(first: $first) {
    nodes {
      id engagementXid action marketplace retailer quantity status updatedAt
      tweet { id text }
      product { retailerProductId title }
    }
  }
}
"""


@dataclass(frozen=True)
class Asked:
    """One request: whose token it carries, and its variables."""

    brand: BrandData
    variables: dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """An operation, and the requests that take turns in a measurement."""

    name: str
    about: str
    document: str
    requests: tuple[Asked, ...]


def operations(brands: Sequence[BrandData]) -> list[Operation]:
    """The operations over the filled database."""
    tweets = [
        Asked(brand, {"id": global_id("ShoppableTweet", tweet_id)})
        for brand in brands
        for tweet_id in brand.tweet_ids
    ]
    feeds = tuple(Asked(brand, {"first": 20}) for brand in brands)
    intents = tuple(Asked(brand, {"first": 500}) for brand in brands)
    return [
        Operation("Q1", "one tweet with its product", Q1, tuple(tweets)),
        Operation("Q2", "20 tweets, their products and 3 reviews of each", Q2, feeds),
        Operation("Q3", "500 intents with tweet and product", Q3, intents),
    ]
