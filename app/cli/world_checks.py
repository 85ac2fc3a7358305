"""What a world must keep to beyond the form of its entries: references, uniqueness, agreement."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from app.brands.rules import NewBrand, NewTrigger, why_not_create
from app.cli.world import (
    BrandEntry,
    DaysAgo,
    ProductEntry,
    ProductKey,
    ReviewEntry,
    TweetEntry,
    World,
    XAccountEntry,
)
from app.reviews.states import ReviewHost, ReviewStatus
from app.x.ids import moment_of

ID_TIME_TOLERANCE = timedelta(seconds=1)
"""X may give `created_at` in whole seconds; an id holds milliseconds."""


def faults_of(world: World) -> Iterator[str]:
    """Each fault as `place: what is wrong`; none means that the world can be loaded."""
    yield from _repeats(world)
    yield from _brand_faults(world)
    yield from _product_faults(world)
    yield from _tweet_faults(world)
    yield from _people_faults(world)
    yield from _review_faults(world)


def _repeats(world: World) -> Iterator[str]:
    keys: dict[str, list[tuple[object, ...]]] = {
        "brands": [(brand.slug,) for brand in world.brands],
        "brands and bot": [(account.x_user_id,) for account in _accounts(world)],
        "products": [(item.brand, item.marketplace, item.asin) for item in world.products],
        "tweets": [(tweet.brand, tweet.id or tweet.name) for tweet in world.tweets],
        "tweet versions": [
            (tweet.brand, version) for tweet in world.tweets for version in tweet.versions
        ],
        "shoppers": [(shopper.x_user_id,) for shopper in world.shoppers],
        "advocates": [(advocate.brand, advocate.x_user_id) for advocate in world.advocates],
        "reviews": [(review.brand, review.name) for review in world.reviews],
    }
    for place, entries in keys.items():
        for key, count in Counter(entries).items():
            if count > 1:
                yield f"{place}: {' '.join(str(part) for part in key)} stands there {count} times"


def _accounts(world: World) -> list[XAccountEntry]:
    return [*world.brands, *([world.bot] if world.bot else [])]


def _brand_faults(world: World) -> Iterator[str]:
    for position, brand in enumerate(world.brands):
        for marketplace in brand.retailers.keys() - set(brand.marketplaces):
            yield f"brands[{position}].retailers: {marketplace} is no marketplace of the brand"
        if problem := why_not_create(new_brand(brand)):
            yield f"brands[{position}]: {problem.message.removesuffix('.')}"


def new_brand(brand: BrandEntry) -> NewBrand:
    """The entry as the brands' own rules see it."""
    return NewBrand(
        slug=brand.slug,
        name=brand.name,
        x_user_id=brand.x_user_id,
        x_handle=brand.x_handle,
        marketplaces=brand.marketplaces,
        triggers=[
            NewTrigger(trigger.tag, trigger.marketplace, trigger.action)
            for trigger in brand.triggers
        ],
    )


def _product_faults(world: World) -> Iterator[str]:
    brands = {brand.slug: brand for brand in world.brands}
    for position, product in enumerate(world.products):
        brand = brands.get(product.brand)
        if brand is None:
            yield f"products[{position}].brand: {_no_brand(product.brand)}"
        elif product.marketplace not in brand.marketplaces:
            yield f"products[{position}].marketplace: {brand.slug} does not sell there"
        if (product.price_minor is None) != (product.currency is None):
            yield f"products[{position}]: price_minor and currency go together"


def _no_brand(slug: str) -> str:
    return f"there is no brand {slug!r} in the file"


def _tweet_faults(world: World) -> Iterator[str]:
    brands = {brand.slug for brand in world.brands}
    products = _product_keys(world)
    for position, tweet in enumerate(world.tweets):
        place = f"tweets[{position}]"
        if tweet.brand not in brands:
            yield f"{place}.brand: {_no_brand(tweet.brand)}"
        if tweet.primary_product and _key(tweet.brand, tweet.primary_product) not in products:
            yield f"{place}.primary_product: the brand has no such product in the file"
        if reason := _why_no_identity(tweet):
            yield f"{place}: {reason}"


def _product_keys(world: World) -> set[tuple[str, str, str]]:
    return {_key(product.brand, product) for product in world.products}


def _key(brand: str, product: ProductKey | ProductEntry) -> tuple[str, str, str]:
    return brand, product.marketplace, product.asin


def _why_no_identity(tweet: TweetEntry) -> str | None:
    if isinstance(tweet.created_at, DaysAgo):
        if tweet.id is not None or tweet.versions or tweet.name is None:
            return "with created_at in days_ago it has a name, and neither id nor versions"
        return None
    if tweet.id is None or tweet.name is not None:
        return "it needs an id, or a name with created_at in days_ago"
    if tweet.versions and tweet.versions[0] != tweet.id:
        return "its id must be the first of its versions"
    if tweet.created_at and abs(moment_of(tweet.id) - tweet.created_at) >= ID_TIME_TOLERANCE:
        return "created_at does not agree with the time in its id"
    return None


def _people_faults(world: World) -> Iterator[str]:
    brands = {brand.slug for brand in world.brands}
    for position, shopper in enumerate(world.shoppers):
        for consent in shopper.consents:
            if consent.brand is not None and consent.brand not in brands:
                yield f"shoppers[{position}].consents: {_no_brand(consent.brand)}"
    present = {shopper.x_user_id for shopper in world.shoppers if not shopper.opted_out}
    for position, advocate in enumerate(world.advocates):
        if advocate.brand not in brands:
            yield f"advocates[{position}].brand: {_no_brand(advocate.brand)}"
        if advocate.x_user_id not in present:
            yield (
                f"advocates[{position}].x_user_id: there is no such shopper in the file, "
                "or she opted out"
            )


def _review_faults(world: World) -> Iterator[str]:
    products = _product_keys(world)
    advocates = {(advocate.brand, advocate.x_user_id) for advocate in world.advocates}
    for position, review in enumerate(world.reviews):
        place = f"reviews[{position}]"
        if _key(review.brand, review.product) not in products:
            yield f"{place}.product: brand {review.brand!r} has no such product in the file"
        if review.advocate is not None and (review.brand, review.advocate) not in advocates:
            yield f"{place}.advocate: there is no such advocate in the file"
        if reason := _why_not_review(review):
            yield f"{place}: {reason}"


def _why_not_review(review: ReviewEntry) -> str | None:
    disclosures = (review.verified_purchase, review.incentivized, review.insider)
    if review.status is ReviewStatus.PUBLISHED and None in disclosures:
        return "what is published says verified_purchase, incentivized and insider"
    own_words = (review.rating, review.title, review.body)
    if review.host is not ReviewHost.BRAND_SITE and own_words != (None, None, None):
        return "only a review on the brand's own site has rating, title or body"
    if review.host is not ReviewHost.BRAND_SITE and review.url is None:
        return "a review that stands elsewhere needs its url"
    return None
