"""Products as they become known: by their brand, by a link that was looked at, by their retailer.

Nothing here commits, and nothing asks a retailer: what one said is handed in. What it tells comes
before the brand's word, field by field.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.versions import VersionConflict, why_stale
from app.events.catalogue import EventType
from app.events.log import NewEvent, record
from app.events.states import ActorKind
from app.products import queries
from app.products.facts import (
    KEEP,
    Found,
    Gone,
    Listing,
    NewProduct,
    Option,
    ProductChanges,
    ProductKey,
    Reference,
    Unknown,
)
from app.products.links import canonical_url
from app.products.models import Product
from app.products.problems import (
    BadProduct,
    MarketplaceNotServed,
    ProductGone,
    ProductKnown,
    ProductNotFound,
    ToldByRetailer,
)
from app.products.rules import (
    AVAILABILITY,
    KIND,
    PRICE,
    TITLE,
    changed_fields,
    told_fields,
    why_not_add,
    why_not_change,
)
from app.products.states import MOVES, Availability, ProductKind, ProductStatus

SUBJECT_TYPE = "Product"

REFRESH_EVERY = timedelta(hours=6)
"""How often a retailer that tells of its products is asked again."""

STALE_AFTER = timedelta(hours=24)
"""How old what a retailer told may become. Amazon's associates may show a price no longer."""

RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
"""How long to wait after the first, second ... look-up that failed; then `REFRESH_EVERY`."""


class IllegalMove(Exception):
    """A product was to go where its table of moves does not lead: a defect, not a problem."""


async def add_product(
    session: WriteSession,
    *,
    brand_id: UUID,
    new: NewProduct,
    now: datetime,
    actor: ActorKind = ActorKind.APP,
) -> Product | BadProduct | MarketplaceNotServed | ProductKnown | ProductNotFound:
    """A product as its brand names it: UNRESOLVED until its retailer was asked, which is at once.

    `ProductNotFound` means its parent. Two that add the same product at once: one gets it.
    """
    if problem := why_not_add(new):
        return problem
    retailers = (await queries.retailers_of(session, [brand_id]))[brand_id]
    retailer = retailers.get(new.marketplace)
    if retailer is None:
        return MarketplaceNotServed(marketplace=new.marketplace)
    if new.parent_id is not None:
        parent = await queries.find_product(session, brand_id, new.parent_id)
        if parent is None or parent.marketplace != new.marketplace:
            return ProductNotFound(product_id=new.parent_id)
    reference = Reference(new.marketplace, new.retailer_product_id)
    values = _values(brand_id, retailer, reference, now) | _brands_word(new, now)
    product = await queries.insert_product(session, values)
    if product is None:
        known = await queries.find_listed(session, brand_id, retailer, reference)
        assert known is not None, "products are never deleted"
        return ProductKnown(product_id=known.id)
    _tell(session, product, EventType.PRODUCT_ADDED, now=now, actor=actor)
    return product


async def change_product(
    session: WriteSession,
    *,
    brand_id: UUID,
    product_id: UUID,
    changes: ProductChanges,
    now: datetime,
    actor: ActorKind = ActorKind.APP,
    expected_version: int | None = None,
) -> Product | BadProduct | ProductNotFound | ProductGone | VersionConflict | ToldByRetailer:
    """Set what the brand says of its product; what its retailer tells is not the brand's to set.

    A change that changes nothing is no event and no new version.
    """
    if problem := why_not_change(changes):
        return problem
    product = await queries.lock_product(session, brand_id, product_id)
    if product is None:
        return ProductNotFound(product_id=product_id)
    if product.status is ProductStatus.GONE:
        return ProductGone(product_id=product_id)
    if stale := why_stale(expected_version, product.version):
        return stale
    told = [name for name in changed_fields(changes) if name in product.retailer_tells]
    if told:
        return ToldByRetailer(fields=told)
    before = _offer(product)
    if not _set(product, _changed(changes)):
        return product
    product.version += 1
    product.tweets_judged = False
    event_type = EventType.PRODUCT_CHANGED
    if _offer(product) != before:
        product.offer_as_of = now
        event_type = EventType.PRODUCT_OFFER_CHANGED
    _tell(session, product, event_type, now=now, actor=actor)
    await session.flush()
    return product


async def take_listing(
    session: WriteSession,
    *,
    brand_id: UUID,
    retailer: str,
    reference: Reference,
    listing: Listing,
    now: datetime,
) -> Product | None:
    """Take over what the retailer says of a product; it is made where the brand had none.

    None where the retailer knows no such product and neither does the brand. The row is locked.
    """
    known = await queries.find_listed(session, brand_id, retailer, reference)
    if known is None:
        if isinstance(listing, Unknown):
            return None
        values = _values(brand_id, retailer, reference, now)
        known = await queries.insert_product(session, values)
    if known is None:  # somebody was quicker
        known = await queries.find_listed(session, brand_id, retailer, reference)
        assert known is not None, "products are never deleted"
    product = await queries.lock_product(session, brand_id, known.id)
    assert product is not None, "products are never deleted"
    _take(session, product, listing, now=now)
    await session.flush()
    return product


async def miss_listing(session: WriteSession, product: Product, *, now: datetime) -> None:
    """Note that the retailer of a locked *product* did not answer: it is asked again later."""
    tries = product.look_ups
    delay = RETRY_DELAYS[tries - 1] if 0 < tries <= len(RETRY_DELAYS) else REFRESH_EVERY
    product.next_look_up_at = now + delay
    old = product.offer_as_of is not None and now - product.offer_as_of > STALE_AFTER
    if product.status is ProductStatus.RESOLVED and old:
        _move(session, product, ProductStatus.STALE, now=now)
    await session.flush()


async def mark_gone(
    session: WriteSession, keys: Collection[ProductKey], *, now: datetime
) -> list[Product]:
    """The retailer says, by refusing to add them, that it lists these no more; those that changed.

    What is gone already, or not the brand's, is passed over.
    """
    if not keys:
        return []
    gone = [
        product
        for product in await queries.lock_products(session, keys)
        if product.status is not ProductStatus.GONE
    ]
    for product in gone:
        _take(session, product, Gone(), now=now)
    await session.flush()
    return gone


def snapshot(product: Product, *, previous: ProductStatus | None = None) -> dict[str, Any]:
    """What an event says of a product: what is true now, by the names of the schema."""
    price = None
    if product.price_amount_minor is not None:
        price = {"amountMinor": product.price_amount_minor, "currency": product.price_currency}
    as_of = product.offer_as_of
    return {
        "id": str(product.id),
        "retailer": product.retailer,
        "marketplace": product.marketplace,
        "retailerProductId": product.retailer_product_id,
        "title": product.title,
        "kind": product.kind.value,
        "status": product.status.value,
        "previousStatus": previous.value if previous else None,
        "availability": product.availability.value,
        "price": price,
        "offerAsOf": as_of.astimezone(UTC).isoformat().replace("+00:00", "Z") if as_of else None,
    }


def _values(brand_id: UUID, retailer: str, reference: Reference, now: datetime) -> dict[str, Any]:
    """A product of which nothing is known but its name; its retailer is asked at once."""
    return {
        "brand_id": brand_id,
        "id": uuid7(),
        "retailer": retailer,
        "marketplace": reference.marketplace,
        "retailer_product_id": reference.retailer_product_id,
        "title": reference.retailer_product_id,
        "canonical_url": canonical_url(reference.marketplace, reference.retailer_product_id),
        "kind": ProductKind.UNKNOWN,
        "status": ProductStatus.UNRESOLVED,
        "options": [],
        "availability": Availability.UNKNOWN,
        "next_look_up_at": now,
        "created_at": now,
    }


def _brands_word(new: NewProduct, now: datetime) -> dict[str, Any]:
    """What the brand says of a new product."""
    says = new.price is not None or new.availability is not Availability.UNKNOWN
    return {
        **({"title": new.title.strip()} if new.title is not None else {}),
        "description": new.description,
        "image_url": new.image_url,
        "kind": new.kind,
        "availability": new.availability,
        "price_amount_minor": new.price.amount_minor if new.price else None,
        "price_currency": new.price.currency if new.price else None,
        "offer_as_of": now if says else None,
        "options": _options(new.options),
        "parent_id": new.parent_id,
    }


def _changed(changes: ProductChanges) -> dict[str, Any]:
    """The columns that the brand would set."""
    plain = {
        "title": changes.title if changes.title is KEEP else changes.title.strip(),
        "description": changes.description,
        "image_url": changes.image_url,
        "kind": changes.kind,
        "availability": changes.availability,
        "options": changes.options if changes.options is KEEP else _options(changes.options),
    }
    columns: dict[str, Any] = {name: value for name, value in plain.items() if value is not KEEP}
    if changes.price is not KEEP:
        price = changes.price
        columns["price_amount_minor"] = price.amount_minor if price else None
        columns["price_currency"] = price.currency if price else None
    return columns


def _options(options: Sequence[Option]) -> list[dict[str, Any]]:
    return [{"name": option.name, "values": list(option.values)} for option in options]


def _set(product: Product, columns: dict[str, Any]) -> bool:
    """Set *columns*; whether any of them was different."""
    changed = {name: value for name, value in columns.items() if getattr(product, name) != value}
    for name, value in changed.items():
        setattr(product, name, value)
    return bool(changed)


def _take(session: WriteSession, product: Product, listing: Listing, *, now: datetime) -> None:
    """Make a locked product what its retailer says it is."""
    product.look_ups = 0
    product.next_look_up_at = None
    if product.status is ProductStatus.GONE:
        return
    if not isinstance(listing, Found):
        product.tweets_judged = False
        _move(session, product, ProductStatus.GONE, now=now)
        return
    told = told_fields(listing)
    before = _offer(product)
    changed = _set(product, _told(listing, told))
    product.retailer_tells = told
    if AVAILABILITY in told or PRICE in told:
        product.offer_as_of = now
    if told:
        product.next_look_up_at = now + REFRESH_EVERY
    if changed:
        product.tweets_judged = False
    if product.status is not ProductStatus.RESOLVED:
        product.tweets_judged = False
        _move(session, product, ProductStatus.RESOLVED, now=now)
    elif changed:
        offer = _offer(product) != before
        event_type = EventType.PRODUCT_OFFER_CHANGED if offer else EventType.PRODUCT_CHANGED
        _tell(session, product, event_type, now=now, actor=ActorKind.UPSTREAM)


def _told(found: Found, told: Sequence[str]) -> dict[str, Any]:
    """The columns that the retailer's word sets."""
    columns = {TITLE: found.title, KIND: found.kind, AVAILABILITY: found.availability}
    told_columns: dict[str, Any] = {name: columns[name] for name in columns if name in told}
    if PRICE in told:
        told_columns["price_amount_minor"] = found.amount_minor
        told_columns["price_currency"] = found.currency
    return told_columns


def _offer(product: Product) -> tuple[Availability, int | None, str | None]:
    return product.availability, product.price_amount_minor, product.price_currency


def _move(session: WriteSession, product: Product, status: ProductStatus, *, now: datetime) -> None:
    if status not in MOVES[product.status]:
        raise IllegalMove(f"Product {product.id} may not go from {product.status} to {status}.")
    previous, product.status = product.status, status
    event_type = EventType(f"product.{status.value.lower()}")
    _tell(session, product, event_type, now=now, actor=ActorKind.UPSTREAM, previous=previous)


def _tell(
    session: WriteSession,
    product: Product,
    event_type: EventType,
    *,
    now: datetime,
    actor: ActorKind,
    previous: ProductStatus | None = None,
) -> None:
    event = NewEvent(
        brand_id=product.brand_id,
        type=event_type,
        occurred_at=now,
        subject_type=SUBJECT_TYPE,
        subject_id=product.id,
        correlation_id=product.id,
        actor_kind=actor,
        data={"product": snapshot(product, previous=previous)},
    )
    record(session, event)
