"""Who answers what in a world: its posts that sell one product, and its people."""

from collections.abc import Mapping
from datetime import datetime

from app.cli.failures import CommandFailed
from app.cli.replies import Author, Post
from app.cli.seed_rows import RETAILER, root_xid
from app.cli.world import BrandEntry, ProductEntry, ShopperEntry, TweetEntry, World
from app.products.links import ProductLink, target_of
from app.products.states import Availability, ProductKind
from app.tweets.states import TweetStatus

NO_ANCHORS: Mapping[str, datetime] = {}


def authors_of(world: World) -> list[Author]:
    """The people of a world who did not opt out."""
    return [author_of(shopper) for shopper in world.shoppers if not shopper.opted_out]


def author_of(shopper: ShopperEntry) -> Author:
    """A shopper as X shows her."""
    return Author(shopper.x_user_id, shopper.x_handle or f"user_{shopper.x_user_id % 10_000}")


def posts_of(world: World, anchors: Mapping[str, datetime] = NO_ANCHORS) -> list[Post]:
    """The brands' own live tweets that sell exactly one product, with a hashtag for each.

    Args:
        world: What was loaded.
        anchors: By brand, when it was first loaded; without one, tweets told in days are left out.

    Raises:
        CommandFailed: there is none, so there is nothing to answer.
    """
    brands = {brand.slug: brand for brand in world.brands}
    posts = [
        post
        for tweet in world.tweets
        if (post := _post(brands[tweet.brand], tweet, anchors.get(tweet.brand))) is not None
    ]
    if not posts:
        raise CommandFailed(
            "The world has no live tweet that has an id and sells one product: nothing to answer."
        )
    return posts


def _post(brand: BrandEntry, tweet: TweetEntry, anchor: datetime | None) -> Post | None:
    product = _product_of(tweet)
    by_brand = tweet.author_x_user_id in (None, brand.x_user_id)
    if product is None or not by_brand or tweet.status is not TweetStatus.LIVE:
        return None
    marketplace, asin = product
    tags = [trigger.tag for trigger in brand.triggers if trigger.marketplace == marketplace]
    xid = tweet.id if anchor is None else root_xid(tweet, anchor)
    if not tags or xid is None:
        return None
    return Post(
        xid=xid,
        conversation_xid=tweet.conversation_id or xid,
        brand_xid=brand.x_user_id,
        brand_slug=brand.slug,
        brand_handle=brand.x_handle,
        marketplace=marketplace,
        asin=asin,
        tag=tags[0],
    )


def _product_of(tweet: TweetEntry) -> tuple[str, str] | None:
    """The one product that a reply to the tweet asks for; None where it is not clear."""
    if tweet.primary_product is not None:
        return tweet.primary_product.marketplace, tweet.primary_product.asin
    targets = {
        target_of(link.url, expanded_url=link.expanded_url, unwound_url=link.unwound_url)
        for link in tweet.urls
    }
    products = [target for target in targets if isinstance(target, ProductLink)]
    if len(products) != 1:
        return None
    return products[0].marketplace, products[0].retailer_product_id


def addable(post: Post, world: World) -> bool:
    """Whether the sandbox adds the post's product as it is, with nothing to choose."""
    return any(_is_of(post, product) and _is_plain(product) for product in world.products)


def _is_of(post: Post, product: ProductEntry) -> bool:
    return (post.brand_slug, post.marketplace, post.asin) == (
        product.brand,
        product.marketplace,
        product.asin,
    )


def _is_plain(product: ProductEntry) -> bool:
    in_stock = product.availability in {Availability.IN_STOCK, Availability.LIMITED}
    refused = product.sandbox.on_add.refuse is not None or product.gone
    by_us = product.retailer == RETAILER
    return by_us and product.kind is ProductKind.PHYSICAL and in_stock and not refused
