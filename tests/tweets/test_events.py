"""Events of tweets and products as the API shows them, both ways."""

from collections.abc import Sequence
from typing import Any

import orjson

from app.core.ids import NOBODY, global_id
from app.core.read_pool import ReadPool
from app.core.resources import Resources
from app.core.viewer import Scope, Viewer
from app.graphql.engine import GraphQLRequest, create_engine
from app.retailers.registry import open_retailers
from app.schema import schema
from app.tweets.resolver import Resolver
from tests.tweets.posts import NEW, Signposts, a_post, brand_of, detect, link, shelve, xid
from tests.walk import fetch

QUERY = """
{
  events(first: 10, types: [TWEET_DETECTED, TWEET_UNSHOPPABLE, PRODUCT_GONE]) {
    edges { node {
      type subjectId actor { kind }
      ... on ShoppableTweetEvent {
        shoppableTweet {
          id rootXid newestXid status previousStatus unshoppableReason
          primaryProduct { id }
          links { verdict product { retailerProductId title } }
        }
        currentShoppableTweet { status links(first: 3) { edges { node { verdict resolvedUrl } } } }
      }
      ... on ProductEvent {
        product {
          id retailer marketplace retailerProductId title kind status previousStatus availability
          price { amountMinor currency } offerAsOf
        }
        currentProduct { status }
      }
    } }
  }
}
"""


async def test_a_tweet_and_its_product_are_told_as_they_were(world_resources: Resources) -> None:
    post = a_post(xid(1), link(NEW))
    await shelve(world_resources, gone=True)
    await detect(world_resources, post)
    async with open_retailers(world_resources.database_url) as retailers:
        await Resolver(world_resources, retailers, Signposts()).resolve_once()
    brand_id = await brand_of(world_resources)
    viewer = Viewer(
        brand_id=brand_id,
        installation_id=NOBODY,
        app_id=NOBODY,
        token_id=NOBODY,
        scopes=frozenset(Scope),
        expires_at=None,
    )
    [(tweet_id,)] = await fetch(
        world_resources, "SELECT id FROM shoppable_tweet WHERE root_xid = $1", post.id
    )
    [(product_id,)] = await fetch(
        world_resources, "SELECT id FROM product WHERE retailer_product_id = $1", NEW
    )

    answer, second_way = await _ask_both_ways(world_resources.reads, viewer)

    assert answer == second_way
    told = [edge["node"] for edge in answer["data"]["events"]["edges"]]
    assert told == _expected(
        str(post.id), global_id("ShoppableTweet", tweet_id), global_id("Product", product_id)
    )


def _expected(post_id: str, tweet_id: str, product_id: str) -> list[dict[str, Any]]:
    """The tweet detected, its product gone, the tweet unshoppable; all that follows is now."""
    tweet = {
        "id": tweet_id,
        "rootXid": post_id,
        "newestXid": post_id,
        "status": "DETECTED",
        "previousStatus": None,
        "unshoppableReason": None,
        "primaryProduct": None,
        "links": [{"verdict": "PENDING", "product": None}],
    }
    after = {
        "status": "UNSHOPPABLE",
        "previousStatus": "DETECTED",
        "unshoppableReason": "PRODUCT_GONE",
        "links": [{"verdict": "PRODUCT", "product": {"retailerProductId": NEW, "title": NEW}}],
    }
    return [
        _of_tweet("TWEET_DETECTED", "UPSTREAM", tweet),
        {
            "type": "PRODUCT_GONE",
            "subjectId": product_id,
            "actor": {"kind": "UPSTREAM"},
            "product": {
                "id": product_id,
                "retailer": "sandbox",
                "marketplace": "US",
                "retailerProductId": NEW,
                "title": NEW,
                "kind": "UNKNOWN",
                "status": "GONE",
                "previousStatus": "UNRESOLVED",
                "availability": "UNKNOWN",
                "price": None,
                "offerAsOf": None,
            },
            "currentProduct": {"status": "GONE"},
        },
        _of_tweet("TWEET_UNSHOPPABLE", "SYSTEM", tweet | after),
    ]


def _of_tweet(kind: str, actor: str, tweet: dict[str, Any]) -> dict[str, Any]:
    link_now = {"node": {"verdict": "PRODUCT", "resolvedUrl": None}}
    return {
        "type": kind,
        "subjectId": tweet["id"],
        "actor": {"kind": actor},
        "shoppableTweet": tweet,
        "currentShoppableTweet": {"status": "UNSHOPPABLE", "links": {"edges": [link_now]}},
    }


async def _ask_both_ways(reads: ReadPool, viewer: Viewer) -> list[Any]:
    engine = create_engine(schema, b"a key of thirty-two bytes, no less")

    async def ask(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        return await reads.fetch(sql, *parameters)

    request = GraphQLRequest(QUERY, None, {})
    prepared = engine.documents.prepare(QUERY, None)
    return [
        orjson.loads(await engine.execute(request, viewer, ask)),
        orjson.loads(await engine.execute_reference(prepared, {}, viewer, ask)),
    ]
