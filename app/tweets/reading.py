"""From the links of a post to what is known of them without a look outside.

What takes one (a short link, a product that the brand does not have) is left PENDING for the
resolver, due at once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from app.core.database import WriteSession
from app.core.ids import uuid7
from app.products.links import ForeignLink, ProductLink, ShortLink, Target, read
from app.products.models import Product
from app.products.queries import retailers_of
from app.products.states import ProductStatus
from app.tweets import queries
from app.tweets.models import ShoppableTweet, TweetLink
from app.tweets.rules import LINKS_MAX, target_of_link, verdict_of
from app.tweets.states import LinkVerdict
from app.x.payloads import Url

Found = Mapping[tuple[UUID, str, str, str], UUID]
"""Products' ids by brand, retailer, marketplace and the retailer's id."""


async def write_links(
    session: WriteSession, tweet: ShoppableTweet, links: Sequence[Url], *, now: datetime
) -> None:
    """Make *links* the tweet's own, in their order, in place of those it had."""
    await queries.delete_links(session, tweet)
    read_links = links[:LINKS_MAX]
    targets = await _targets(session, read_links, now=now)
    marketplaces = (await retailers_of(session, [tweet.brand_id]))[tweet.brand_id]
    products = await _products(session, tweet.brand_id, marketplaces, targets)
    for position, (link, target) in enumerate(zip(read_links, targets, strict=True)):
        made = TweetLink(
            brand_id=tweet.brand_id,
            id=uuid7(),
            tweet_id=tweet.id,
            position=position,
            url=link.url,
            expanded_url=link.expanded_url,
            unwound_url=link.unwound_url,
        )
        settle_link(made, target, marketplaces, products)
        made.next_look_at = now if made.verdict is LinkVerdict.PENDING else None
        session.add(made)
    await session.flush()


def settle_link(
    link: TweetLink,
    target: Target,
    marketplaces: Mapping[str, str],
    products: Mapping[ProductLink, UUID],
) -> None:
    """Say what the link leads to, as far as *products*, the brand's by link, tell it.

    *marketplaces* are the brand's, each with its retailer.
    """
    found = target if isinstance(target, ProductLink) else None
    link.marketplace = found.marketplace if found else None
    link.retailer_product_id = found.retailer_product_id if found else None
    link.product_id = products.get(found) if found else None
    link.verdict = verdict_of(target, marketplaces, link.product_id)


async def _targets(session: WriteSession, links: Sequence[Url], *, now: datetime) -> list[Target]:
    """Where the links lead; a short link that was followed lately counts as its end."""
    targets = [target_of_link(link) for link in links]
    short = {target.url for target in targets if isinstance(target, ShortLink)}
    ends = await queries.remembered_links(session, short, now=now)
    return [
        end_of(ends[target.url]) if isinstance(target, ShortLink) and target.url in ends else target
        for target in targets
    ]


def end_of(url: str | None) -> Target:
    """What a short link stands for that leads to *url*, or nowhere."""
    target: Target = ForeignLink() if url is None else read(url)
    return ForeignLink() if isinstance(target, ShortLink) else target


async def _products(
    session: WriteSession,
    brand_id: UUID,
    retailers: Mapping[str, str],
    targets: Collection[Target],
) -> dict[ProductLink, UUID]:
    """The brand's products that these links lead to; not those whose retailer was not asked yet."""
    asked = {
        (retailers[target.marketplace], target.marketplace, target.retailer_product_id)
        for target in targets
        if isinstance(target, ProductLink) and target.marketplace in retailers
    }
    if not asked:
        return {}
    named = tuple_(Product.retailer, Product.marketplace, Product.retailer_product_id)
    statement = select(Product).where(
        Product.brand_id == brand_id,
        Product.status != ProductStatus.UNRESOLVED,
        named.in_(asked),
    )
    return {
        ProductLink(product.marketplace, product.retailer_product_id): product.id
        for product in await session.scalars(statement)
    }
