"""Posts of a brand of the corpus's world, what they link, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from app.core import clock
from app.core.http import Unreachable
from app.core.resources import Resources
from app.events.log import write_transaction
from app.retailers.models import SandboxProduct
from app.tweets import service
from app.tweets.facts import BrandPost, TweetFacts
from app.x.ids import first_id_at
from app.x.payloads import Post, Url
from tests.walk import fetch

ACME_X = 1510000000000000001
BOOT, SOCKS, SOLD_OUT = "B0ACMEBT01", "B0ACMESK02", "B0ACMEOS06"
NEW = "B0ACMENEW9"
"""A well-formed ASIN that the brand does not have."""


PAGE = "https://www.amazon.com/dp/{}?tag=acme-20"


@dataclass
class Signposts:
    """Where short links lead, by their paths; one that is not named cannot be reached."""

    ends: dict[str, str | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def follow(self, url: str, *, until: Callable[[str], bool]) -> str | None:
        """The end of the way, which is known beforehand."""
        self.asked.append(url)
        if url not in self.ends:
            raise Unreachable
        assert not until(url)
        return self.ends[url]


async def shelve(resources: Resources, asin: str = NEW, **changes: Any) -> None:
    """Put a product on the sandbox's shelf, or change it there."""
    usual: dict[str, Any] = {
        "marketplace": "US",
        "title": "Acme Gloves",
        "kind": "PHYSICAL",
        "availability": "IN_STOCK",
        "gone": False,
        "price_amount_minor": 2900,
        "price_currency": "USD",
    }
    async with resources.sessions() as session, session.begin():
        await session.merge(SandboxProduct(retailer_product_id=asin, **(usual | changes)))


def link(asin: str, domain: str = "www.amazon.com") -> Url:
    """A link to a product, as X gives it."""
    return Url(f"https://t.co/{asin}", f"https://{domain}/dp/{asin}", None)


def short_link(path: str = "4acmeBt") -> Url:
    """A short link that X did not unwind."""
    return Url(f"https://t.co/{path}", f"https://amzn.to/{path}", None)


def xid(number: int) -> int:
    """The id of a post of this moment; a greater number is a later post."""
    return first_id_at(clock.now()) + number


def a_post(post_id: int, *links: Url, **changes: Any) -> Post:
    """A post by the brand Acme itself."""
    usual: dict[str, Any] = {
        "author_id": ACME_X,
        "conversation_id": post_id,
        "edit_ids": (post_id,),
        "text": f"Look at this {post_id}",
        "urls": links,
    }
    return Post(id=post_id, **(usual | changes))


async def brand_of(resources: Resources, slug: str = "acme") -> UUID:
    """The id of a brand."""
    [(brand_id,)] = await fetch(resources, "SELECT id FROM brand WHERE slug = $1", slug)
    assert isinstance(brand_id, UUID)
    return brand_id


async def detect(resources: Resources, *posts: Post) -> list[TweetFacts]:
    """Hand posts of Acme's to detection, in one transaction."""
    brand_id = await brand_of(resources)
    async with write_transaction(resources.sessions) as session:
        return await service.detect_tweets(
            session, [BrandPost(brand_id, post) for post in posts], now=clock.now()
        )


async def tweet_row(resources: Resources, version: int) -> tuple[Any, ...] | None:
    """A tweet's root, status, reason, text and newest version, by any id of its chain."""
    rows = await fetch(
        resources,
        """
        SELECT root_xid, status, unshoppable_reason, text, newest_xid
        FROM tweet_version JOIN shoppable_tweet AS tweet
            ON tweet.brand_id = tweet_version.brand_id AND tweet.id = tweet_version.tweet_id
        WHERE tweet_version.xid = $1
        """,
        version,
    )
    return rows[0] if rows else None


async def link_rows(resources: Resources, version: int) -> list[tuple[Any, ...]]:
    """The verdict and product of each link of a tweet, in their order."""
    return await fetch(
        resources,
        """
        SELECT link.verdict, product.retailer_product_id, link.next_look_at IS NOT NULL
        FROM tweet_version JOIN tweet_link AS link
            ON link.brand_id = tweet_version.brand_id AND link.tweet_id = tweet_version.tweet_id
        LEFT JOIN product ON product.brand_id = link.brand_id AND product.id = link.product_id
        WHERE tweet_version.xid = $1 ORDER BY link.position
        """,
        version,
    )


async def tweet_events(resources: Resources) -> list[tuple[str, str, str | None]]:
    """Types of the tweets' events with the state after and before each, oldest first."""
    rows = await fetch(
        resources,
        "SELECT type, data FROM event WHERE subject_type = 'ShoppableTweet' ORDER BY seq",
    )
    told = [(kind, orjson.loads(data)["shoppableTweet"]) for kind, data in rows]
    return [(kind, data["status"], data["previousStatus"]) for kind, data in told]


async def product_events(resources: Resources) -> list[tuple[str, str]]:
    """Types of the products' events with the ASIN of each, oldest first."""
    rows = await fetch(
        resources, "SELECT type, data FROM event WHERE subject_type = 'Product' ORDER BY seq"
    )
    return [(kind, orjson.loads(data)["product"]["retailerProductId"]) for kind, data in rows]
