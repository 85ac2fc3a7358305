"""The operations that reads are measured by: a small, a typical and a large answer."""

from collections.abc import Sequence

from app.core.ids import global_id
from benchmarks.asked import Asked, Operation
from benchmarks.databases import BrandData
from benchmarks.further_operations import further_operations

TWEETS_ASKED = 8
"""Of each brand, in turn."""

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
        cartIntentCounts { status count }
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


def operations(brands: Sequence[BrandData]) -> list[Operation]:
    """The operations over the filled database, the three main ones first."""
    tweets = tuple(
        Asked(brand, {"id": global_id("ShoppableTweet", tweet_id)})
        for brand in brands
        for tweet_id in brand.tweet_ids[:TWEETS_ASKED]
    )
    feeds = tuple(Asked(brand, {"first": 20}) for brand in brands)
    intents = tuple(Asked(brand, {"first": 500}) for brand in brands)
    about = "20 tweets with product, its 3 newest reviews, and intents by status"
    return [
        Operation("Q1", "one tweet with its product", Q1, tweets, main=True),
        Operation("Q2", about, Q2, feeds, main=True),
        Operation("Q3", "500 intents with tweet and product", Q3, intents, main=True),
        *further_operations(brands),
    ]
