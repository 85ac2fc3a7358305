"""The rows that a world's entries become. Nothing here reads or writes the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias
from uuid import UUID

from app.brands.rules import fold_tag
from app.brands.states import BrandStatus
from app.cli.upsert import Row
from app.cli.world import (
    BrandEntry,
    DaysAgo,
    ProductEntry,
    ProductKey,
    ReviewEntry,
    TweetEntry,
    UrlEntry,
    moment_at,
)
from app.products.links import NotAProduct, ProductLink, Target, target_of
from app.products.states import ProductStatus
from app.tweets.states import LinkVerdict
from app.x.ids import first_id_at, moment_of

RETAILER = "sandbox"
LOW_BITS = 22
UNIX_START = datetime.fromisoformat("1970-01-01T00:00:00Z")

ProductIds: TypeAlias = Mapping[tuple[UUID, str, str], UUID]
"""Products' ids by brand, marketplace and the retailer's id."""


@dataclass(frozen=True)
class KnownBrand:
    """A brand that is in the database. `anchor` is when it was first loaded."""

    id: UUID
    anchor: datetime
    entry: BrandEntry


def brand_row(brand: BrandEntry, moment: datetime) -> Row:
    """A brand that takes part at once."""
    return {
        "slug": brand.slug,
        "name": brand.name,
        "x_user_id": brand.x_user_id,
        "x_handle": brand.x_handle,
        "status": BrandStatus.ACTIVE,
        "accept_quotes": brand.accept_quotes,
        "auto_register": brand.auto_register,
        "resolve_depth": brand.resolve_depth,
        "created_at": moment,
    }


def trigger_rows(brand: KnownBrand) -> Iterator[Row]:
    """The brand's hashtags."""
    for trigger in brand.entry.triggers:
        yield {
            "brand_id": brand.id,
            "folded_tag": fold_tag(trigger.tag),
            "tag": trigger.tag,
            "marketplace": trigger.marketplace,
            "action": trigger.action,
        }


def product_row(brand: KnownBrand, product: ProductEntry, moment: datetime) -> Row:
    """A product as the brand lists it; its offer is known since *moment*."""
    return {
        "brand_id": brand.id,
        "retailer": product.retailer,
        "marketplace": product.marketplace,
        "retailer_product_id": product.asin,
        "title": product.title,
        "description": product.description,
        "image_url": product.image_url,
        "canonical_url": product.canonical_url,
        "kind": product.kind,
        "status": ProductStatus.GONE if product.gone else ProductStatus.RESOLVED,
        "options": [option.model_dump() for option in product.options],
        "price_amount_minor": product.price_minor,
        "price_currency": product.currency,
        "availability": product.availability,
        "offer_as_of": moment,
        "created_at": brand.anchor,
    }


def shelf_row(product: ProductEntry) -> Row:
    """The same product on the sandbox's shelf."""
    refusal = product.sandbox.on_add.refuse
    return {
        "marketplace": product.marketplace,
        "retailer_product_id": product.asin,
        "title": product.title,
        "kind": product.kind.value,
        "availability": product.availability.value,
        "gone": product.gone,
        "price_amount_minor": product.price_minor,
        "price_currency": product.currency,
        "refusal": refusal.value if refusal else None,
    }


def root_xid(tweet: TweetEntry, anchor: datetime) -> int:
    """The tweet's identity on X; of one told in days, an id of that moment marked by its name."""
    if tweet.id is not None:
        return tweet.id
    assert isinstance(tweet.created_at, DaysAgo), "checked when the world was read"
    mark = int.from_bytes(sha256(f"{tweet.brand}:{tweet.name}".encode()).digest()[:4])
    return first_id_at(moment_at(tweet.created_at, anchor)) | mark % (1 << LOW_BITS)


def tweet_row(brand: KnownBrand, tweet: TweetEntry, products: ProductIds) -> Row:
    """A registered tweet; of other people's posts no text is kept."""
    xid = root_xid(tweet, brand.anchor)
    author = tweet.author_x_user_id or brand.entry.x_user_id
    by_brand = author == brand.entry.x_user_id
    primary = tweet.primary_product
    return {
        "brand_id": brand.id,
        "root_xid": xid,
        "conversation_xid": tweet.conversation_id or xid,
        "author_xid": author,
        "authored_by_brand": by_brand,
        "text": tweet.text if by_brand else None,
        "status": tweet.status,
        "primary_product_id": _product_id(brand, primary, products) if primary else None,
        "campaign": tweet.campaign,
        "posted_at": moment_of(xid),
        "registered_at": moment_of(xid),
    }


def _product_id(brand: KnownBrand, product: ProductKey, products: ProductIds) -> UUID:
    return products[brand.id, product.marketplace, product.asin]


def link_row(
    brand: KnownBrand, tweet_id: UUID, position: int, link: UrlEntry, products: ProductIds
) -> Row:
    """A link of a tweet, and what its text says that it leads to."""
    target = target_of(link.url, expanded_url=link.expanded_url, unwound_url=link.unwound_url)
    found = target if isinstance(target, ProductLink) else None
    product_id = (
        products.get((brand.id, found.marketplace, found.retailer_product_id)) if found else None
    )
    return {
        "brand_id": brand.id,
        "tweet_id": tweet_id,
        "position": position,
        "url": link.url,
        "expanded_url": link.expanded_url,
        "unwound_url": link.unwound_url,
        "verdict": _verdict(brand, target, product_id),
        "marketplace": found.marketplace if found else None,
        "retailer_product_id": found.retailer_product_id if found else None,
        "product_id": product_id,
    }


def _verdict(brand: KnownBrand, target: Target, product_id: UUID | None) -> LinkVerdict:
    if product_id is not None:
        return LinkVerdict.PRODUCT
    if isinstance(target, ProductLink) and target.marketplace not in brand.entry.marketplaces:
        return LinkVerdict.MARKETPLACE_MISMATCH
    if isinstance(target, ProductLink | NotAProduct):
        return LinkVerdict.NOT_A_PRODUCT
    return LinkVerdict.NO_PRODUCT_LINK


def review_row(
    brand: KnownBrand, review: ReviewEntry, advocate_id: UUID | None, products: ProductIds
) -> Row:
    """A review, under an id that follows from its name."""
    published = review.published_at
    return {
        "brand_id": brand.id,
        "id": named_id(brand, f"review:{review.name}"),
        "product_id": _product_id(brand, review.product, products),
        "advocate_id": advocate_id,
        **_fields(review, "host", "status", "url", "rating", "title", "body", "language"),
        **_fields(review, "verified_purchase", "incentivized", "insider", "disclosure_text"),
        "rejection_reason": review.rejection_reason,
        "submitted_at": moment_at(review.submitted_at, brand.anchor),
        "published_at": moment_at(published, brand.anchor) if published else None,
    }


def _fields(entry: ReviewEntry, *names: str) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in names}


def named_id(brand: KnownBrand, name: str) -> UUID:
    """An id that is the same at every loading: a UUIDv7 of the brand's anchor and of *name*."""
    milliseconds = int((brand.anchor - UNIX_START).total_seconds() * 1000)
    mark = int.from_bytes(sha256(f"{brand.id}:{name}".encode()).digest()[:10])
    high, low = mark >> 68, mark % (1 << 62)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
