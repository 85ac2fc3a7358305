"""What a tagged reply to each tweet of a world ends in, as far as the world's own file tells.

It is told from the file alone, for people who want to see every outcome; the product decides by
its own rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.carts.states import CartIntentStatus, FailureReason
from app.cli.cast import NO_ANCHORS
from app.cli.replies import Post
from app.cli.seed_rows import root_xid
from app.cli.world import BrandEntry, ProductEntry, ProductKey, TriggerEntry, TweetEntry, World
from app.products.links import NotAProduct, ProductLink, ShortLink, Target, target_of
from app.products.states import Availability, ProductKind
from app.tweets.states import TweetStatus

AMAZON = "amazon"
GONE_FROM_X = frozenset({TweetStatus.DELETED, TweetStatus.WITHHELD})


@dataclass(frozen=True)
class Answerable:
    """A tweet with a hashtag of its brand, and the outcome of replies by who needs nothing more.

    `product` is set where the one product goes to a cart; then the outcome is that of a shopper
    who linked her account or consented.
    """

    post: Post
    outcome: str
    product: ProductEntry | None = None

    @property
    def is_plain(self) -> bool:
        """Whether any shopper with a linked account gets it."""
        return self.outcome == CartIntentStatus.ADDED


def answerable(world: World, anchors: Mapping[str, datetime] = NO_ANCHORS) -> list[Answerable]:
    """Every registered tweet with every hashtag of its brand, in the order of the file.

    Args:
        world: What was loaded.
        anchors: By brand, when it was first loaded; without one, tweets told in days are left out.
    """
    brands = {brand.slug: brand for brand in world.brands}
    products = {
        (product.brand, product.marketplace, product.asin): product for product in world.products
    }
    return [
        found
        for tweet in world.tweets
        for found in _of_tweet(brands[tweet.brand], tweet, products, anchors.get(tweet.brand))
    ]


Products = Mapping[tuple[str, str, str], ProductEntry]


def _of_tweet(
    brand: BrandEntry, tweet: TweetEntry, products: Products, anchor: datetime | None
) -> Iterator[Answerable]:
    xid = tweet.id if anchor is None else root_xid(tweet, anchor)
    if xid is None or tweet.status is TweetStatus.DETECTED:
        return
    for trigger in brand.triggers:
        found = _ending(brand, tweet, trigger, products)
        if found is None:
            continue
        product = found if isinstance(found, ProductEntry) else None
        post = Post(
            xid=xid,
            conversation_xid=tweet.conversation_id or xid,
            brand_xid=brand.x_user_id,
            brand_slug=brand.slug,
            brand_handle=brand.x_handle,
            marketplace=trigger.marketplace,
            asin=product.asin if product else "",
            tag=trigger.tag,
        )
        outcome = _of_product(brand, found) if isinstance(found, ProductEntry) else found
        yield Answerable(post, outcome, product)


def _of_product(brand: BrandEntry, product: ProductEntry) -> str:
    if brand.retailers.get(product.marketplace) == AMAZON:
        return CartIntentStatus.HANDED_OFF
    refusal = product.sandbox.on_add.refuse
    return refusal.value if refusal else CartIntentStatus.ADDED


def _ending(
    brand: BrandEntry, tweet: TweetEntry, trigger: TriggerEntry, products: Products
) -> ProductEntry | str | None:
    """The one product, or what the reply ends in without one; None where that is not clear."""
    if tweet.status in GONE_FROM_X:
        return FailureReason.TWEET_UNAVAILABLE
    if tweet.status is TweetStatus.PAUSED:
        return FailureReason.BRAND_PAUSED
    if tweet.primary_product is not None:
        product = products[brand.slug, *_key(tweet.primary_product)]
        return _why_not(product, trigger) or _one(product)
    targets = [
        target_of(link.url, expanded_url=link.expanded_url, unwound_url=link.unwound_url)
        for link in tweet.urls
    ]
    if any(isinstance(target, ShortLink) for target in targets):
        return None
    return _of_links(brand, trigger, targets, products)


def _of_links(
    brand: BrandEntry, trigger: TriggerEntry, targets: Sequence[Target], products: Products
) -> ProductEntry | str:
    judged = [_of_link(brand, trigger, target, products) for target in targets]
    usable = list({id(each): each for each in judged if isinstance(each, ProductEntry)}.values())
    if len(usable) > 1:
        return CartIntentStatus.AWAITING_CHOICE
    if usable:
        return _one(usable[0])
    return judged[0] if judged else FailureReason.NO_PRODUCT_LINK


def _of_link(
    brand: BrandEntry, trigger: TriggerEntry, target: Target, products: Products
) -> ProductEntry | str:
    if isinstance(target, NotAProduct):
        return FailureReason.NOT_A_PRODUCT
    if not isinstance(target, ProductLink):
        return FailureReason.NO_PRODUCT_LINK
    if target.marketplace not in brand.marketplaces:
        return FailureReason.MARKETPLACE_MISMATCH
    product = products.get((brand.slug, target.marketplace, target.retailer_product_id))
    if product is None:
        return FailureReason.NOT_A_PRODUCT
    return _why_not(product, trigger) or product


def _one(product: ProductEntry) -> ProductEntry | str:
    variations = product.kind is ProductKind.VARIATION_PARENT
    return CartIntentStatus.AWAITING_CHOICE if variations else product


def _why_not(product: ProductEntry, trigger: TriggerEntry) -> FailureReason | None:
    reasons = (
        (product.gone, FailureReason.PRODUCT_GONE),
        (product.availability is Availability.OUT_OF_STOCK, FailureReason.OUT_OF_STOCK),
        (product.kind is ProductKind.DIGITAL, FailureReason.UNSUPPORTED_KIND_DIGITAL),
        (product.kind is ProductKind.COLLECTION_PARENT, FailureReason.COLLECTION_PARENT),
        (product.marketplace != trigger.marketplace, FailureReason.MARKETPLACE_MISMATCH),
    )
    return next((reason for applies, reason in reasons if applies), None)


def _key(product: ProductKey) -> tuple[str, str]:
    return product.marketplace, product.asin
