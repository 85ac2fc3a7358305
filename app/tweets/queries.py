"""Finding shoppable tweets by any id of their edit chains, many at a time."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from app.core.bulk import run
from app.core.database import WriteSession
from app.products.facts import ProductFacts, ProductName
from app.products.states import Availability, ProductKind, ProductStatus
from app.tweets.facts import LinkFacts, TweetFacts, TweetName
from app.tweets.states import LinkVerdict, TweetStatus

_PRODUCT = (
    "product.id, product.retailer, product.marketplace, product.retailer_product_id, "
    "product.title, product.kind, product.status, product.availability"
)

_TWEETS = f"""
SELECT version.xid, tweet.brand_id, tweet.id, tweet.root_xid, tweet.status, tweet.registered_at,
    {_PRODUCT}
FROM tweet_version AS version
JOIN shoppable_tweet AS tweet
    ON tweet.brand_id = version.brand_id AND tweet.id = version.tweet_id
LEFT JOIN product
    ON product.brand_id = tweet.brand_id AND product.id = tweet.primary_product_id
WHERE version.xid = ANY($1::bigint[])
"""

_LINKS = f"""
SELECT link.brand_id, link.tweet_id, link.verdict, {_PRODUCT}
FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, id)
JOIN tweet_link AS link ON link.brand_id = asked.brand_id AND link.tweet_id = asked.id
LEFT JOIN product ON product.brand_id = link.brand_id AND product.id = link.product_id
ORDER BY link.brand_id, link.tweet_id, link.position
"""

TweetKey = tuple[UUID, UUID]


async def tweets_by_version(
    session: WriteSession, xids: Collection[int]
) -> dict[int, list[TweetFacts]]:
    """The registered tweets that these X ids name, by X id; unlocked, in no order.

    Two brands may have registered the same post, so an id may name several.
    """
    rows = await run(session, _TWEETS, list(xids))
    links = await _links(session, {(brand_id, tweet_id) for _, brand_id, tweet_id, *_ in rows})
    found: dict[int, list[TweetFacts]] = {}
    for xid, brand_id, tweet_id, root_xid, status, registered_at, *primary in rows:
        tweet = TweetFacts(
            name=TweetName(tweet_id, root_xid),
            brand_id=brand_id,
            status=TweetStatus(status),
            registered_at=registered_at,
            primary=_product(primary),
            links=tuple(links.get((brand_id, tweet_id), ())),
        )
        found.setdefault(xid, []).append(tweet)
    return found


async def _links(
    session: WriteSession, tweets: Collection[TweetKey]
) -> dict[TweetKey, list[LinkFacts]]:
    if not tweets:
        return {}
    brand_ids, tweet_ids = zip(*tweets, strict=True)
    found: dict[TweetKey, list[LinkFacts]] = {}
    for brand_id, tweet_id, verdict, *product in await run(
        session, _LINKS, list(brand_ids), list(tweet_ids)
    ):
        link = LinkFacts(LinkVerdict(verdict), _product(product))
        found.setdefault((brand_id, tweet_id), []).append(link)
    return found


def _product(values: list[Any]) -> ProductFacts | None:
    """The product in the columns `_PRODUCT`; None where the join found none."""
    if values[0] is None:
        return None
    *name, kind, status, availability = values
    return ProductFacts(
        name=ProductName(*name),
        kind=ProductKind(kind),
        status=ProductStatus(status),
        availability=Availability(availability),
    )
