"""Finding, locking and making products.

Products are locked in the order of their ids, everywhere: two batches cannot wait for each other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.brands.models import BrandMarketplace
from app.core.bulk import run
from app.core.database import WriteSession
from app.products.facts import ProductKey, Reference
from app.products.models import Product

_CLAIM_DUE = """
UPDATE product SET next_look_up_at = $2, look_ups = look_ups + 1
FROM (
    SELECT brand_id, id FROM product
    WHERE next_look_up_at <= $1
    ORDER BY next_look_up_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
) AS due
WHERE product.brand_id = due.brand_id AND product.id = due.id
RETURNING product.brand_id, product.id, product.retailer, product.marketplace,
    product.retailer_product_id, product.look_ups
"""

Listed = tuple[UUID, str, Reference]
"""A brand's id, a retailer and what that calls a product."""


@dataclass(frozen=True, slots=True)
class DueProduct:
    """A product whose retailer is to be asked now. `look_ups` fences the answer."""

    brand_id: UUID
    id: UUID
    retailer: str
    reference: Reference
    look_ups: int


async def lock_product(session: WriteSession, brand_id: UUID, product_id: UUID) -> Product | None:
    """The product, held until the transaction ends; None where the brand has none."""
    found = await lock_products(session, [(brand_id, product_id)])
    return found[0] if found else None


async def lock_products(session: WriteSession, keys: Collection[ProductKey]) -> list[Product]:
    """Those of the products that exist, held, in the order of their ids."""
    statement = (
        select(Product)
        .where(tuple_(Product.brand_id, Product.id).in_(list(keys)))
        .order_by(Product.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await session.scalars(statement)).all()) if keys else []


async def find_product(session: WriteSession, brand_id: UUID, product_id: UUID) -> Product | None:
    """The product, unlocked; None where the brand has none."""
    return await session.get(Product, (brand_id, product_id), populate_existing=True)


async def find_listed(
    session: WriteSession, brand_id: UUID, retailer: str, reference: Reference
) -> Product | None:
    """The brand's product by what its retailer calls it, unlocked."""
    statement = select(Product).where(
        Product.brand_id == brand_id,
        Product.retailer == retailer,
        Product.marketplace == reference.marketplace,
        Product.retailer_product_id == reference.retailer_product_id,
    )
    return (await session.scalars(statement)).one_or_none()


async def lock_listed(session: WriteSession, listed: Collection[Listed]) -> list[Product]:
    """Those of the products that the brands have, held, in the order of their ids."""
    named = tuple_(
        Product.brand_id, Product.retailer, Product.marketplace, Product.retailer_product_id
    )
    asked = [
        (brand_id, retailer, reference.marketplace, reference.retailer_product_id)
        for brand_id, retailer, reference in listed
    ]
    statement = (
        select(Product)
        .where(named.in_(asked))
        .order_by(Product.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await session.scalars(statement)).all()) if asked else []


async def insert_product(session: WriteSession, values: Mapping[str, Any]) -> Product | None:
    """A new product; None where the brand has it by now, whoever was quicker."""
    statement = (
        insert(Product)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=[
                Product.brand_id,
                Product.retailer,
                Product.marketplace,
                Product.retailer_product_id,
            ]
        )
        .returning(Product)
    )
    return (await session.scalars(statement)).one_or_none()


async def retailers_of(
    session: WriteSession, brand_ids: Collection[UUID]
) -> dict[UUID, dict[str, str]]:
    """For each brand the adapter of each of its marketplaces."""
    statement = select(BrandMarketplace).where(BrandMarketplace.brand_id.in_(brand_ids))
    found: dict[UUID, dict[str, str]] = {brand_id: {} for brand_id in brand_ids}
    for place in await session.scalars(statement):
        found[place.brand_id][place.marketplace] = place.retailer
    return found


async def claim_due(
    session: WriteSession, *, now: datetime, lease_until: datetime, limit: int
) -> list[DueProduct]:
    """Products whose retailer is to be asked, longest due first, held until *lease_until*."""
    rows = await run(session, _CLAIM_DUE, now, lease_until, limit)
    return [
        DueProduct(brand_id, product_id, retailer, Reference(*reference), look_ups)
        for brand_id, product_id, retailer, *reference, look_ups in rows
    ]


async def unjudged(session: WriteSession, *, limit: int) -> list[ProductKey]:
    """Products that changed since the tweets that link them were judged, oldest first; unlocked."""
    statement = (
        select(Product.brand_id, Product.id)
        .where(~Product.tweets_judged)
        .order_by(Product.id)
        .limit(limit)
    )
    rows = await session.execute(statement)
    return [(brand_id, product_id) for brand_id, product_id in rows]
