"""Ten more operations: every entity, lists at every depth, filters, sums, many ids at once."""

from collections.abc import Callable, Sequence
from typing import Any

from app.core.ids import global_id
from benchmarks.asked import Asked, Operation
from benchmarks.databases import BrandData

LEVELS = """
query Levels($first: Int!) {
  advocates(first: $first, orderBy: { field: SCORE, direction: DESC }) {
    totalCount
    edges {
      cursor
      node {
        id score
        reviews(first: 3) {
          totalCount
          nodes {
            id rating
            product {
              id title
              cartIntents(first: 2) {
                nodes { id status updatedAt }
                pageInfo { hasNextPage }
              }
            }
          }
        }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""

TWEET = """
query Tweet($id: ID!) {
  shoppableTweet(id: $id) {
    id rootXid authoredByBrand text status unshoppableReason postedAt registeredAt
    primaryProduct { id title }
    links(first: 10) { nodes { id position url expandedUrl verdict product { id title } } }
    versions(first: 10) { nodes { id xid seenAt } }
    cartIntents(first: 20) { nodes { id status quantity shopper { id createdAt } } }
  }
}
"""

FIELDS = """
query Fields($first: Int!) {
  cartIntents(first: $first) {
    nodes {
      id engagementXid action marketplace retailer quantity status
      failure { reason retryable detail }
      handOff { url expiresAt }
      offer { amountMinor currency }
      repeatCount withdrawRequested removalDueAt waitsUntil
      timings { receivedAt matchedAt resolvedAt queuedAt answeredAt }
      updatedAt
      shopper { id createdAt redactedAt }
      tweet {
        id rootXid conversationXid authorXid authoredByBrand text status unshoppableReason campaign
        postedAt registeredAt
      }
      product {
        id retailer marketplace retailerProductId title description imageUrl canonicalUrl kind
        status availability offerAsOf createdAt
      }
    }
  }
}
"""

NODES = """
query Nodes($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    id
    ... on ShoppableTweet { rootXid text tweetStatus: status postedAt }
    ... on Product { retailerProductId title availability }
    ... on CartIntent { status quantity updatedAt }
    ... on Advocate { advocateStatus: status score enrolledAt }
  }
}
"""

FILTER = """
query Filter($first: Int!, $filter: CartIntentFilter!) {
  cartIntents(
    first: $first, filter: $filter, orderBy: { field: RECEIVED_AT, direction: ASC }
  ) {
    edges { cursor node { id status retailer timings { receivedAt } product { id title } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""

TOTALS = """
query Totals($filter: CartIntentFilter!) {
  cartIntentTotals(by: [STATUS, DAY], filter: $filter) {
    status day count quantity
    offered { amountMinor currency }
  }
}
"""

EVENTS = """
query Events($first: Int!) {
  events(first: $first) {
    edges {
      cursor
      node {
        __typename
        id seq type schemaVersion occurredAt subjectId
        actor { kind id }
        ... on CartIntentEvent {
          cartIntent {
            id status previousStatus
            tweet { id rootXid }
            product { id title }
            timings { receivedAt answeredAt }
          }
          currentCartIntent { id status }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

ENGAGEMENTS = """
query Engagements($first: Int!) {
  engagements(first: $first) {
    nodes {
      id xid kind triggerTag triggerMatch misuseReason contentState occurredAt receivedAt
      tweet { id campaign }
      shopper { id createdAt }
    }
  }
}
"""

REVIEWS = """
query Reviews($first: Int!) {
  advocateReviews(first: $first) {
    totalCount
    nodes {
      id host status rating title body language verifiedPurchase incentivized insider submittedAt
      publishedAt
      product { id title }
      advocate { id score shopper { id } }
    }
  }
}
"""

ACCOUNT = """
query Account {
  viewer {
    scopes expiresAt
    installation {
      id status grantedBy createdAt
      app { id clientId name kind }
      tokens(first: 5) { nodes { id kind label createdAt revokedAt } }
    }
  }
  brand {
    id slug name xUserId xHandle status acceptQuotes autoRegister resolveDepth createdAt
    marketplaces(first: 10) { nodes { id marketplace retailer affiliateTag } }
    triggers(first: 10) { nodes { id tag marketplace action } }
  }
}
"""

NODES_OF_A_KIND = 25
TWEETS_ASKED = 4
"""Of each brand, in turn."""

FROM, UNTIL = "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"


def further_operations(brands: Sequence[BrandData]) -> list[Operation]:
    """They are not asked of peers: what counts is the best form by hand."""

    def asked(variables: Callable[[BrandData], dict[str, Any]]) -> tuple[Asked, ...]:
        return tuple(Asked(brand, variables(brand)) for brand in brands)

    tweets = tuple(
        Asked(brand, {"id": global_id("ShoppableTweet", tweet_id)})
        for brand in brands
        for tweet_id in brand.tweet_ids[:TWEETS_ASKED]
    )
    month = {"receivedAt": {"gte": FROM, "lt": UNTIL}}
    status = {"in": ["PURCHASED", "FAILED"]}
    priced = {"or": [{"retailer": {"isNull": False}}, {"not": {"marketplace": {"eq": "US"}}}]}
    return [
        Operation(
            "levels",
            "lists in lists in lists, with counts and an order",
            LEVELS,
            asked(lambda _: {"first": 10}),
        ),
        Operation("tweet", "one tweet with all that belongs to it", TWEET, tweets),
        Operation("fields", "50 intents with 51 fields", FIELDS, asked(lambda _: {"first": 50})),
        Operation(
            "nodes", "100 ids of four types", NODES, asked(lambda brand: {"ids": _ids(brand)})
        ),
        Operation(
            "filter",
            "100 intents by status, time, and one of two more",
            FILTER,
            asked(lambda _: {"first": 100, "filter": {**month, "status": status, **priced}}),
        ),
        Operation(
            "totals",
            "a month of intents by status and day",
            TOTALS,
            asked(lambda _: {"filter": month}),
        ),
        Operation("events", "100 events of the log", EVENTS, asked(lambda _: {"first": 100})),
        Operation(
            "engagements",
            "200 engagements with tweet and shopper",
            ENGAGEMENTS,
            asked(lambda _: {"first": 200}),
        ),
        Operation(
            "reviews", "50 reviews and how many there are", REVIEWS, asked(lambda _: {"first": 50})
        ),
        Operation("account", "who asks, and the brand", ACCOUNT, asked(lambda _: {})),
    ]


def _ids(brand: BrandData) -> list[str]:
    """Of four types, mixed."""
    kinds = {
        "ShoppableTweet": brand.tweet_ids,
        "Product": brand.product_ids,
        "CartIntent": brand.intent_ids,
        "Advocate": brand.advocate_ids,
    }
    return [
        global_id(name, keys[place])
        for place in range(NODES_OF_A_KIND)
        for name, keys in kinds.items()
    ]
